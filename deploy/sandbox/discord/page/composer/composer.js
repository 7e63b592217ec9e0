/** The message box: plain text, or a command being typed. */

import { el, icon } from "../dom.js";
import { avatar } from "../render/avatar.js";
import { BEGINNING, findCommand, flatten, isCommand, matchingCommands, OptionType } from "./command.js";
import { CommandForm, isPaste } from "./form.js";
import { History } from "./history.js";
import { Picker } from "./picker.js";

const MAX_LENGTH = 2000;

export class Composer {
  /**
   * @param {import("../session.js").Session} session
   * @param {{id: string, name: string, type: number}} channel
   * @param {function()} onSend called whenever something is sent
   */
  constructor(session, channel, onSend) {
    this.onSend = onSend;
    this.session = session;
    this.channel = channel;
    this.picker = new Picker();
    this.history = new History(session.me.id);
    /** @type {CommandForm|null} */
    this.form = null;
    this.error = el("div", { className: "composer-error", role: "alert", hidden: true });
    this.text = el("textarea", {
      rows: 1, maxLength: MAX_LENGTH, role: "combobox", autocomplete: "off",
      placeholder: `Message ${channel.type >= 10 ? "" : "#"}${channel.name}`, "aria-label": `Message ${channel.name}`,
      "aria-autocomplete": "list", "aria-expanded": "false",
      oninput: (event) => this.onInput(event), onkeydown: (event) => this.onKey(event),
      onfocus: () => this.offerCommands(),
    });
    this.box = el("div", { className: "composer-box" }, this.text, el("button", {
      type: "button", className: "icon-button send", "aria-label": "Send", onclick: () => this.submit(),
    }, icon("send")));
    this.root = el("div", { className: "composer", onfocusout: (event) => this.onFocusOut(event) },
      this.picker.root, this.error, this.box);
  }

  get commands() {
    return flatten(this.session.store.commands);
  }

  focus() {
    if (this.form) this.form.focus();
    else this.text.focus();
  }

  onFocusOut(event) {
    if (!this.root.contains(event.relatedTarget)) this.picker.hide();
  }

  /** Puts a line into the box as if it had been typed. */
  setLine(line) {
    this.leaveForm();
    this.text.value = line;
    this.onInput();
    this.focus();
  }

  /** @param {InputEvent} [event] none for a line that is put here, which counts as typed */
  onInput(event) {
    this.showError(null);
    const found = findCommand(this.text.value, this.commands);
    if (found) return this.enterForm(found.command, found.rest, { pasted: isPaste(event) });
    this.resize();
    return this.offerCommands();
  }

  resize() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }

  /** Offers commands while only a slash and a name are typed. */
  offerCommands() {
    const typed = BEGINNING.exec(this.text.value);
    if (!typed) return this.picker.hide();
    const found = matchingCommands(this.commands, typed[1]);
    return this.picker.show(this.text, {
      heading: found.length ? [typed[1] ? `Commands matching /${typed[1]}` : "Commands"] : ["No command matches"],
      items: found.map((command) => this.commandItem(command)),
      active: found.length ? 0 : -1,
      onPick: ({ value }) => this.enterForm(value, ""),
    });
  }

  commandItem(command) {
    const app = this.session.store.users.get(command.applicationId) ?? { bot: true, username: "App" };
    return {
      title: `/${command.name}`,
      hint: command.options.map(({ name, required }) => (required ? name : `${name}?`)).join("  "),
      detail: command.description,
      source: app.global_name ?? app.username,
      mark: avatar({ ...app, bot: true }, "avatar small"),
      value: command,
    };
  }

  enterForm(command, rest, { pasted = false } = {}) {
    this.picker.hide();
    this.form = new CommandForm(command, { rest, pasted }, {
      picker: this.picker,
      known: (option) => this.known(option),
      autocomplete: (name, options, focused) =>
        this.session.api.autocomplete(this.channel.id, name, options, focused),
      onRun: (run) => this.run(run),
      onLeave: (text) => this.setLine(text),
      onError: (error) => this.showError(error),
      onHistory: (step) => this.recall(step),
    });
    this.text.hidden = true;
    this.text.value = "";
    this.text.after(this.form.root);
    this.form.focus();
  }

  leaveForm() {
    this.form?.suggest.cancel();
    this.form?.root.remove();
    this.form = null;
    this.text.hidden = false;
    this.picker.hide();
    this.showError(null);
  }

  /** Returns the people, channels or roles that an option takes. */
  known({ type }) {
    const { store, people } = this.session;
    const users = people.map(({ id, name }) => ({ name, value: id }));
    const channels = store.topChannels().map(({ id, name }) => ({ name, value: id }));
    const roles = [...store.roles].map(([id, name]) => ({ name, value: id }));
    return {
      [OptionType.USER]: users, [OptionType.CHANNEL]: channels, [OptionType.ROLE]: roles,
      [OptionType.MENTIONABLE]: [...users, ...roles],
    }[type] ?? [];
  }

  onKey(event) {
    if (event.isComposing) return;
    const { picker } = this;
    const handler = {
      Enter: () => !event.shiftKey && this.onEnter(),
      Tab: () => Boolean(picker.chosen) && picker.onPick(picker.chosen),
      Escape: () => picker.open && picker.hide(),
      ArrowDown: () => this.onArrow(1),
      ArrowUp: () => this.onArrow(-1),
    }[event.key];
    if (!handler || handler() === false) return;
    event.preventDefault();
    event.stopPropagation();
  }

  onArrow(step) {
    if (this.picker.items.length) return this.picker.move(step);
    const { value, selectionStart } = this.text;
    const atEdge = step < 0 ? selectionStart === 0 || !value.includes("\n") : selectionStart === value.length;
    return atEdge && this.recall(-step);
  }

  /** Picks the highlighted command. One without options that is already typed in full runs at once. */
  onEnter() {
    const { chosen } = this.picker;
    if (chosen && (this.text.value !== chosen.title || chosen.value.options.length)) return this.picker.onPick(chosen);
    return this.submit();
  }

  /** @param {number} step 1 for the previous line, -1 for the next */
  recall(step) {
    const line = this.history.recall(step, this.form ? this.form.line() : this.text.value);
    if (line === null) return false;
    this.setLine(line);
    this.picker.hide();
    return true;
  }

  submit() {
    if (this.form) return this.form.submit();
    const content = this.text.value.trim();
    if (!content) return undefined;
    if (isCommand(content)) return this.run({ line: content });
    return this.send(content, () => this.session.say(this.channel.id, content));
  }

  /** @param {{line: string, name?: string, options?: Object}} run with values, or only as a line */
  run({ line, name, options }) {
    const label = name ?? line.slice(1).split(/\s/)[0];
    const command = name ? { name, options } : { text: line };
    return this.send(line, () => this.session.run(this.channel.id, label, command));
  }

  /** Clears the box and runs the action. If that fails, shows the reason and puts the line back. */
  async send(line, action) {
    this.history.add(line);
    this.setLine("");
    this.onSend();
    try {
      await action();
    } catch (error) {
      if (!this.form && !this.text.value) this.setLine(line);
      this.picker.hide();
      this.showError(error.message);
    }
  }

  /** @param {string|null} error */
  showError(error) {
    this.error.hidden = error === null;
    this.error.textContent = error ?? "";
  }
}
