/** The sidebar: channels with their threads; at the bottom, the person menu and the theme button. */

import { el, icon, onceAFrame, refill } from "./dom.js";
import { avatar, signal } from "./render/avatar.js";
import { THREAD_TYPES } from "./store.js";
import { otherTheme, switchTheme } from "./theme.js";

/** Threads shown below a channel; the others are collapsed. */
const THREADS_SHOWN = 8;

export class Sidebar {
  /**
   * @param {import("./session.js").Session} session
   * @param {{openChannel: function(string), switchPerson: function(Object)}} actions
   */
  constructor(session, actions) {
    this.session = session;
    this.actions = actions;
    this.selected = new Set();
    this.expanded = new Set();
    this.list = el("nav", { className: "channels", "aria-label": "Channels and threads" });
    this.menu = el("ul", { className: "person-menu", role: "menu", hidden: true, "aria-label": "Switch person" });
    this.root = el("aside", { className: "sidebar" },
      el("header", { className: "sidebar-header" }, signal(), el("strong", {}, session.guildName),
        el("span", { className: "badge" }, "sandbox")),
      this.list, this.personPanel());
    this.draw = onceAFrame(() => this.drawNow());
    session.store.addEventListener("channels", this.draw);
    this.draw();
  }

  /** @param {string[]} channelIds the channels on screen */
  select(channelIds) {
    this.selected = new Set(channelIds);
    this.draw();
  }

  drawNow() {
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.channel : null;
    refill(this.list,
      el("h2", { className: "channels-heading" }, "Text channels"),
      this.session.store.topChannels().map((channel) => [this.row(channel), this.threads(channel)]));
    if (focused) this.list.querySelector(`[data-channel="${focused}"]`)?.focus();
  }

  row(channel) {
    const { store } = this.session;
    const thread = THREAD_TYPES.has(channel.type);
    const mentions = store.mentions.get(channel.id) ?? 0;
    const unread = store.isUnread(channel) && !this.selected.has(channel.id);
    const selected = this.selected.has(channel.id);
    const classes = ["channel", thread && "thread", unread && "unread", selected && "selected"];
    return el("button", {
      type: "button", className: classes.filter(Boolean).join(" "), "data-channel": channel.id,
      "aria-current": selected ? "page" : null, onclick: () => this.actions.openChannel(channel.id),
      "aria-label": [channel.name, thread ? "thread" : "channel", unread && "unread"].filter(Boolean).join(", "),
    },
    !thread && icon("hash"), el("span", { className: "channel-name" }, channel.name),
    mentions > 0 && el("span", { className: "mentions", "aria-label": `${mentions} mentions` }, mentions));
  }

  /** Draws the threads that are active or on screen. */
  threads(channel) {
    const all = this.session.store.threadsOf(channel.id).filter((thread) => !thread.archived || this.selected.has(thread.id));
    if (!all.length) return null;
    const collapsed = !this.expanded.has(channel.id) && all.length > THREADS_SHOWN;
    const shown = collapsed ? all.filter((thread, at) => at < THREADS_SHOWN || this.selected.has(thread.id)) : all;
    return el("div", { className: "threads" },
      shown.map((thread) => this.row(thread)),
      collapsed && el("button", {
        type: "button", className: "channel thread fold", onclick: () => {
          this.expanded.add(channel.id);
          this.draw();
        },
      }, `Show all ${all.length} threads`));
  }

  personPanel() {
    const { me, people } = this.session;
    this.menu.replaceChildren(...people.map((person) => el("li", { role: "none" }, this.personItem(person))));
    this.personButton = el("button", {
      type: "button", className: "person", "aria-haspopup": "menu", "aria-expanded": "false",
      "aria-label": `You are ${me.name}. Switch person`, onclick: () => this.toggleMenu(this.menu.hidden),
    },
    avatar(me), el("span", { className: "person-text" }, el("strong", {}, me.global_name ?? me.name), el("small", {}, rolesOf(me))),
    icon("expand"));
    const theme = el("button", { type: "button", className: "icon-button", onclick: () => drawTheme(switchTheme()) });
    const drawTheme = () => {
      theme.setAttribute("aria-label", `Use the ${otherTheme()} theme`);
      refill(theme, icon(otherTheme() === "light" ? "sun" : "moon"));
    };
    drawTheme();
    return el("footer", {
      className: "person-panel", onkeydown: (event) => this.onMenuKey(event),
      onfocusout: ({ relatedTarget }) => !this.menu.parentNode.contains(relatedTarget) && this.toggleMenu(false),
    }, this.menu, this.personButton, theme);
  }

  personItem(person) {
    return el("button", {
      type: "button", role: "menuitemradio", "aria-checked": String(person.id === this.session.me.id),
      "data-person": person.name, onclick: () => {
        this.toggleMenu(false);
        this.actions.switchPerson(person);
      },
    }, avatar(person), el("span", { className: "person-text" }, el("strong", {}, person.global_name ?? person.name), el("small", {}, rolesOf(person))),
    icon("check"));
  }

  toggleMenu(open) {
    if (open === !this.menu.hidden) return;
    this.menu.hidden = !open;
    this.personButton.setAttribute("aria-expanded", String(open));
    if (open) this.menu.querySelector('[aria-checked="true"]').focus();
  }

  onMenuKey(event) {
    if (this.menu.hidden) return;
    const items = [...this.menu.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
    else if (event.key === "Escape") {
      this.toggleMenu(false);
      this.personButton.focus();
    } else return;
    event.preventDefault();
  }

  close() {
    this.session.store.removeEventListener("channels", this.draw);
    this.root.remove();
  }
}

const rolesOf = (person) => person.roles?.join(", ") || "no role";
