/** One option of a command being typed: its name and a field for its value. */

import { el } from "../dom.js";
import { coerce, describeKind, OptionType } from "./command.js";

export class Pill {
  /**
   * @param {Object} option as Discord registers it
   * @param {Array<{name: string, value: *}>} known people, channels or roles, if it takes one
   */
  constructor(option, known) {
    this.option = option;
    this.known = known;
    /** The picked suggestion; it counts while the text is still its name. */
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
    this.resize();
  }

  get text() {
    return this.input.value;
  }

  set text(text) {
    this.input.value = text;
    this.resize();
  }

  /** Uses a suggestion as the value. */
  pick(choice) {
    this.picked = choice;
    this.text = choice.name;
    this.setError(null);
  }

  resize() {
    this.input.size = Math.max(2, this.text.length);
  }

  /** @returns {{value: *}|{error: string}|{}} empty if an optional value is missing */
  read() {
    if (this.picked?.name === this.text) return { value: this.picked.value };
    if (!this.text.trim() && !this.option.required) return {};
    return coerce(this.option, this.text, this.known);
  }

  /** Checks the value and marks it if it is invalid. @returns {boolean} whether it is valid */
  check() {
    this.setError(this.read().error ?? null);
    return this.error === null;
  }

  setError(error) {
    this.error = error;
    this.root.classList.toggle("wrong", error !== null);
    this.input.setAttribute("aria-invalid", String(error !== null));
  }

  /** Returns the option's description and the values it takes. */
  heading() {
    const kind = describeKind(this.option);
    return [
      el("strong", {}, this.option.name), " ", this.option.description,
      kind && el("span", { className: "picker-kind" }, kind),
      this.option.required && el("span", { className: "picker-kind" }, "required"),
    ];
  }
}

const isNumber = ({ type }) => type === OptionType.INTEGER || type === OptionType.NUMBER;
