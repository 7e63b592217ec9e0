/** Discord's ids: decimal strings of a 64-bit number whose upper bits are the time it was made. */

const EPOCH_MS = 1420070400000n;

/** Orders ids by age; ids are too large for numbers. */
export function compareIds(a, b) {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** @returns {Date} when the id was made */
export function timeOf(id) {
  return new Date(Number((BigInt(id) >> 22n) + EPOCH_MS));
}

let made = 0n;

/** An id of this moment, for things that only this page knows. */
export function idNow() {
  made += 1n;
  return String(((BigInt(Date.now()) - EPOCH_MS) << 22n) | (made & 0xfffn));
}
