/** A select under a message: a button that opens a list. Works with the keyboard too. */

import { el, icon } from "../dom.js";

/** @param {Object} component with `options` filled @param {Object} message @param {import("./view.js").View} view */
export function select(component, message, view) {
  return new Select(component, message, view).root;
}

class Select {
  constructor(component, message, view) {
    this.component = component;
    this.options = component.options ?? [];
    this.many = (component.max_values ?? 1) > 1;
    this.submit = (values) => view.session.click(message, component.custom_id, values);
    this.chosen = new Set(this.options.filter((option) => option.default).map((option) => option.value));
    this.active = 0;
    const waiting = view.session.pending.get(message.id) !== undefined;
    this.button = el("button", {
      type: "button", className: "select-button", role: "combobox", "aria-haspopup": "listbox",
      "aria-expanded": "false", "aria-label": component.placeholder ?? "Make a selection",
      disabled: Boolean(component.disabled) || waiting, "data-custom-id": component.custom_id,
      onclick: () => (this.list.hidden ? this.open() : this.close()),
      onkeydown: (event) => this.onKey(event),
    }, el("span", { className: "select-value" }, this.label()), icon("down"));
    this.list = el("ul", {
      className: "select-list", role: "listbox", hidden: true, "aria-multiselectable": String(this.many),
    }, this.options.map((option, index) => this.item(option, index)));
    this.root = el("div", {
      className: "select", onfocusout: (event) => !this.root.contains(event.relatedTarget) && this.close(),
    }, this.button, this.list);
  }

  label() {
    const names = this.options.filter((option) => this.chosen.has(option.value)).map((option) => option.label);
    return names.join(", ") || this.component.placeholder || "Make a selection";
  }

  item(option, index) {
    return el("li", {
      role: "option", "aria-selected": String(this.chosen.has(option.value)),
      onmousedown: (event) => event.preventDefault(), onclick: () => this.choose(index),
    },
    el("div", {}, el("div", {}, option.label),
      option.description && el("small", {}, option.description)),
    icon("check"));
  }

  open() {
    this.list.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.before = [...this.chosen].join("\n");
    this.highlight(Math.max(0, this.options.findIndex((option) => this.chosen.has(option.value))));
  }

  /** Closes the list. If several options can be chosen, submits a changed choice. */
  close() {
    if (this.list.hidden) return;
    this.list.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    this.root.dispatchEvent(new Event("settled", { bubbles: true }));
    const enough = this.chosen.size >= (this.component.min_values ?? 1);
    if (this.many && enough && [...this.chosen].join("\n") !== this.before) this.submit([...this.chosen]);
  }

  highlight(index) {
    this.active = (index + this.options.length) % this.options.length;
    [...this.list.children].forEach((item, at) => item.classList.toggle("active", at === this.active));
    this.list.children[this.active]?.scrollIntoView({ block: "nearest" });
  }

  choose(index) {
    const { value } = this.options[index];
    if (!this.many) {
      this.chosen = new Set([value]);
      this.close();
      this.submit([value]);
    } else if (!this.chosen.delete(value) && this.chosen.size < this.component.max_values) {
      this.chosen.add(value);
    }
    this.button.firstChild.textContent = this.label();
    [...this.list.children].forEach((item, at) =>
      item.setAttribute("aria-selected", String(this.chosen.has(this.options[at].value))));
  }

  onKey(event) {
    if (this.list.hidden) {
      if (event.key !== "ArrowDown") return;
      this.open();
    } else if (event.key === "ArrowDown") this.highlight(this.active + 1);
    else if (event.key === "ArrowUp") this.highlight(this.active - 1);
    else if (event.key === "Enter" || event.key === " ") this.choose(this.active);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
