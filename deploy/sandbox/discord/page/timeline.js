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
    /** For each page under way the ids that events changed meanwhile: it is older and must not undo them. */
    this.underWay = new Set();
  }

  messages() {
    return this.ids.map((id) => this.byId.get(id));
  }

  last() {
    return this.byId.get(this.ids.at(-1));
  }

  /** Applies an event. An edit of a message older than the window is ignored. */
  apply(message) {
    this.touch(message.id);
    const beforeWindow = !this.reachedStart && this.ids.length > 0 && compareIds(message.id, this.ids[0]) < 0;
    if (this.byId.has(message.id) || !beforeWindow) this.put(message);
  }

  remove(id) {
    this.touch(id);
    if (this.byId.delete(id)) this.ids.splice(this.ids.indexOf(id), 1);
  }

  touch(id) {
    for (const touched of this.underWay) touched.add(id);
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
    const touched = new Set();
    this.underWay.add(touched);
    const page = await fetchPage({ limit: PAGE }).finally(() => this.underWay.delete(touched));
    const fetched = new Set(page.map((message) => message.id));
    const oldest = page[0]?.id;
    const whole = page.length < PAGE;
    const joined = whole || this.ids.some((id) => fetched.has(id));
    for (const id of [...this.ids]) {
      const covered = whole || compareIds(id, oldest) >= 0;
      const keep = fetched.has(id) || touched.has(id) || this.byId.get(id).local || (joined && !covered);
      if (!keep) this.remove(id);
    }
    for (const message of page) if (!touched.has(message.id)) this.put(message);
    this.reachedStart = whole || (joined && this.reachedStart);
    this.loaded = true;
  }

  /** Fetches one page of older messages. */
  async loadOlder(fetchPage) {
    const page = await fetchPage({ before: this.ids[0], limit: PAGE });
    for (const message of page) this.put(message);
    this.reachedStart = page.length < PAGE;
  }

  /** Lets go of the oldest messages beyond what is kept. */
  trim() {
    if (this.ids.length <= KEPT + PAGE) return;
    for (const id of this.ids.splice(0, this.ids.length - KEPT)) this.byId.delete(id);
    this.reachedStart = false;
  }
}
