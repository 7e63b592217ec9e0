/** A command being typed: its name, a pill for each option, and a field for more options. */

import { el } from "../dom.js";
import { OptionType, quote, splitOptions } from "./command.js";
import { Pill } from "./pill.js";
import { Autocomplete, filterChoices, fixedChoices } from "./suggestions.js";

export class CommandForm {
  /**
   * @param {import("./command.js").Command} command
   * @param {{rest: string, pasted: boolean}} typed the text after its name
   * @param {{picker: import("./picker.js").Picker, known: function(Object): Object[],
   *   autocomplete: function(string, Object, string): Promise, onRun: function(Object), onLeave: function(string),
   *   onError: function(string|null), onHistory: function(number)}} composer
   */
  constructor(command, { rest, pasted }, composer) {
    this.command = command;
    this.composer = composer;
    this.picker = composer.picker;
    /** @type {Pill[]} */
    this.pills = [];
    /** @type {Pill|null} the pill that got the last typed text; typing continues there */
    this.lastTyped = null;
    this.suggest = new Autocomplete(({ options, focused }) => composer.autocomplete(command.name, options, focused));
    this.tail = el("input", {
      type: "text", className: "tail", role: "combobox", autocomplete: "off", spellcheck: false,
      "aria-label": `Options of /${command.name}`, "aria-expanded": "false", "aria-autocomplete": "list",
      oninput: (event) => this.onInput(null, event), onfocus: () => this.offerOptions(), onkeydown: (event) => this.onKey(event, null),
    });
    this.more = el("button", { type: "button", className: "more", tabIndex: -1, onclick: () => this.tail.focus() });
    this.root = el("div", { className: "form", role: "group", "aria-label": `/${command.name} ${command.description}`,
      onclick: (event) => event.target === this.root && this.tail.focus() },
    el("span", { className: "form-name" }, `/${command.name}`), this.tail, this.more);
    for (const option of command.options.filter(({ required }) => required)) this.add(option);
    if (pasted || !this.extractOptions(rest, null)) this.tail.value = rest;
    if (this.tail.value.trim() && this.pills.some(({ option, text }) => option === this.firstStringOption() && !text)) {
      this.fillFirstString(this.tail.value.trim());
    }
  }

  /** Focuses the first empty required option, otherwise where typing stopped. */
  focus() {
    const empty = this.pills.find((pill) => pill.option.required && !pill.text);
    this.lastTyped = empty ?? this.lastTyped;
    if (this.lastTyped) this.focusTyped();
    else this.tail.focus();
  }

  unused() {
    return this.command.options.filter((option) => !this.pills.some((pill) => pill.option === option));
  }

  /** Adds an empty pill after the others. */
  add(option) {
    const pill = new Pill(option, this.composer.known(option));
    pill.input.addEventListener("input", (event) => this.onInput(pill, event));
    pill.input.addEventListener("focus", () => this.offerValues(pill));
    pill.input.addEventListener("blur", () => pill.text && pill.check());
    pill.input.addEventListener("keydown", (event) => this.onKey(event, pill));
    this.pills.push(pill);
    this.tail.before(pill.root);
    this.drawUnusedCount();
    return pill;
  }

  /** Removes the pill of an optional option. */
  remove(pill) {
    const at = this.pills.indexOf(pill);
    this.pills.splice(at, 1);
    pill.root.remove();
    this.drawUnusedCount();
    (this.pills[at - 1]?.input ?? this.tail).focus();
  }

  drawUnusedCount() {
    const left = this.unused().length;
    this.more.textContent = left ? `+${left} optional` : "";
  }

  /**
   * Turns the options named in a text into pills. The words before them stay where they were typed.
   * @param {Pill|null} pill the pill with the text, null for the field at the end
   * @returns {boolean} whether any option was named
   */
  extractOptions(text, pill) {
    const open = this.command.options.filter((option) =>
      !this.pills.some((other) => other.option === option && (other === pill || other.text)));
    const { words, values } = splitOptions(text, open.map(({ name }) => name));
    if (!values.length) return false;
    if (pill) pill.text = words.trim();
    else this.tail.value = words.trim();
    for (const [name, value] of values) {
      const option = open.find((candidate) => candidate.name === name);
      this.lastTyped = this.pills.find((other) => other.option === option) ?? this.add(option);
      this.lastTyped.text = value;
    }
    return true;
  }

  /** Names in pasted text do not become options: https://github.com/discord/discord-api-docs/issues/2585 */
  onInput(pill, event) {
    this.composer.onError(null);
    pill?.setError(null);
    if (!isPaste(event) && this.extractOptions(pill ? pill.text : this.tail.value, pill)) return this.focusTyped();
    pill?.resize();
    return pill ? this.offerValues(pill) : this.offerOptions();
  }

  focusTyped() {
    const { input } = this.lastTyped;
    this.lastTyped = null;
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }

  /** Offers the options that are not used yet. */
  offerOptions() {
    const typed = this.tail.value.trim().toLowerCase();
    const left = this.unused().filter(({ name }) => name.startsWith(typed));
    if (!left.length) return this.picker.hide();
    return this.picker.show(this.tail, {
      heading: [el("strong", {}, `/${this.command.name}`), " ", this.command.description],
      items: left.map((option) => ({ title: option.name, detail: option.description, value: option })),
      active: typed ? 0 : -1,
      onPick: ({ value }) => this.pickOption(value),
    });
  }

  pickOption(option) {
    this.tail.value = "";
    this.add(option).input.focus();
  }

  /** Offers the choices of an option or the bot's suggestions; shows what the option takes. */
  offerValues(pill) {
    const fixed = fixedChoices(pill);
    this.suggest.cancel();
    if (fixed) return this.showChoices(pill, filterChoices(fixed, pill.text));
    this.showChoices(pill, [], pill.option.autocomplete ? "Loading options…" : undefined);
    if (!pill.option.autocomplete) return undefined;
    return this.suggest.request({ options: this.values(), focused: pill.option.name }, (choices) =>
      this.showChoices(pill, choices ?? [], choices ? "No options match your search" : "Loading options failed"));
  }

  showChoices(pill, choices, empty) {
    if (document.activeElement !== pill.input) return;
    const typed = pill.text.trim();
    const exact = choices.findIndex(({ name, value }) => name === typed || String(value) === typed);
    this.picker.show(pill.input, {
      heading: pill.heading(),
      items: choices.map((choice) => ({ title: choice.name, value: choice })),
      empty,
      active: exact >= 0 || !typed ? exact : 0,
      onPick: ({ value }) => this.pickValue(pill, value),
    });
  }

  pickValue(pill, choice) {
    pill.pick(choice);
    this.focusNext();
  }

  /** Moves to the next empty required option, otherwise to the field at the end. */
  focusNext() {
    const empty = this.pills.find((pill) => pill.option.required && !pill.text);
    (empty?.input ?? this.tail).focus();
  }

  /** Returns the values typed so far, including invalid ones, for the bot's suggestions. */
  values() {
    const given = this.pills.filter((pill) => pill.text.trim());
    return Object.fromEntries(given.map((pill) => [pill.option.name, pill.read().value ?? pill.text.trim()]));
  }

  /** Returns the command as a line that gives the same values when typed. */
  line() {
    const parts = this.pills.filter((pill) => pill.text.trim()).map((pill) => `${pill.option.name}:${quote(pill.text.trim())}`);
    return [`/${this.command.name}`, ...parts, this.tail.value.trim()].filter(Boolean).join(" ");
  }

  submit() {
    const words = this.tail.value.trim();
    if (words && !this.fillFirstString(words)) return;
    const wrong = this.pills.filter((pill) => !pill.check());
    if (wrong.length) {
      wrong[0].input.focus();
      this.picker.hide();
      this.composer.onError(wrong.map(({ option, error }) => `${option.name}: ${error}`).join(" "));
      return;
    }
    const options = {};
    for (const pill of this.pills) {
      const { value } = pill.read();
      if (value !== undefined) options[pill.option.name] = value;
    }
    this.composer.onRun({ name: this.command.name, options, line: this.line() });
  }

  /** Puts text without an option name into the first required option; without one Discord's client drops it. */
  fillFirstString(words) {
    const first = this.firstStringOption();
    if (!first) {
      this.tail.value = "";
      return true;
    }
    const pill = this.pills.find(({ option }) => option === first) ?? this.add(first);
    if (!pill || pill.text) {
      const names = this.command.options.map(({ name }) => name).join(", ");
      this.composer.onError(`"${words}" has no option name. /${this.command.name} takes ${names || "no options"}.`);
      return false;
    }
    pill.text = words;
    this.lastTyped = pill;
    this.tail.value = "";
    return true;
  }

  firstStringOption() {
    return this.command.options.find(({ type, required }) => required && type === OptionType.STRING);
  }

  onKey(event, pill) {
    const handler = {
      Enter: () => this.onEnter(pill),
      Tab: () => !event.shiftKey && this.onTab(pill),
      Escape: () => this.onEscape(),
      ArrowDown: () => this.onArrow(1),
      ArrowUp: () => this.onArrow(-1),
      ArrowLeft: () => atStart(event.target) && this.moveBetweenFields(event.target, -1),
      ArrowRight: () => atEnd(event.target) && this.moveBetweenFields(event.target, 1),
      Backspace: () => atStart(event.target) && this.onBackspace(pill),
    }[event.key];
    if (!handler || event.isComposing || handler() === false) return;
    event.preventDefault();
    event.stopPropagation();
  }

  onEnter(pill) {
    const { chosen } = this.picker;
    const already = pill && chosen && (chosen.title === pill.text.trim() || String(chosen.value.value) === pill.text.trim());
    if (chosen && !already) this.picker.onPick(chosen);
    else this.submit();
  }

  onTab(pill) {
    const item = this.picker.chosen ?? (pill && pill.text ? undefined : this.picker.items[0]);
    if (item) this.picker.onPick(item);
    else if (pill) this.focusNext();
    else return false;
    return true;
  }

  onEscape() {
    if (this.picker.open) this.picker.hide();
    else this.composer.onLeave("");
  }

  onArrow(step) {
    if (this.picker.items.length) this.picker.move(step);
    else this.composer.onHistory(-step);
  }

  moveBetweenFields(input, by) {
    const inputs = [...this.pills.map((pill) => pill.input), this.tail];
    const next = inputs[inputs.indexOf(input) + by];
    if (!next) return false;
    next.focus();
    const caret = by < 0 ? next.value.length : 0;
    next.setSelectionRange(caret, caret);
    return true;
  }

  onBackspace(pill) {
    if (pill?.text || (!pill && this.tail.value)) return false;
    if (pill && !pill.option.required) this.remove(pill);
    else if (pill ? this.pills[0] !== pill : this.pills.length) this.moveBetweenFields(pill?.input ?? this.tail, -1);
    else this.composer.onLeave(`/${this.command.name}`);
    return true;
  }
}

/** @param {InputEvent} [event] */
export const isPaste = (event) => event?.inputType === "insertFromPaste";
const caretAt = (input, at) => input.selectionStart === at && input.selectionEnd === at;
const atStart = (input) => caretAt(input, 0);
const atEnd = (input) => caretAt(input, input.value.length);
