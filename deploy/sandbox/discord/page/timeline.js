/** The messages of one channel that the page has loaded: a window that ends at the newest one. */

import { compareIds } from "./snowflake.js";

export const EPHEMERAL = 1 << 6;

/** Messages per request. */
export const PAGE = 100;
/** Messages that a channel scrolled to its end keeps. Older ones are fetched again when scrolled to. */
const MAX_KEPT = 300;

export class Timeline {
  constructor() {
    /** @type {Map<string, Object>} */
    this.byId = new Map();
    this.ids = [];
    /** Whether the newest page has been fetched. */
    this.loaded = false;
    /** Whether there are no older messages. */
    this.reachedStart = false;
    /** For each request under way, the changes by events since: id to fields, or null if deleted. They are newer. */
    this.pendingChanges = new Set();
    /** Number of requests for the newest page, and the latest one whose answer was used: older answers are not. */
    this.requested = 0;
    this.used = 0;
  }

  messages() {
    return this.ids.map((id) => this.byId.get(id));
  }

  last() {
    return this.byId.get(this.ids.at(-1));
  }

  /** Applies an event. An edit of a message older than the window is ignored. */
  apply(message) {
    this.recordChange(message.id, message);
    const beforeWindow = !this.reachedStart && this.ids.length > 0 && compareIds(message.id, this.ids[0]) < 0;
    if (this.byId.has(message.id) || !beforeWindow) this.put(message);
  }

  remove(id) {
    this.recordChange(id, null);
    this.drop(id);
  }

  drop(id) {
    if (this.byId.delete(id)) this.ids.splice(this.ids.indexOf(id), 1);
  }

  recordChange(id, message) {
    for (const changes of this.pendingChanges) changes.set(id, message && { ...changes.get(id), ...message });
  }

  put(message) {
    const known = this.byId.get(message.id);
    this.byId.set(message.id, known ? { ...known, ...message } : message);
    if (known) return;
    let at = this.ids.length;
    while (at > 0 && compareIds(this.ids[at - 1], message.id) > 0) at -= 1;
    this.ids.splice(at, 0, message.id);
  }

  /** Fetches the newest page and updates the window to match it: no gaps, duplicates or deleted messages. */
  async loadNewest(fetchPage) {
    this.requested += 1;
    const turn = this.requested;
    const { page, changes } = await this.fetch(fetchPage, { limit: PAGE });
    if (turn < this.used) return;
    this.used = turn;
    const fetched = new Set(page.map((message) => message.id));
    const oldest = page[0]?.id;
    const complete = page.length < PAGE;
    const overlaps = complete || this.ids.some((id) => fetched.has(id));
    for (const id of [...this.ids]) {
      const covered = complete || compareIds(id, oldest) >= 0;
      const keep = fetched.has(id) || changes.has(id) || this.byId.get(id).local || (overlaps && !covered);
      if (!keep) this.drop(id);
    }
    this.putPage(page, changes);
    this.reachedStart = complete || (overlaps && this.reachedStart);
    this.loaded = true;
  }

  /** Fetches a page of older messages. Ignores it if the window starts elsewhere by then: it could leave a gap. */
  async loadOlder(fetchPage) {
    const before = this.ids[0];
    const { page, changes } = await this.fetch(fetchPage, { before, limit: PAGE });
    if (this.ids[0] !== before) return;
    this.putPage(page, changes);
    this.reachedStart = page.length < PAGE;
  }

  /** Resolves to a page and the changes by events while it was being fetched. */
  async fetch(fetchPage, window) {
    const changes = new Map();
    this.pendingChanges.add(changes);
    const page = await fetchPage(window).finally(() => this.pendingChanges.delete(changes));
    return { page, changes };
  }

  /**
   * Leaves out ephemeral messages that no event has brought: Discord's client has none after a restart.
   * https://support.discord.com/hc/en-us/articles/1500000580222
   */
  putPage(page, changes) {
    for (const message of page) {
      const newer = changes.get(message.id);
      const forgotten = message.flags & EPHEMERAL && !newer && !this.byId.has(message.id);
      if (newer !== null && !forgotten) this.put({ ...message, ...newer });
    }
  }

  /** Removes the oldest messages beyond the limit. */
  trim() {
    if (this.ids.length <= MAX_KEPT + PAGE) return;
    for (const id of this.ids.splice(0, this.ids.length - MAX_KEPT)) this.byId.delete(id);
    this.reachedStart = false;
  }
}
