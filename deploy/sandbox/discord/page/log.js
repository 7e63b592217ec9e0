/** The message list of a channel. It redraws only what changed and stays scrolled to the newest message. */

import { el, icon, onceAFrame } from "./dom.js";
import { messageElement, startsGroup } from "./render/message.js";
import { dayName, sameDay } from "./render/time.js";
import { compareIds } from "./snowflake.js";
import { THREAD_STARTER, THREAD_TYPES } from "./store.js";

/** Within this many pixels of the end counts as being at the end. */
const AT_END = 80;
/** Scrolling to within this many pixels of the start fetches older messages. */
const NEAR_START = 300;

export class MessageLog {
  /**
   * @param {import("./render/view.js").View} view
   * @param {Object} channel
   * @param {string|null} readUpTo the last message read before, if there are newer ones, which are shown
   *   below a line
   */
  constructor(view, channel, readUpTo) {
    this.view = view;
    this.session = view.session;
    this.channelId = channel.id;
    this.readUpTo = readUpTo;
    this.atEnd = true;
    this.loadingOlder = false;
    this.paused = false;
    /** Heights of the content and of the viewport at the last scroll. */
    this.sizes = "";
    /** What is on screen, by key: `{element, signature}`. */
    this.drawn = new Map();
    this.content = el("div", { className: "log-content" });
    this.jump = el("button", {
      type: "button", className: "jump", hidden: true, onclick: () => this.scrollToEnd(),
    }, "Jump to the newest message", icon("down"));
    this.scroller = el("div", {
      className: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", tabIndex: 0,
      "aria-label": `Messages in ${channel.name}`, onscroll: () => this.onScroll(),
      onpointerdown: () => this.pauseDrawing(), onsettled: () => this.draw(),
    }, this.content);
    this.root = el("div", { className: "log-frame" }, this.scroller, this.jump);
    this.draw = onceAFrame(() => this.drawNow());
    this.observer = new ResizeObserver(() => this.atEnd && this.scrollToEnd());
    this.observer.observe(this.content);
    this.observer.observe(this.scroller);
  }

  /** Stops drawing while the pointer is pressed: a button that is replaced would miss its click. */
  pauseDrawing() {
    this.paused = true;
    const release = () => setTimeout(() => {
      this.paused = false;
      this.draw();
    });
    for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, release, { once: true });
  }

  close() {
    this.observer.disconnect();
  }

  scrollToEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.sizes = `${this.scroller.scrollHeight} ${this.scroller.clientHeight}`;
    this.atEnd = true;
    this.jump.hidden = true;
  }

  /** Handles scroll events. One that a change of size causes must not move away from the end. */
  onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const sizes = `${scrollHeight} ${clientHeight}`;
    const resized = sizes !== this.sizes;
    this.sizes = sizes;
    if (this.atEnd && resized) return this.scrollToEnd();
    this.atEnd = scrollHeight - scrollTop - clientHeight < AT_END;
    this.jump.hidden = this.atEnd;
    return scrollTop < NEAR_START ? this.fetchOlder() : undefined;
  }

  async fetchOlder() {
    const timeline = this.session.store.timeline(this.channelId);
    if (this.loadingOlder || !timeline.loaded || timeline.reachedStart) return;
    this.loadingOlder = true;
    try {
      await this.session.loadOlder(this.channelId);
    } catch {
      // Retried at the next scroll. The status bar shows that the connection is lost.
    } finally {
      this.loadingOlder = false;
    }
  }

  drawNow() {
    if (this.paused) return;
    const timeline = this.session.store.timeline(this.channelId);
    if (this.atEnd) timeline.trim();
    const anchor = this.atEnd ? null : this.anchor();
    this.reconcile(this.entries(timeline));
    if (this.atEnd) this.scrollToEnd();
    else if (this.drawn.has(anchor?.id)) this.scroller.scrollTop += this.drawn.get(anchor.id).element.offsetTop - anchor.top;
  }

  /** Returns the first visible message, to keep it in place when the content above it grows. */
  anchor() {
    const top = this.scroller.scrollTop;
    const element = [...this.content.children].find((child) => child.offsetTop + child.offsetHeight > top && child.dataset.id);
    return element ? { id: element.dataset.id, top: element.offsetTop } : null;
  }

  /** Returns what must be on screen, in order: `{key, signature, make}`. */
  entries(timeline) {
    const entries = [];
    if (!timeline.loaded) return [{ key: "loading", signature: "", make: () => el("div", { className: "log-loading" }, "Loading messages…") }];
    if (timeline.reachedStart) entries.push(this.startEntry(timeline));
    let before = null;
    let marked = false;
    for (const message of timeline.messages()) {
      if (this.session.dismissed.has(message.id)) continue;
      const newDay = !before || !sameDay(new Date(before.timestamp), new Date(message.timestamp));
      const isNew = !marked && this.isNew(message) && before !== null;
      if (newDay) entries.push(dayEntry(message));
      if (isNew) entries.push(NEW_ENTRY);
      marked ||= isNew;
      entries.push(this.messageEntry(message, newDay || isNew || startsGroup(message, before)));
      before = message;
    }
    return entries;
  }

  isNew(message) {
    if (this.readUpTo === null || message.local || message.author.id === this.session.me.id) return false;
    return compareIds(message.id, this.readUpTo) > 0;
  }

  startEntry(timeline) {
    const { store } = this.session;
    const [first] = timeline.messages();
    const channel = store.channels.get(this.channelId);
    const thread = THREAD_TYPES.has(channel?.type);
    return {
      key: "start",
      signature: `${channel?.name}|${first?.id}`,
      make: () => el("header", { className: "log-start" },
        el("span", { className: "log-start-icon" }, icon(thread ? "thread" : "hash")),
        el("h2", {}, thread ? channel.name : `Welcome to #${channel?.name}!`),
        el("p", {}, thread ? ["Started by ", el("strong", {}, store.nameOf(first?.author.id))]
          : `This is the start of the #${channel?.name} channel. ${channel?.topic ?? ""}`)),
    };
  }

  messageEntry(message, start) {
    const { session } = this;
    const thread = session.store.channels.get(message.id);
    const last = thread && session.preview(thread.id);
    const starter = message.type === THREAD_STARTER && session.store.starters.get(this.channelId);
    const shown = starter || message;
    const signature = [
      start, Boolean(starter), session.pending.get(shown.id), session.failures.get(shown.id),
      thread && [thread.name, thread.message_count, last?.id, last?.edited_timestamp],
    ].join("|");
    return { key: message.id, signature, message: shown, make: () => messageElement(shown, { start, inThread: Boolean(starter) }, this.view) };
  }

  reconcile(entries) {
    const keys = new Set(entries.map(({ key }) => key));
    for (const [key, { element }] of this.drawn) if (!keys.has(key)) element.remove();
    const next = new Map();
    let cursor = this.content.firstChild;
    for (const entry of entries) {
      const known = this.drawn.get(entry.key);
      const same = known && (hasOpenSelect(known.element) || (known.signature === entry.signature && known.message === entry.message));
      const element = same ? known.element : entry.make();
      if (known && !same) {
        if (cursor === known.element) cursor = element;
        replaceKeepingFocus(known.element, element);
      }
      if (element === cursor) cursor = cursor.nextSibling;
      else this.content.insertBefore(element, cursor);
      next.set(entry.key, { ...(same ? known : entry), element });
    }
    this.drawn = next;
  }
}

const NEW_ENTRY = {
  key: "new", signature: "", make: () => el("div", { className: "divider new", role: "separator" }, el("span", {}, "New")),
};

function dayEntry(message) {
  const day = dayName(new Date(message.timestamp));
  return { key: `day-${day}`, signature: "", make: () => el("div", { className: "divider", role: "separator" }, el("span", {}, day)) };
}

/** Whether a select is open in the message. It emits `settled` when it closes. */
const hasOpenSelect = (element) => element.querySelector('[aria-expanded="true"][role="combobox"]') !== null;

/** Replaces a message; a focused button or select in it keeps the focus. */
function replaceKeepingFocus(old, made) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const customId = focused?.dataset.customId;
  old.replaceWith(made);
  if (customId) made.querySelector(`[data-custom-id="${CSS.escape(customId)}"]`)?.focus();
}
