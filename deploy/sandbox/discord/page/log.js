/** The messages of a channel on screen: drawn again where they changed, held at the newest one. */

import { el, icon, onceAFrame } from "./dom.js";
import { messageElement, startsGroup } from "./render/message.js";
import { dayName, sameDay } from "./render/time.js";
import { compareIds } from "./snowflake.js";
import { THREAD_STARTER, THREAD_TYPES } from "./store.js";

/** Nearer than this to the end counts as being at it, in pixels. */
const AT_END = 80;
/** Nearer than this to the start fetches older messages. */
const NEAR_START = 300;

export class MessageLog {
  /**
   * @param {import("./render/view.js").View} view
   * @param {Object} channel
   * @param {string|null} readUpTo the last message that was read before, where there are newer ones: they
   *   stand under a line
   */
  constructor(view, channel, readUpTo) {
    this.view = view;
    this.session = view.session;
    this.channelId = channel.id;
    this.readUpTo = readUpTo;
    this.stuck = true;
    this.loadingOlder = false;
    this.held = false;
    /** Height of the content and of the window on it, when it was last scrolled. */
    this.sizes = "";
    /** Key to what is on screen: `{element, signature}`. */
    this.drawn = new Map();
    this.content = el("div", { className: "log-content" });
    this.jump = el("button", {
      type: "button", className: "jump", hidden: true, onclick: () => this.toEnd(),
    }, "Jump to the newest message", icon("down"));
    this.scroller = el("div", {
      className: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", tabIndex: 0,
      "aria-label": `Messages in ${channel.name}`, onscroll: () => this.scrolled(),
      onpointerdown: () => this.hold(), onsettled: () => this.draw(),
    }, this.content);
    this.root = el("div", { className: "log-frame" }, this.scroller, this.jump);
    this.draw = onceAFrame(() => this.drawNow());
    this.observer = new ResizeObserver(() => this.stuck && this.toEnd());
    this.observer.observe(this.content);
    this.observer.observe(this.scroller);
  }

  /** Nothing moves under a pressed pointer: a button that is drawn again would not notice its click. */
  hold() {
    this.held = true;
    const release = () => setTimeout(() => {
      this.held = false;
      this.draw();
    });
    for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, release, { once: true });
  }

  close() {
    this.observer.disconnect();
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.sizes = `${this.scroller.scrollHeight} ${this.scroller.clientHeight}`;
    this.stuck = true;
    this.jump.hidden = true;
  }

  /** A person scrolls; or the sizes have changed, which must not lead away from the end. */
  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const sizes = `${scrollHeight} ${clientHeight}`;
    const resized = sizes !== this.sizes;
    this.sizes = sizes;
    if (this.stuck && resized) return this.toEnd();
    this.stuck = scrollHeight - scrollTop - clientHeight < AT_END;
    this.jump.hidden = this.stuck;
    return scrollTop < NEAR_START ? this.fetchOlder() : undefined;
  }

  async fetchOlder() {
    const timeline = this.session.store.timeline(this.channelId);
    if (this.loadingOlder || !timeline.loaded || timeline.reachedStart) return;
    this.loadingOlder = true;
    try {
      await this.session.loadOlder(this.channelId);
    } catch {
      // Tried again at the next scroll; the bar above says that there is no connection.
    } finally {
      this.loadingOlder = false;
    }
  }

  drawNow() {
    if (this.held) return;
    const timeline = this.session.store.timeline(this.channelId);
    if (this.stuck) timeline.trim();
    const anchor = this.stuck ? null : this.anchor();
    this.reconcile(this.entries(timeline));
    if (this.stuck) this.toEnd();
    else if (this.drawn.has(anchor?.id)) this.scroller.scrollTop += this.drawn.get(anchor.id).element.offsetTop - anchor.top;
  }

  /** The first message in sight, so that what is above it may grow. */
  anchor() {
    const top = this.scroller.scrollTop;
    const element = [...this.content.children].find((child) => child.offsetTop + child.offsetHeight > top && child.dataset.id);
    return element ? { id: element.dataset.id, top: element.offsetTop } : null;
  }

  /** What has to stand on screen, in order: `{key, signature, make}`. */
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
      const same = known && (isBusy(known.element) || (known.signature === entry.signature && known.message === entry.message));
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

/** A list of choices is open in it; it says `settled` when it is not any more. */
const isBusy = (element) => element.querySelector('[aria-expanded="true"][role="combobox"]') !== null;

/** A button keeps the focus when the message around it is drawn again. */
function replaceKeepingFocus(old, made) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const customId = focused?.dataset.customId;
  old.replaceWith(made);
  if (customId) made.querySelector(`[data-custom-id="${CSS.escape(customId)}"]`)?.focus();
}
