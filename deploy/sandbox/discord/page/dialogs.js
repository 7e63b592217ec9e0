/** Dialogs above the page: an enlarged picture, a modal from the bot. */

import { el, icon, link } from "./dom.js";
import { inline } from "./render/inline.js";

/** Discord's component types in modals. */
const Type = { SELECT: 3, TEXT_INPUT: 4, TEXT: 10, LABEL: 18 };
const PARAGRAPH = 2;

function show(dialog) {
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** @param {string} src an address from `safeUrl` */
export function openImage(src, alt) {
  const dialog = el("dialog", { className: "lightbox", "aria-label": alt },
    el("img", { src, alt, onclick: () => dialog.close() }),
    el("div", { className: "lightbox-line" }, link(src, icon("external"), "Open in a new tab"),
      el("button", { type: "button", className: "icon-button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))));
  return show(dialog);
}

/**
 * Opens a modal as the bot sent it.
 * @param {Object} modal with `custom_id`, `title`, `components` @param {import("./render/inline.js").Names} names
 * @param {function(Object<string, string|string[]>): Promise} submit rejects with the error to show
 */
export function openModal(modal, names, submit) {
  const failure = el("div", { className: "failure", role: "alert", hidden: true });
  const send = el("button", { type: "submit", className: "button primary" }, el("span", { className: "button-label" }, "Submit"));
  const form = el("form", { method: "dialog", onsubmit: (event) => onSubmit(event) },
    el("header", {}, el("h2", {}, modal.title),
      el("button", { type: "button", className: "icon-button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))),
    el("div", { className: "modal-body" }, inputs(modal.components).map((item) => field(item, names)), failure),
    el("footer", {}, el("button", { type: "button", className: "button link-button", onclick: () => dialog.close() }, "Cancel"), send));
  const dialog = el("dialog", { className: "modal", "aria-label": modal.title }, form);
  const onSubmit = async (event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      await submit(values(new FormData(form)));
      dialog.close();
    } catch (error) {
      failure.textContent = error.message;
      failure.hidden = false;
    } finally {
      send.disabled = false;
    }
  };
  return show(dialog);
}

/** Returns values by field name; several values of one field as a list. */
function values(data) {
  return Object.fromEntries([...data.keys()].map((key) => [key, data.getAll(key)]).map(([key, all]) => [key, all.length > 1 ? all : all[0]]));
}

/** Returns the inputs with their labels, from rows and from label components. */
function inputs(components) {
  return components.flatMap((component) => {
    if (component.type === Type.LABEL) return [{ ...component.component, label: component.label, description: component.description }];
    return component.components ?? [component];
  });
}

function field(item, names) {
  if (item.type === Type.TEXT) return el("p", {}, inline(item.content, names));
  return el("label", { className: "field" },
    el("span", { className: "field-label" }, item.label, item.required !== false && el("span", { className: "required", "aria-hidden": "true" }, " *")),
    item.description && el("small", {}, item.description),
    item.type === Type.SELECT ? choices(item) : textInput(item));
}

function choices(item) {
  return el("select", { name: item.custom_id, required: item.required !== false, multiple: (item.max_values ?? 1) > 1 },
    (item.options ?? []).map(({ label, value, default: selected }) => el("option", { value, selected }, label)));
}

function textInput(item) {
  return el(item.style === PARAGRAPH ? "textarea" : "input", {
    name: item.custom_id, value: item.value ?? "", placeholder: item.placeholder ?? "", required: item.required !== false,
    minLength: item.min_length, maxLength: item.max_length ?? 4000, ...(item.style === PARAGRAPH ? { rows: 4 } : { type: "text" }),
  });
}
