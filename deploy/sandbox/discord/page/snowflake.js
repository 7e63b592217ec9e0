/** Discord's ids: 64-bit numbers as decimal strings; the upper bits are the time of creation. */

const EPOCH_MS = 1420070400000n;

/** Compares ids by age, as strings: they are too large for numbers. */
export function compareIds(a, b) {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** @returns {Date} when the id was made */
export function timeOf(id) {
  return new Date(Number((BigInt(id) >> 22n) + EPOCH_MS));
}

let made = 0n;

/** Makes an id for the current time, for things that exist only on this page. */
export function idNow() {
  made += 1n;
  return String(((BigInt(Date.now()) - EPOCH_MS) << 22n) | (made & 0xfffn));
}
