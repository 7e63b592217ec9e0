/** One open channel or thread: header, messages, message box. */

import { el, icon, refill } from "./dom.js";
import { Composer } from "./composer/composer.js";
import { MessageLog } from "./log.js";
import { THREAD_TYPES } from "./store.js";

export class Pane {
  /**
   * @param {import("./render/view.js").View} view
   * @param {Object} channel
   * @param {{openMenu?: function(), close?: function()}} actions of the header's buttons
   */
  constructor(view, channel, actions) {
    this.session = view.session;
    this.channelId = channel.id;
    this.ended = new AbortController();
    const { store } = this.session;
    this.log = new MessageLog(view, channel, store.isUnread(channel) ? (store.read.get(channel.id) ?? null) : null);
    this.composer = new Composer(this.session, channel, () => this.log.scrollToEnd());
    this.header = el("header", { className: "pane-header" });
    this.typing = el("div", { className: "typing", "aria-live": "polite" });
    this.root = el("section", { className: "pane", "aria-label": channel.name },
      this.header, this.log.root, this.composer.root, this.typing);
    this.actions = actions;
    this.drawHeader();
    this.subscribe();
    this.load();
  }

  subscribe() {
    const { store } = this.session;
    const on = (kind, action) => store.addEventListener(kind, action, { signal: this.ended.signal });
    on("messages", ({ detail }) => detail === this.channelId && this.log.draw());
    on("channels", () => this.drawHeader());
    on("typing", ({ detail }) => detail === this.channelId && this.drawTyping());
    this.log.draw();
  }

  async load() {
    const timeline = this.session.store.timeline(this.channelId);
    if (timeline.loaded) return;
    try {
      await this.session.loadChannel(this.channelId);
    } catch (error) {
      this.composer.showError(error.message);
    }
  }

  drawHeader() {
    const channel = this.session.store.channels.get(this.channelId);
    if (!channel) return;
    const thread = THREAD_TYPES.has(channel.type);
    const signature = JSON.stringify([channel.name, channel.topic, channel.archived, channel.locked]);
    if (signature === this.headerSignature) return;
    this.headerSignature = signature;
    const { openMenu, close } = this.actions;
    refill(this.header,
      openMenu && el("button", {
        type: "button", className: "icon-button menu-button", "aria-label": "Channels", onclick: openMenu,
      }, icon("menu")),
      icon(thread ? "thread" : "hash"),
      el("h1", {}, channel.name),
      channel.topic && el("span", { className: "topic", title: channel.topic }, channel.topic),
      (channel.locked || channel.archived) && el("span", { className: "badge" }, icon("lock"), channel.locked ? "Locked" : "Archived"),
      close && el("button", {
        type: "button", className: "icon-button close-button", "aria-label": "Close thread", onclick: close,
      }, icon("close"), icon("back")));
  }

  drawTyping() {
    const names = this.session.store.typists(this.channelId);
    if (!names.length) return this.typing.replaceChildren();
    return refill(this.typing,
      el("span", { className: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")),
      el("strong", {}, names.join(", ")), names.length === 1 ? " is typing…" : " are typing…");
  }

  focus() {
    this.composer.focus();
  }

  close() {
    this.ended.abort();
    this.log.close();
    this.root.remove();
  }
}
