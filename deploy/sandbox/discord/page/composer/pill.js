/** One option of a command while it is typed: its name and a field for its value. */

import { el } from "../dom.js";
import { coerce, kindInWords, OptionType } from "./command.js";

export class Pill {
  /**
   * @param {Object} option as Discord registers it
   * @param {Array<{name: string, value: *}>} known people or channels, where it takes one
   */
  constructor(option, known) {
    this.option = option;
    this.known = known;
    /** The suggestion that was picked, while the text is still its name. */
    this.picked = null;
    this.error = null;
    this.input = el("input", {
      type: "text", className: "pill-input", role: "combobox", autocomplete: "off", spellcheck: false,
      "aria-label": `${option.name}: ${option.description}`, "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-required": String(Boolean(option.required)), inputMode: isNumber(option) ? "decimal" : "text",
      "data-option": option.name,
    });
    this.root = el("span", { className: "pill", onclick: () => this.input.focus() },
      el("span", { className: "pill-name" }, option.name), this.input);
    this.fit();
  }

  get text() {
    return this.input.value;
  }

  set text(text) {
    this.input.value = text;
    this.fit();
  }

  /** Takes a suggestion. */
  pick(choice) {
    this.picked = choice;
    this.text = choice.name;
    this.setError(null);
  }

  fit() {
    this.input.size = Math.max(2, this.text.length);
  }

  /** @returns {{value: *}|{error: string}|{}} nothing where an optional one is left empty */
  read() {
    if (this.picked?.name === this.text) return { value: this.picked.value };
    if (!this.text.trim() && !this.option.required) return {};
    return coerce(this.option, this.text, this.known);
  }

  /** Checks and marks it; @returns {boolean} whether it is right */
  check() {
    this.setError(this.read().error ?? null);
    return this.error === null;
  }

  setError(error) {
    this.error = error;
    this.root.classList.toggle("wrong", error !== null);
    this.input.setAttribute("aria-invalid", String(error !== null));
  }

  /** Its description and what it takes. */
  heading() {
    const kind = kindInWords(this.option);
    return [
      el("strong", {}, this.option.name), " ", this.option.description,
      kind && el("span", { className: "picker-kind" }, kind),
      this.option.required && el("span", { className: "picker-kind" }, "required"),
    ];
  }
}

const isNumber = ({ type }) => type === OptionType.INTEGER || type === OptionType.NUMBER;
