/** The list above the message box: commands, options, choices. The focus stays in the box. */

import { el, fill, refill } from "../dom.js";

let made = 0;

/** @typedef {{title: string, detail?: string, hint?: string, mark?: Node, value: *}} Item */

export class Picker {
  constructor() {
    made += 1;
    this.items = [];
    this.active = -1;
    this.heading = el("div", { className: "picker-heading" });
    this.list = el("ul", { role: "listbox", id: `picker-${made}`, "aria-label": "Suggestions" });
    this.root = el("div", { className: "picker", hidden: true, onmousedown: (event) => event.preventDefault() },
      this.heading, this.list);
  }

  get open() {
    return !this.root.hidden;
  }

  get chosen() {
    return this.open ? this.items[this.active] : undefined;
  }

  /**
   * @param {HTMLElement} input keeps the focus; its ARIA attributes name the active item
   * @param {{heading: (string|Node)[], items: Item[], empty?: string, active?: number, onPick: function(Item)}} content
   */
  show(input, { heading, items, empty, active = -1, onPick }) {
    this.detach();
    Object.assign(this, { input, items, onPick });
    refill(this.heading, heading);
    this.list.replaceChildren(...items.map((item, index) => this.row(item, index)));
    if (!items.length && empty) fill(this.list, el("li", { className: "picker-empty" }, empty));
    this.root.hidden = false;
    input.setAttribute("aria-controls", this.list.id);
    input.setAttribute("aria-expanded", "true");
    this.highlight(active);
  }

  row(item, index) {
    return el("li", {
      role: "option", id: `${this.list.id}-${index}`, className: "picker-item",
      onclick: () => this.onPick(item), onmousemove: () => this.active !== index && this.highlight(index),
    },
    item.mark,
    el("div", { className: "picker-text" },
      el("div", { className: "picker-title" }, item.title, item.hint && el("span", { className: "picker-hint" }, item.hint)),
      item.detail && el("div", { className: "picker-detail" }, item.detail)),
    item.source && el("span", { className: "picker-source" }, item.source));
  }

  highlight(index) {
    this.active = index;
    [...this.list.children].forEach((row, at) => {
      row.classList.toggle("active", at === index);
      row.setAttribute("aria-selected", String(at === index));
    });
    const row = index >= 0 ? this.list.children[index] : null;
    row?.scrollIntoView({ block: "nearest" });
    if (row) this.input.setAttribute("aria-activedescendant", row.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  /** @param {1|-1} step */
  move(step) {
    const count = this.items.length;
    if (!count) return;
    const from = this.active < 0 && step < 0 ? 0 : this.active;
    this.highlight((from + step + count) % count);
  }

  detach() {
    this.input?.setAttribute("aria-expanded", "false");
    this.input?.removeAttribute("aria-activedescendant");
  }

  hide() {
    this.detach();
    this.root.hidden = true;
    this.items = [];
    this.active = -1;
  }
}
