/** One person's view: sidebar, channel, and a thread beside it. */

import { el } from "./dom.js";
import { openImage, openModal } from "./dialogs.js";
import { Pane } from "./pane.js";
import { makeView } from "./render/view.js";
import { Sidebar } from "./sidebar.js";

const CONNECTION_TEXTS = {
  connecting: "Connecting…",
  lost: "Connection lost. Reconnecting…",
};

export class App {
  /**
   * @param {import("./session.js").Session} session
   * @param {{show: function(string, string=), switchPerson: function(Object)}} navigation
   */
  constructor(session, { show, switchPerson }) {
    this.session = session;
    this.show = show;
    this.view = makeView(session, {
      openThread: (id) => this.openThread(id),
      openChannel: (id) => show(id),
      openImage,
      typeCommand: (name) => (this.side ?? this.main)?.composer.setLine(`/${name}`),
    });
    this.sidebar = new Sidebar(session, { openChannel: (id) => this.openFromSidebar(id), switchPerson });
    this.status = el("div", { className: "connection", role: "status", hidden: true });
    this.panes = el("main", { className: "panes" });
    this.scrim = el("div", { className: "scrim", onclick: () => this.toggleDrawer(false) });
    this.root = el("div", { className: "app", onkeydown: (event) => event.key === "Escape" && this.toggleDrawer(false) },
      this.sidebar.root, this.scrim, el("div", { className: "stage" }, this.status, this.panes));
    session.store.addEventListener("connection", () => this.drawStatus());
    session.store.addEventListener("channels", () => this.drawTitle());
    session.store.addEventListener("modal", ({ detail }) =>
      openModal(detail, this.view.names, (fields) => session.submitModal(detail.interaction_id, fields)));
    this.main = null;
    this.side = null;
    this.ended = new AbortController();
    document.addEventListener("keydown", (event) => this.focusForTyping(event), { signal: this.ended.signal });
  }

  /** Moves the focus to the message box when somebody types outside fields and dialogs. */
  focusForTyping({ key, target, ctrlKey, metaKey, altKey }) {
    const elsewhere = target.closest("input, textarea, select, dialog, [role=menu], [aria-expanded=true]") || document.querySelector("dialog[open]");
    const onButton = key === " " && target.closest("button, a, [role=button]");
    if (key.length !== 1 || ctrlKey || metaKey || altKey || elsewhere || onButton) return;
    (this.side ?? this.main)?.focus();
  }

  /** @param {string} channelId @param {string} [threadId] shown beside the channel */
  open(channelId, threadId) {
    const { store } = this.session;
    this.toggleDrawer(false);
    this.main = this.paneFor(this.main, store.channels.get(channelId), { openMenu: () => this.toggleDrawer(true) });
    this.side = this.paneFor(this.side, store.channels.get(threadId), { close: () => this.show(channelId) });
    this.panes.replaceChildren(...[this.main, this.side].filter(Boolean).map((pane) => pane.root));
    this.panes.classList.toggle("split", this.side !== null);
    const shown = [channelId, threadId].filter(Boolean);
    store.watch(shown);
    this.sidebar.select(shown);
    this.drawTitle();
    if (matchMedia("(hover: hover)").matches) (this.side ?? this.main)?.focus();
  }

  /** Returns a pane for a channel. An open one is reused, with its scroll position and draft. */
  paneFor(pane, channel, actions) {
    if (pane && pane.channelId === channel?.id) return pane;
    pane?.close();
    return channel ? new Pane(this.view, channel, actions) : null;
  }

  /** Opens a thread beside its channel if that is on screen, otherwise alone. */
  openThread(threadId) {
    const parent = this.session.store.channels.get(threadId)?.parent_id;
    if (parent && this.main?.channelId === parent) this.show(parent, threadId);
    else this.show(threadId);
  }

  openFromSidebar(channelId) {
    this.toggleDrawer(false);
    this.show(channelId);
  }

  toggleDrawer(open) {
    this.root.classList.toggle("drawer-open", open);
  }

  drawStatus() {
    const text = CONNECTION_TEXTS[this.session.connection];
    this.status.hidden = !text;
    this.status.textContent = text ?? "";
  }

  drawTitle() {
    const { store } = this.session;
    const channel = store.channels.get(this.main?.channelId);
    const mentions = [...store.mentions.values()].reduce((sum, count) => sum + count, 0);
    document.title = `${mentions ? `(${mentions}) ` : ""}${channel ? `#${channel.name} · ` : ""}${this.session.guildName}`;
  }

  close() {
    this.ended.abort();
    this.main?.close();
    this.side?.close();
    this.sidebar.close();
    this.session.close();
    this.root.remove();
  }
}
