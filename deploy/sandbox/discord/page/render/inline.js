/** Discord's inline markdown as DOM nodes. All text becomes text nodes. */

import { el, jumpTo, link } from "../dom.js";
import { timestamp } from "./time.js";

/**
 * Names of the ids in markdown.
 * @typedef {{userName: function(string): string, roleName: function(string): string,
 *   channelName: function(string): string, openChannel: function(string), typeCommand: function(string)}} Names
 */

const pill = (text, props = {}) => el("span", { className: "mention", ...props }, text);

/** A link to a channel or to a message in it. */
function channelPill(id, names, messageId) {
  return el("button", {
    type: "button", className: "mention", onclick: () => (messageId && jumpTo(messageId)) || names.openChannel(id),
  }, `#${names.channelName(id)}${messageId ? " › message" : ""}`);
}

/** A click puts the command into the message box. */
function commandPill(name, names) {
  return el("button", { type: "button", className: "mention", onclick: () => names.typeCommand(name) }, `/${name}`);
}

function spoiler(nodes) {
  const reveal = (event) => {
    const box = event.currentTarget;
    if (event.type === "keydown" && !["Enter", " "].includes(event.key)) return;
    if (box.classList.contains("shown")) return;
    event.preventDefault();
    box.classList.add("shown");
    box.removeAttribute("aria-label");
    box.removeAttribute("role");
  };
  return el("span", {
    className: "spoiler", role: "button", tabIndex: 0, "aria-label": "Spoiler, press to show",
    onclick: reveal, onkeydown: reveal,
  }, el("span", {}, nodes));
}

/** Rules in the order they are tried: a sticky expression, and a function that renders the match. */
const RULES = [
  [/\\([^A-Za-z0-9\s])/y, ([, mark]) => mark],
  [/(`+)([\s\S]*?[^`])\1(?!`)/y, ([, , code]) => el("code", {}, code.replace(/^ (.*) $/s, "$1"))],
  [/<?https:\/\/(?:\w+\.)?discord\.com\/channels\/\d+\/(\d+)(?:\/(\d+))?>?/y,
    ([, id, messageId], names) => channelPill(id, names, messageId)],
  [/<(https?:\/\/[^\s>]+)>/y, ([, url]) => link(url, url)],
  [/<@!?(\d+)>/y, ([, id], names) => pill(`@${names.userName(id)}`)],
  [/<@&(\d+)>/y, ([, id], names) => pill(`@${names.roleName(id)}`)],
  [/<#(\d+)>/y, ([, id], names) => channelPill(id, names)],
  [/<\/([^:>\n]{1,100}):\d+>/y, ([, name], names) => commandPill(name, names)],
  [/<a?:(\w+):\d+>/y, ([, name]) => `:${name}:`],
  [/<t:(-?\d{1,13})(?::([tTdDfFR]))?>/y, ([, seconds, style]) => timestamp(new Date(seconds * 1000), style)],
  [/@(everyone|here)\b/y, ([whole]) => pill(whole)],
  [/\[([^[\]\n]+)\]\(<?(https?:\/\/[^\s)>]+)>?(?: "[^"\n]*")?\)/y,
    ([, text, url], names) => link(url, inline(text, names))],
  [/https?:\/\/[^\s<]*[^\s<.,:;"')\]*_|]/y, ([url]) => link(url, url)],
  [/\|\|([\s\S]+?)\|\|/y, ([, text], names) => spoiler(inline(text, names))],
  [/\*\*\*(?!\s)([\s\S]+?)\*\*\*(?!\*)/y, ([, text], names) => el("strong", {}, el("em", {}, inline(text, names)))],
  [/\*\*([\s\S]+?)\*\*(?!\*)/y, ([, text], names) => el("strong", {}, inline(text, names))],
  [/__([\s\S]+?)__(?!_)/y, ([, text], names) => el("u", {}, inline(text, names))],
  [/~~([\s\S]+?)~~(?!~)/y, ([, text], names) => el("s", {}, inline(text, names))],
  [/\*(?![\s*])((?:\\.|\*\*[\s\S]+?\*\*|[^*\\])*?[^\s*])\*(?!\*)/y, ([, text], names) => el("em", {}, inline(text, names))],
  [/(?<![A-Za-z0-9_])_(?!\s)((?:\\.|[^_\\])+?)_(?![A-Za-z0-9_])/y, ([, text], names) => el("em", {}, inline(text, names))],
];
/** Characters that can start a match; all others are plain text. */
const STARTS = /[\\`<@[h|*_~]/;

/** @param {string} text @param {Names} names @returns {Node[]} */
export function inline(text, names) {
  const nodes = [];
  let plain = "";
  let at = 0;
  const flush = () => {
    if (plain) nodes.push(document.createTextNode(plain));
    plain = "";
  };
  while (at < text.length) {
    const found = STARTS.test(text[at]) ? match(text, at) : null;
    if (!found) {
      plain += text[at];
      at += 1;
      continue;
    }
    const made = found.rule(found.groups, names);
    at += found.groups[0].length;
    if (typeof made === "string") plain += made;
    else {
      flush();
      nodes.push(made);
    }
  }
  flush();
  return nodes;
}

function match(text, at) {
  for (const [pattern, rule] of RULES) {
    pattern.lastIndex = at;
    const groups = pattern.exec(text);
    if (groups) return { rule, groups };
  }
  return null;
}
