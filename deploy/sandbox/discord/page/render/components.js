/** Message components: buttons, selects, and the layout around them. */

import { el, link } from "../dom.js";
import { markdown } from "./markdown.js";
import { attachmentList, picture } from "./attachment.js";
import { select } from "./select.js";

/** Discord's component types. https://discord.com/developers/docs/components/reference */
const Type = {
  ROW: 1, BUTTON: 2, SELECT: 3, USERS: 5, ROLES: 6, MENTIONABLES: 7, CHANNELS: 8,
  SECTION: 9, TEXT: 10, THUMBNAIL: 11, GALLERY: 12, FILE: 13, SEPARATOR: 14, CONTAINER: 17,
};
const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

const DRAW = {
  [Type.ROW]: (row, message, view) => el("div", { className: "row" }, componentList(row.components, message, view)),
  [Type.BUTTON]: button,
  [Type.SELECT]: selectOf((component) => component.options),
  [Type.USERS]: selectOf((_, { session }) => session.people.map(({ id, name }) => ({ label: name, value: id }))),
  [Type.CHANNELS]: selectOf((_, { session }) =>
    session.store.topChannels().map(({ id, name }) => ({ label: `#${name}`, value: id }))),
  [Type.ROLES]: selectOf((_, { session }) => roleOptions(session)),
  [Type.MENTIONABLES]: selectOf((_, { session }) => roleOptions(session)),
  [Type.SECTION]: (section, message, view) => el("div", { className: "section" },
    el("div", { className: "section-text" }, componentList(section.components, message, view)),
    componentList([section.accessory], message, view)),
  [Type.TEXT]: ({ content }, _, view) => el("div", { className: "text-display" }, markdown(content, view.names)),
  [Type.THUMBNAIL]: ({ media, description }, _, view) => picture({ ...media, alt: description ?? "Picture" }, view, 85),
  [Type.GALLERY]: ({ items }, _, view) => el("div", { className: items.length > 1 ? "mosaic" : "pictures" },
    items.map(({ media, description }) => picture({ ...media, alt: description ?? "Picture" }, view, 550))),
  [Type.FILE]: ({ file, name, size }, _, view) =>
    attachmentList([{ ...file, id: file.url, filename: name ?? "file", size }], view),
  [Type.SEPARATOR]: ({ divider = true, spacing = 1 }) =>
    el("hr", { className: `separator ${divider ? "" : "bare"} ${spacing === 2 ? "wide" : ""}` }),
  [Type.CONTAINER]: container,
};

/** @param {Object[]} components as Discord returns them @returns {Node[]} */
export function componentList(components, message, view) {
  return (components ?? []).map((component) => DRAW[component.type]?.(component, message, view)).flat();
}

function container({ components, accent_color: accent, spoiler }, message, view) {
  const bar = accent ? { "--bar": `#${accent.toString(16).padStart(6, "0")}` } : {};
  return el("div", { className: `embed container ${spoiler ? "covered" : ""}`, style: bar },
    componentList(components, message, view));
}

function button(component, message, view) {
  const content = [component.emoji?.id ? null : component.emoji?.name, component.label];
  const className = `button ${STYLES[component.style] ?? "secondary"}`;
  if (component.style === 5) return linkButton(component, className, content);
  const { session } = view;
  const waiting = session.pending.get(message.id);
  const loading = waiting === component.custom_id;
  return el("button", {
    type: "button", className: `${className} ${loading ? "loading" : ""}`,
    disabled: Boolean(component.disabled) || waiting !== undefined, "aria-busy": loading || null,
    "data-custom-id": component.custom_id,
    onclick: () => session.click(message, component.custom_id),
  }, el("span", { className: "button-label" }, content.filter(Boolean).join(" ")));
}

function linkButton(component, className, content) {
  const made = link(component.url, content.filter(Boolean).join(" "), " ↗");
  made.className = className;
  return made;
}

function selectOf(optionsOf) {
  return (component, message, view) => select({ ...component, options: optionsOf(component, view) }, message, view);
}

function roleOptions(session) {
  return [...session.store.roles].map(([id, name]) => ({ label: `@${name}`, value: id }));
}
