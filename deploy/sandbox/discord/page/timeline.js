/** The messages of one channel that the page has loaded: a window that ends at the newest one. */

import { compareIds } from "./snowflake.js";

/** Messages per request. */
export const PAGE = 100;
/** Messages that a channel scrolled to its end keeps. Older ones are fetched again when scrolled to. */
const KEPT = 300;

export class Timeline {
  constructor() {
    /** @type {Map<string, Object>} */
    this.byId = new Map();
    this.ids = [];
    /** Whether the newest page was ever fetched. */
    this.loaded = false;
    /** Whether there is nothing older. */
    this.reachedStart = false;
    /** For each page under way, what events changed meanwhile by id, null if deleted: the page must not undo it. */
    this.underWay = new Set();
    /** How often the newest page was asked for, and which of these answers was the last taken: no older one is. */
    this.asked = 0;
    this.taken = 0;
  }

  messages() {
    return this.ids.map((id) => this.byId.get(id));
  }

  last() {
    return this.byId.get(this.ids.at(-1));
  }

  /** Applies an event. An edit of a message older than the window is ignored. */
  apply(message) {
    this.touch(message.id, message);
    const beforeWindow = !this.reachedStart && this.ids.length > 0 && compareIds(message.id, this.ids[0]) < 0;
    if (this.byId.has(message.id) || !beforeWindow) this.put(message);
  }

  remove(id) {
    this.touch(id, null);
    this.drop(id);
  }

  drop(id) {
    if (this.byId.delete(id)) this.ids.splice(this.ids.indexOf(id), 1);
  }

  touch(id, message) {
    for (const touched of this.underWay) touched.set(id, message && { ...touched.get(id), ...message });
  }

  put(message) {
    const known = this.byId.get(message.id);
    this.byId.set(message.id, known ? { ...known, ...message } : message);
    if (known) return;
    let at = this.ids.length;
    while (at > 0 && compareIds(this.ids[at - 1], message.id) > 0) at -= 1;
    this.ids.splice(at, 0, message.id);
  }

  /** Fetches the newest page and makes the window agree with it: without gaps, doubles or deleted messages. */
  async loadNewest(fetchPage) {
    this.asked += 1;
    const turn = this.asked;
    const { page, touched } = await this.fetch(fetchPage, { limit: PAGE });
    if (turn < this.taken) return;
    this.taken = turn;
    const fetched = new Set(page.map((message) => message.id));
    const oldest = page[0]?.id;
    const whole = page.length < PAGE;
    const joined = whole || this.ids.some((id) => fetched.has(id));
    for (const id of [...this.ids]) {
      const covered = whole || compareIds(id, oldest) >= 0;
      const keep = fetched.has(id) || touched.has(id) || this.byId.get(id).local || (joined && !covered);
      if (!keep) this.drop(id);
    }
    this.putPage(page, touched);
    this.reachedStart = whole || (joined && this.reachedStart);
    this.loaded = true;
  }

  /** Fetches one page of older messages; drops it if the window begins elsewhere by then, as it could leave a gap. */
  async loadOlder(fetchPage) {
    const before = this.ids[0];
    const { page, touched } = await this.fetch(fetchPage, { before, limit: PAGE });
    if (this.ids[0] !== before) return;
    this.putPage(page, touched);
    this.reachedStart = page.length < PAGE;
  }

  /** Resolves to a page and what events changed while it was under way. */
  async fetch(fetchPage, window) {
    const touched = new Map();
    this.underWay.add(touched);
    const page = await fetchPage(window).finally(() => this.underWay.delete(touched));
    return { page, touched };
  }

  putPage(page, touched) {
    for (const message of page) {
      const newer = touched.get(message.id);
      if (newer !== null) this.put({ ...message, ...newer });
    }
  }

  /** Lets go of the oldest messages beyond what is kept. */
  trim() {
    if (this.ids.length <= KEPT + PAGE) return;
    for (const id of this.ids.splice(0, this.ids.length - KEPT)) this.byId.delete(id);
    this.reachedStart = false;
  }
}
