/** The page of one person: sidebar, channel, and a thread beside it. */

import { el } from "./dom.js";
import { openImage, openModal } from "./dialogs.js";
import { Pane } from "./pane.js";
import { makeView } from "./render/view.js";
import { Sidebar } from "./sidebar.js";

const STATES = {
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
    });
    this.sidebar = new Sidebar(session, { openChannel: (id) => this.openFromSidebar(id), switchPerson });
    this.status = el("div", { className: "connection", role: "status", hidden: true });
    this.panes = el("main", { className: "panes" });
    this.scrim = el("div", { className: "scrim", onclick: () => this.drawer(false) });
    this.root = el("div", { className: "app", onkeydown: (event) => event.key === "Escape" && this.drawer(false) },
      this.sidebar.root, this.scrim, el("div", { className: "stage" }, this.status, this.panes));
    session.store.addEventListener("connection", () => this.drawStatus());
    session.store.addEventListener("channels", () => this.drawTitle());
    session.store.addEventListener("modal", ({ detail }) =>
      openModal(detail, this.view.names, (fields) => session.submitModal(detail.interaction_id, fields)));
    this.main = null;
    this.side = null;
    this.ended = new AbortController();
    document.addEventListener("keydown", (event) => this.typedAnywhere(event), { signal: this.ended.signal });
  }

  /** Typing goes into the message box, wherever the focus is, unless it is in a field or a dialog. */
  typedAnywhere({ key, target, ctrlKey, metaKey, altKey }) {
    const elsewhere = target.closest("input, textarea, select, dialog, [role=menu], [aria-expanded=true]") || document.querySelector("dialog[open]");
    const onButton = key === " " && target.closest("button, a, [role=button]");
    if (key.length !== 1 || ctrlKey || metaKey || altKey || elsewhere || onButton) return;
    (this.side ?? this.main)?.focus();
  }

  /** @param {string} channelId @param {string} [threadId] shown beside it */
  open(channelId, threadId) {
    const { store } = this.session;
    this.drawer(false);
    this.main = this.replace(this.main, store.channels.get(channelId), { openMenu: () => this.drawer(true) });
    this.side = this.replace(this.side, store.channels.get(threadId), { close: () => this.show(channelId) });
    this.panes.replaceChildren(...[this.main, this.side].filter(Boolean).map((pane) => pane.root));
    this.panes.classList.toggle("split", this.side !== null);
    const shown = [channelId, threadId].filter(Boolean);
    store.watch(shown);
    this.sidebar.select(shown);
    this.drawTitle();
    if (matchMedia("(hover: hover)").matches) (this.side ?? this.main)?.focus();
  }

  /** Keeps a pane whose channel stays, so that its scroll and its draft stay too. */
  replace(pane, channel, actions) {
    if (pane && pane.channelId === channel?.id) return pane;
    pane?.close();
    return channel ? new Pane(this.view, channel, actions) : null;
  }

  /** Beside its channel when that is on screen, else alone. */
  openThread(threadId) {
    const parent = this.session.store.channels.get(threadId)?.parent_id;
    if (parent && this.main?.channelId === parent) this.show(parent, threadId);
    else this.show(threadId);
  }

  openFromSidebar(channelId) {
    this.drawer(false);
    this.show(channelId);
  }

  drawer(open) {
    this.root.classList.toggle("drawer-open", open);
  }

  drawStatus() {
    const text = STATES[this.session.connection];
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
