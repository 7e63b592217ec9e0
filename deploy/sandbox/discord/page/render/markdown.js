/** Discord's block markdown: headings, subtext, quotes, lists, code. Everything else is text with line breaks. */

import { el } from "../dom.js";
import { inline } from "./inline.js";

const FENCE = /```(?:([A-Za-z0-9+#.-]+)\n)?([\s\S]*?)```/;
const HEADING = /^(#{1,3}) +(.+)$/;
const SUBTEXT = /^-# +(.+)$/;
const QUOTE = /^> ?(.*)$/;
const LONG_QUOTE = /^>>> ?/;
const ITEM = /^( *)([-*]|\d{1,9}\.) +(.+)$/;

/** @param {string} text @param {import("./inline.js").Names} names @returns {DocumentFragment} */
export function markdown(text, names) {
  const fragment = document.createDocumentFragment();
  fragment.append(...blocks(text, names));
  return fragment;
}

function blocks(text, names) {
  const nodes = [];
  let rest = text;
  let plain = [];
  const flush = () => {
    if (plain.length) nodes.push(...inline(plain.join("\n"), names));
    plain = [];
  };
  while (rest) {
    const found = block(rest, names);
    if (found) {
      flush();
      nodes.push(found.node);
      rest = rest.slice(found.length).replace(/^\n/, "");
      continue;
    }
    const { line, fence } = plainLine(rest);
    plain.push(line);
    rest = rest.slice(line.length);
    if (fence) flush();
    else rest = rest.slice(1);
  }
  flush();
  return nodes;
}

/** Returns the text up to the end of the line, or up to a code block in it. */
function plainLine(text) {
  const end = text.indexOf("\n");
  const line = end < 0 ? text : text.slice(0, end);
  const fence = FENCE.exec(text);
  if (fence && fence.index > 0 && fence.index < line.length) return { line: line.slice(0, fence.index), fence: true };
  return { line, fence: false };
}

/** Returns the block at the start of the text and its length, or null. */
function block(text, names) {
  const end = text.indexOf("\n");
  const line = end < 0 ? text : text.slice(0, end);
  const fence = text.startsWith("```") ? FENCE.exec(text) : null;
  if (fence?.index === 0) return { node: codeBlock(fence[2], fence[1]), length: fence[0].length };
  if (LONG_QUOTE.test(text)) return { node: quote(text.replace(LONG_QUOTE, ""), names), length: text.length };
  if (QUOTE.test(line) && line.startsWith("> ")) return quoteLines(text, names);
  const heading = HEADING.exec(line);
  if (heading) return { node: el(`h${heading[1].length + 2}`, {}, inline(heading[2], names)), length: line.length };
  const subtext = SUBTEXT.exec(line);
  if (subtext) return { node: el("small", { className: "subtext" }, inline(subtext[1], names)), length: line.length };
  return ITEM.test(line) ? listLines(text, names) : null;
}

function codeBlock(code, language) {
  return el("pre", {}, el("code", { "data-language": language }, code.replace(/^\n|\n$/g, "")));
}

function quote(text, names) {
  return el("blockquote", {}, blocks(text, names));
}

/** Returns the matching lines at the start of the text and their length. */
function matchingLines(text, pattern) {
  const matches = [];
  for (const line of text.split("\n")) {
    const found = pattern.exec(line);
    if (!found) break;
    matches.push(found);
  }
  return { matches, length: matches.reduce((sum, [line]) => sum + line.length + 1, -1) };
}

function quoteLines(text, names) {
  const { matches, length } = matchingLines(text, /^> (.*)$|^>$/);
  return { node: quote(matches.map(([, line]) => line ?? "").join("\n"), names), length };
}

function listLines(text, names) {
  const { matches, length } = matchingLines(text, ITEM);
  const items = matches.map(([, space, mark, content]) => ({ depth: space.length, ordered: /\d/.test(mark), mark, content }));
  const node = document.createDocumentFragment();
  node.append(...lists(items, names));
  return { node, length };
}

/** Nests deeper items in the item before them. A change between ordered and unordered starts a new list. */
function lists(items, names) {
  const made = [];
  for (let at = 0; at < items.length;) {
    const { depth, ordered, mark, content } = items[at];
    let next = at + 1;
    while (next < items.length && items[next].depth > depth) next += 1;
    if (made.at(-1)?.ordered !== ordered) made.push({ ordered, top: newList(ordered, mark) });
    made.at(-1).top.append(el("li", {}, inline(content, names), lists(items.slice(at + 1, next), names)));
    at = next;
  }
  return made.map(({ top }) => top);
}

const newList = (ordered, mark) => (ordered ? el("ol", { start: Number.parseInt(mark, 10) }) : el("ul"));
