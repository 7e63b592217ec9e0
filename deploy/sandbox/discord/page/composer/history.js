/** The lines that a person has sent, for recall with the arrow keys. Kept in the tab's session storage. */

const KEPT = 50;

export class History {
  /** @param {string} personId */
  constructor(personId) {
    this.key = `history-${personId}`;
    this.at = 0;
    this.draft = "";
  }

  lines() {
    return JSON.parse(sessionStorage.getItem(this.key) ?? "[]");
  }

  add(line) {
    const lines = [...this.lines().filter((known) => known !== line), line].slice(-KEPT);
    sessionStorage.setItem(this.key, JSON.stringify(lines));
    this.at = 0;
  }

  /**
   * @param {number} step 1 for the previous line, -1 for the next
   * @param {string} current the text in the box, returned again after the newest line
   * @returns {string|null} null if there is no such line
   */
  recall(step, current) {
    const lines = this.lines();
    if (this.at > 0 && lines.at(-this.at) !== current) this.at = 0;
    const next = this.at + step;
    if (next < 0 || next > lines.length) return null;
    if (this.at === 0) this.draft = current;
    this.at = next;
    return next === 0 ? this.draft : lines.at(-next);
  }
}
