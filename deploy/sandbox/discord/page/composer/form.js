/** A command while it is typed: its name, a pill for each option, and room for more. */

import { el } from "../dom.js";
import { OptionType, quote, splitOptions } from "./command.js";
import { Pill } from "./pill.js";
import { Autocomplete, fixedChoices, narrowed } from "./suggestions.js";

export class CommandForm {
  /**
   * @param {import("./command.js").Command} command
   * @param {string} rest what was typed behind its name
   * @param {{picker: import("./picker.js").Picker, known: function(Object): Object[],
   *   autocomplete: function(string, Object, string): Promise, onRun: function(Object), onLeave: function(string),
   *   onError: function(string|null), onHistory: function(number)}} composer
   */
  constructor(command, rest, composer) {
    this.command = command;
    this.composer = composer;
    this.picker = composer.picker;
    /** @type {Pill[]} */
    this.pills = [];
    /** @type {Pill|null} the pill that typed text went into last, where typing goes on */
    this.lastTyped = null;
    this.suggest = new Autocomplete(({ options, focused }) => composer.autocomplete(command.name, options, focused));
    this.tail = el("input", {
      type: "text", className: "tail", role: "combobox", autocomplete: "off", spellcheck: false,
      "aria-label": `Options of /${command.name}`, "aria-expanded": "false", "aria-autocomplete": "list",
      oninput: () => this.typed(null), onfocus: () => this.offerOptions(), onkeydown: (event) => this.key(event, null),
    });
    this.more = el("button", { type: "button", className: "more", tabIndex: -1, onclick: () => this.tail.focus() });
    this.root = el("div", { className: "form", role: "group", "aria-label": `/${command.name} ${command.description}`,
      onclick: (event) => event.target === this.root && this.tail.focus() },
    el("span", { className: "form-name" }, `/${command.name}`), this.tail, this.more);
    for (const option of command.options.filter(({ required }) => required)) this.add(option);
    if (!this.take(rest, null)) this.tail.value = rest;
    if (this.tail.value.trim() && this.pills.some(({ option, text }) => option === this.firstString() && !text)) {
      this.placeWords(this.tail.value.trim());
    }
  }

  /** Where typing goes on: the first empty required option, else behind the last one. */
  focus() {
    const empty = this.pills.find((pill) => pill.option.required && !pill.text);
    this.lastTyped = empty ?? this.lastTyped;
    if (this.lastTyped) this.focusTyped();
    else this.tail.focus();
  }

  unused() {
    return this.command.options.filter((option) => !this.pills.some((pill) => pill.option === option));
  }

  /** @returns {Pill} an empty one, behind the others */
  add(option) {
    const pill = new Pill(option, this.composer.known(option));
    pill.input.addEventListener("input", () => this.typed(pill));
    pill.input.addEventListener("focus", () => this.offerValues(pill));
    pill.input.addEventListener("blur", () => pill.text && pill.check());
    pill.input.addEventListener("keydown", (event) => this.key(event, pill));
    this.pills.push(pill);
    this.tail.before(pill.root);
    this.count();
    return pill;
  }

  /** Takes an optional one away. */
  remove(pill) {
    const at = this.pills.indexOf(pill);
    this.pills.splice(at, 1);
    pill.root.remove();
    this.count();
    (this.pills[at - 1]?.input ?? this.tail).focus();
  }

  count() {
    const left = this.unused().length;
    this.more.textContent = left ? `+${left} optional` : "";
  }

  /**
   * Makes pills of the options that a text names; the words before them stay where they were typed.
   * @param {Pill|null} pill null for the tail
   * @returns {boolean} whether any option was named
   */
  take(text, pill) {
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

  typed(pill) {
    this.composer.onError(null);
    pill?.setError(null);
    if (this.take(pill ? pill.text : this.tail.value, pill)) return this.focusTyped();
    pill?.fit();
    return pill ? this.offerValues(pill) : this.offerOptions();
  }

  focusTyped() {
    const { input } = this.lastTyped;
    this.lastTyped = null;
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }

  /** Behind the options: those that are left. */
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

  /** In an option: its choices, the bot's suggestions, or only what it takes. */
  offerValues(pill) {
    const fixed = fixedChoices(pill);
    this.suggest.cancel();
    if (fixed) return this.showChoices(pill, narrowed(fixed, pill.text));
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
    this.next();
  }

  /** On to the next required option that is empty, else behind the last pill. */
  next() {
    const empty = this.pills.find((pill) => pill.option.required && !pill.text);
    (empty?.input ?? this.tail).focus();
  }

  /** Options with a value, as far as they are typed: also wrong ones, for the bot's suggestions. */
  values() {
    const given = this.pills.filter((pill) => pill.text.trim());
    return Object.fromEntries(given.map((pill) => [pill.option.name, pill.read().value ?? pill.text.trim()]));
  }

  /** The command as one line, which gives the same when it is typed. */
  line() {
    const parts = this.pills.filter((pill) => pill.text.trim()).map((pill) => `${pill.option.name}:${quote(pill.text.trim())}`);
    return [`/${this.command.name}`, ...parts, this.tail.value.trim()].filter(Boolean).join(" ");
  }

  submit() {
    const words = this.tail.value.trim();
    if (words && !this.placeWords(words)) return;
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

  /** Words without a name fall into the first string option, whole. */
  placeWords(words) {
    const first = this.firstString();
    const pill = first && (this.pills.find(({ option }) => option === first) ?? this.add(first));
    if (!pill || pill.text) {
      const names = this.command.options.map(({ name }) => name).join(", ");
      this.composer.onError(`"${words}" belongs to no option. /${this.command.name} takes ${names || "none"}.`);
      return false;
    }
    pill.text = words;
    this.lastTyped = pill;
    this.tail.value = "";
    return true;
  }

  firstString() {
    return this.command.options.find(({ type }) => type === OptionType.STRING);
  }

  key(event, pill) {
    const handler = {
      Enter: () => this.enter(pill),
      Tab: () => !event.shiftKey && this.tab(pill),
      Escape: () => this.escape(),
      ArrowDown: () => this.arrow(1),
      ArrowUp: () => this.arrow(-1),
      ArrowLeft: () => atStart(event.target) && this.step(event.target, -1),
      ArrowRight: () => atEnd(event.target) && this.step(event.target, 1),
      Backspace: () => atStart(event.target) && this.back(pill),
    }[event.key];
    if (!handler || event.isComposing || handler() === false) return;
    event.preventDefault();
    event.stopPropagation();
  }

  enter(pill) {
    const { chosen } = this.picker;
    const already = pill && chosen && (chosen.title === pill.text.trim() || String(chosen.value.value) === pill.text.trim());
    if (chosen && !already) this.picker.onPick(chosen);
    else this.submit();
  }

  tab(pill) {
    const item = this.picker.chosen ?? (pill && pill.text ? undefined : this.picker.items[0]);
    if (item) this.picker.onPick(item);
    else if (pill) this.next();
    else return false;
    return true;
  }

  escape() {
    if (this.picker.open) this.picker.hide();
    else this.composer.onLeave("");
  }

  arrow(step) {
    if (this.picker.items.length) this.picker.move(step);
    else this.composer.onHistory(-step);
  }

  step(input, by) {
    const inputs = [...this.pills.map((pill) => pill.input), this.tail];
    const next = inputs[inputs.indexOf(input) + by];
    if (!next) return false;
    next.focus();
    const caret = by < 0 ? next.value.length : 0;
    next.setSelectionRange(caret, caret);
    return true;
  }

  back(pill) {
    if (pill?.text || (!pill && this.tail.value)) return false;
    if (pill && !pill.option.required) this.remove(pill);
    else if (pill ? this.pills[0] !== pill : this.pills.length) this.step(pill?.input ?? this.tail, -1);
    else this.composer.onLeave(`/${this.command.name}`);
    return true;
  }
}

const caretAt = (input, at) => input.selectionStart === at && input.selectionEnd === at;
const atStart = (input) => caretAt(input, 0);
const atEnd = (input) => caretAt(input, input.value.length);
