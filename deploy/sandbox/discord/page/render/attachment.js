/** Attached files: pictures and videos inline, text as an expandable card, anything else as a download. */

import { el, icon, safeUrl, SAVED } from "../dom.js";

const MAX_WIDTH = 550;
const MAX_HEIGHT = 350;
/** Lines in a collapsed card, characters in an expanded one. */
const COLLAPSED_LINES = 6;
const EXPANDED_CHARACTERS = 100_000;
const TEXT_NAME = /\.(txt|log|csv|json|jsonl|md|py|toml|ya?ml|sh|diff|patch|ini|cfg|html|xml)$/i;

/** Ids of the files that stay expanded when their message is redrawn. */
const expanded = new Set();
/** Promises of the files' texts, by address. */
const texts = new Map();

/** @param {Object[]} attachments as Discord returns them @param {import("./view.js").View} view */
export function attachmentList(attachments, view) {
  const pictures = attachments.filter(isPicture);
  const others = attachments.filter((file) => !isPicture(file));
  return [
    pictures.length > 0 && el("div", { className: pictures.length > 1 ? "mosaic" : "pictures" },
      pictures.map((file) => picture({ ...file, alt: file.description ?? file.filename }, view, MAX_WIDTH))),
    others.map((file) => fileCard(file)),
  ];
}

const typeOf = (file) => file.content_type ?? "";
const isPicture = (file) => typeOf(file).startsWith("image/") && Boolean(file.width ?? true);
/** A saved page cannot read the files beside it. */
const isText = (file) => !SAVED && looksLikeText(file);
const looksLikeText = (file) => typeOf(file).startsWith("text/") || typeOf(file).includes("json") || TEXT_NAME.test(file.filename);

/** A picture at the size that it will have once loaded. A click enlarges it. */
export function picture({ url, width, height, alt }, view, maxWidth) {
  const src = safeUrl(url);
  if (!src) return null;
  const scale = width && height ? Math.min(1, maxWidth / width, MAX_HEIGHT / height) : 1;
  const size = width && height ? { width: Math.round(width * scale), height: Math.round(height * scale) } : {};
  return el("button", {
    type: "button", className: "picture", "aria-label": `Enlarge ${alt}`, style: { "max-width": `${maxWidth}px` },
    onclick: () => view.openImage(src, alt),
  }, el("img", { src, alt, ...size }));
}

function fileCard(file) {
  const src = safeUrl(file.url);
  if (typeOf(file).startsWith("video/")) return media("video", file, src);
  if (typeOf(file).startsWith("audio/")) return media("audio", file, src);
  return isText(file) ? textCard(file) : el("div", { className: "file" }, fileLine(file));
}

function media(tag, file, src) {
  return el("figure", { className: "media" },
    el(tag, { src, controls: true, preload: "metadata", "aria-label": file.filename }),
    el("figcaption", {}, file.filename));
}

function fileLine(file, ...extra) {
  return el("div", { className: "file-line" },
    icon("file"),
    el("a", { className: "file-name", href: safeUrl(file.url), target: "_blank", rel: "noopener" }, file.filename),
    el("span", { className: "file-size" }, sizeInWords(file.size)),
    extra,
    el("a", {
      className: "icon-button", href: safeUrl(file.url), download: file.filename,
      "aria-label": `Download ${file.filename}`,
    }, icon("download")));
}

function textCard(file) {
  const code = el("code", {}, "…");
  const body = el("pre", { className: "file-text", tabIndex: 0 }, code);
  const toggle = el("button", {
    type: "button", className: "icon-button", "aria-label": `Expand ${file.filename}`,
    "aria-expanded": "false", onclick: () => show(!expanded.has(file.id)),
  }, icon("expand"));
  const show = async (open) => {
    if (open) expanded.add(file.id);
    else expanded.delete(file.id);
    toggle.setAttribute("aria-expanded", String(open));
    toggle.setAttribute("aria-label", `${open ? "Collapse" : "Expand"} ${file.filename}`);
    body.classList.toggle("open", open);
    code.textContent = shorten(await textOf(file), open);
  };
  show(expanded.has(file.id));
  return el("div", { className: "file file-card" }, body, fileLine(file, toggle));
}

function shorten(text, open) {
  if (open) return text.length > EXPANDED_CHARACTERS ? `${text.slice(0, EXPANDED_CHARACTERS)}\n…` : text;
  const lines = text.split("\n");
  const rest = lines.length - COLLAPSED_LINES;
  const head = lines.slice(0, COLLAPSED_LINES).map((line) => line.slice(0, 300)).join("\n");
  return rest > 1 ? `${head}\n… ${rest} more lines` : head;
}

function textOf(file) {
  if (!texts.has(file.url)) {
    texts.set(file.url, fetch(sameOrigin(file.url)).then(
      (response) => (response.ok ? response.text() : `This file cannot be read (${response.status}).`),
      () => "This file cannot be read.",
    ));
  }
  return texts.get(file.url);
}

/** Returns a same-origin address for the sandbox's files, whatever host name the page was opened under. */
function sameOrigin(address) {
  const url = new URL(address, location.href);
  return url.port === location.port ? `${url.pathname}${url.search}` : url.href;
}

/** "812 bytes", "1.4 KB", "3.2 MB" */
export function sizeInWords(bytes) {
  if (bytes === undefined) return "";
  if (bytes < 1024) return `${bytes} bytes`;
  const [amount, unit] = bytes < 1024 ** 2 ? [bytes / 1024, "KB"] : [bytes / 1024 ** 2, "MB"];
  return `${amount.toFixed(amount < 10 ? 1 : 0)} ${unit}`;
}
