/** Embeds: colour bar, author, title, description, fields, pictures, footer. */

import { el, link, safeUrl } from "../dom.js";
import { inline } from "./inline.js";
import { markdown } from "./markdown.js";
import { picture } from "./attachment.js";
import { messageTime } from "./time.js";

/** Maximum number of inline fields in a row. */
const FIELDS_A_ROW = 3;
const MAX_WIDTH = 400;

/** @param {Object} embed as Discord returns it @param {import("./view.js").View} view */
export function embedCard(embed, view) {
  const colour = embed.color ? `#${embed.color.toString(16).padStart(6, "0")}` : undefined;
  return el("article", { className: "embed", style: colour ? { "--bar": colour } : {} },
    el("div", { className: "embed-grid" },
      el("div", { className: "embed-text" },
        embed.provider?.name && el("div", { className: "embed-provider" }, embed.provider.name),
        embed.author && author(embed.author),
        embed.title && el("div", { className: "embed-title" },
          embed.url ? link(embed.url, inline(embed.title, view.names)) : inline(embed.title, view.names)),
        embed.description && el("div", { className: "embed-description" }, markdown(embed.description, view.names)),
        embed.fields?.length && fields(embed.fields, view)),
      embed.thumbnail?.url && picture({ ...embed.thumbnail, alt: embed.title }, view, 80)),
    embed.image?.url && picture({ ...embed.image, alt: embed.title ?? "Picture" }, view, MAX_WIDTH),
    (embed.footer || embed.timestamp) && footer(embed));
}

function author({ name, url, icon_url: iconUrl }) {
  return el("div", { className: "embed-author" }, roundIcon(iconUrl), url ? link(url, name) : name);
}

function footer({ footer: note, timestamp }) {
  const parts = [note?.text, timestamp && messageTime(new Date(timestamp))].filter(Boolean);
  return el("div", { className: "embed-footer" }, roundIcon(note?.icon_url), parts.join(" • "));
}

function roundIcon(address) {
  const src = address && safeUrl(address);
  return src ? el("img", { className: "embed-icon", src, alt: "" }) : null;
}

function fields(list, view) {
  return el("div", { className: "embed-fields" }, rows(list).map((row) =>
    row.map((field) => el("div", {
      className: "embed-field", style: { "grid-column": `span ${12 / row.length}` },
    },
    el("div", { className: "embed-field-name" }, inline(field.name, view.names)),
    el("div", { className: "embed-field-value" }, markdown(field.value, view.names))))));
}

/** Groups neighbouring inline fields into rows of up to three; every other field gets its own row. */
function rows(list) {
  const result = [];
  for (const field of list) {
    const row = result.at(-1);
    if (field.inline && row?.[0].inline && row.length < FIELDS_A_ROW) row.push(field);
    else result.push([field]);
  }
  return result;
}
