/** Draws one message: author, text, embeds, components, thread. The fixed texts are those of Discord's client. */

import { el, icon, jumpTo } from "../dom.js";
import { EPHEMERAL, LOADING, mentionsPerson, THREAD_STARTER } from "../store.js";
import { attachmentList } from "./attachment.js";
import { avatar } from "./avatar.js";
import { componentList } from "./components.js";
import { embedCard } from "./embed.js";
import { inline } from "./inline.js";
import { markdown } from "./markdown.js";
import { clockTime, fullTime, messageTime } from "./time.js";

/** Consecutive messages of one author within this time are a group. */
const GROUP_MS = 7 * 60_000;
/** Discord's message type for replies. */
const REPLY = 19;
/** System messages, by Discord's message type. */
const SYSTEM = {
  1: ({ mentions }) => [" added ", el("strong", {}, mentions.map((user) => user.global_name).join(", ")), " to the thread."],
  4: ({ content }) => [" changed the name of this thread: ", el("strong", {}, content)],
  6: () => [" pinned a message to this channel."],
  18: ({ content }) => [" started a thread: ", el("strong", {}, content)],
};

/** Whether a message starts a new group instead of continuing the one before it. */
export function startsGroup(message, before) {
  if (!before || before.author.id !== message.author.id || before.local || message.local) return true;
  if (message.type in SYSTEM || before.type in SYSTEM || before.type === THREAD_STARTER) return true;
  if (headOf(message) || message.flags & EPHEMERAL || before.flags & EPHEMERAL) return true;
  return new Date(message.timestamp) - new Date(before.timestamp) > GROUP_MS;
}

/**
 * @param {Object} message
 * @param {{start: boolean, inThread?: boolean}} place `inThread`: shown in the thread that it started
 * @param {import("./view.js").View} view
 */
export function messageElement(message, { start, inThread = false }, view) {
  if (message.type in SYSTEM) return systemLine(message, view);
  const date = new Date(message.timestamp);
  const { session } = view;
  const classes = ["message"];
  if (start) classes.push("start");
  if (mentionsPerson(message, session.me.id)) classes.push("mentioned");
  if (message.flags & EPHEMERAL) classes.push("ephemeral");
  if (message.local) classes.push(`local-${message.local}`);
  return el("article", {
    className: classes.join(" "), "data-id": message.id, "aria-label": `${session.store.nameOf(message.author.id)}, ${messageTime(date)}`,
  },
  head(message, view),
  start ? avatar(message.author) : el("time", { className: "hover-time", title: fullTime(date) }, clockTime(date)),
  el("div", { className: "message-main" },
    start && byline(message, date),
    body(message, view),
    !inThread && thread(message, view),
    session.failures.has(message.id) && el("div", { className: "failure", role: "alert" }, session.failures.get(message.id)),
    Boolean(message.flags & EPHEMERAL) && ephemeralNote(message, session)));
}

function systemLine(message, { session }) {
  const date = new Date(message.timestamp);
  return el("article", { className: "message start system", "data-id": message.id },
    icon("thread"),
    el("div", { className: "message-main" },
      el("span", { className: "author" }, session.store.nameOf(message.author.id)),
      SYSTEM[message.type](message),
      el("time", { dateTime: message.timestamp, title: fullTime(date) }, messageTime(date))));
}

function byline(message, date) {
  const { author } = message;
  return el("div", { className: "byline" },
    el("span", { className: "author" }, author.global_name ?? author.username ?? author.name),
    author.bot && el("span", { className: "tag" }, "APP"),
    el("time", { dateTime: message.timestamp, title: fullTime(date) }, messageTime(date)));
}

function body(message, view) {
  if (message.flags & LOADING) return thinking(message, view);
  if (message.local === "sending") return el("div", { className: "content muted" }, dots(), message.content);
  return [
    message.content && el("div", { className: "content" }, markdown(message.content, view.names),
      message.edited_timestamp && edited(message)),
    el("div", { className: "extras" },
      attachmentList(message.attachments ?? [], view),
      (message.embeds ?? []).map((embed) => embedCard(embed, view)),
      !message.content && message.edited_timestamp && edited(message),
      componentList(message.components, message, view)),
  ];
}

const dots = () => el("span", { className: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));

function thinking(message, { session }) {
  return el("div", { className: "content muted" }, dots(), `${session.store.nameOf(message.author.id)} is thinking…`);
}

function edited(message) {
  return el("span", { className: "edited", title: fullTime(new Date(message.edited_timestamp)) }, "(edited)");
}

/** Returns what is shown above a message: the command it answers, or the message it replies to. */
function headOf(message) {
  const made = message.interaction ?? message.interaction_metadata;
  const name = message.interaction?.name ?? message.interaction_metadata?.name;
  if (made && name && (made.type === 2)) return { user: made.user, command: name };
  return message.type === REPLY ? { replied: message.referenced_message ?? null } : null;
}

function head(message, view) {
  const found = headOf(message);
  if (!found) return null;
  const { store } = view.session;
  if (found.command) {
    return el("div", { className: "message-head" }, spine(), avatar(found.user, "avatar tiny"),
      el("span", { className: "author" }, store.nameOf(found.user.id)), " used ",
      el("span", { className: "mention" }, `/${found.command}`));
  }
  if (!found.replied) return el("div", { className: "message-head" }, spine(), el("i", {}, "Original message was deleted"));
  const { author, id } = found.replied;
  return el("div", { className: "message-head" }, spine(), avatar(author, "avatar tiny"),
    el("span", { className: "author" }, store.nameOf(author.id)), " ",
    el("button", { type: "button", className: "excerpt", onclick: () => jumpTo(id) },
      inline(excerpt(found.replied), view.names)));
}

const spine = () => el("span", { className: "spine", "aria-hidden": "true" });

function ephemeralNote(message, session) {
  return el("div", { className: "note" }, icon("eye"), "Only you can see this • ",
    el("button", { type: "button", className: "text-link", onclick: () => session.dismiss(message) }, "Dismiss message"));
}

/** The card of the thread that was started from this message. A thread has its message's id. */
function thread(message, view) {
  const { session } = view;
  const channel = session.store.channels.get(message.id) ?? message.thread;
  if (!channel) return null;
  const last = session.preview(channel.id);
  const count = channel.message_count ?? 0;
  return el("button", {
    type: "button", className: "thread-card", "data-thread": channel.id, onclick: () => view.openThread(channel.id),
  },
  el("span", { className: "thread-spine", "aria-hidden": "true" }),
  el("span", { className: "thread-top" },
    el("strong", {}, channel.name),
    el("span", { className: "text-link" }, `${count} ${count === 1 ? "message" : "messages"} ›`)),
  el("span", { className: "thread-last" }, last && last.type !== THREAD_STARTER && !(last.type in SYSTEM)
    ? [avatar(last.author, "avatar tiny"), el("b", {}, session.store.nameOf(last.author.id)),
      el("span", { className: "excerpt" }, readLine(last, view.names))]
    : "There are no recent messages in this thread."));
}

/** The excerpt with names and times as they are read, and without links: the whole card is one button. */
function readLine(message, names) {
  const text = excerpt(message);
  return message.content?.includes("```") ? text : inline(text, names).map((node) => node.textContent).join("");
}

/** Returns the last line that is not empty, without the code fences of log messages. */
function excerpt(message) {
  const lines = (message.content ?? "").replace(/```\w*/g, "").split("\n").map((line) => line.trim()).filter(Boolean);
  const [embed] = message.embeds ?? [];
  const [file] = message.attachments ?? [];
  return lines.at(-1) ?? embed?.title ?? embed?.description?.split("\n")[0] ?? file?.filename ?? "…";
}
