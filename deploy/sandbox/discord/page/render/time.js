/** Formats dates as the channel shows them. */

import { el } from "../dom.js";

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const clockSeconds = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const shortDate = new Intl.DateTimeFormat("en-GB", { dateStyle: "short" });
const longDate = new Intl.DateTimeFormat("en-GB", { dateStyle: "long" });
const fullDate = new Intl.DateTimeFormat("en-GB", { dateStyle: "full" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

const UNITS = [
  ["year", 365 * 86400], ["month", 30 * 86400], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1],
];

/** Discord's styles of `<t:…:style>`. https://discord.com/developers/docs/reference#message-formatting */
const STYLES = {
  t: (date) => clock.format(date),
  T: (date) => clockSeconds.format(date),
  d: (date) => shortDate.format(date),
  D: (date) => longDate.format(date),
  f: (date) => `${longDate.format(date)} ${clock.format(date)}`,
  F: (date) => `${fullDate.format(date)} ${clock.format(date)}`,
  R: (date) => relativeTime(date),
};

/** "3 minutes ago", "in 2 hours" */
export function relativeTime(date, now = Date.now()) {
  const seconds = Math.round((date.getTime() - now) / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return relative.format(Math.trunc(seconds / size), unit);
}

/** @param {string} style one of the letters of `STYLES`, by default `f` */
export function timestamp(date, style = "f") {
  if (Number.isNaN(date.getTime())) return el("span", {}, "Invalid date");
  return el("time", {
    className: "stamp", dateTime: date.toISOString(), title: STYLES.F(date), "data-style": style,
  }, STYLES[style](date));
}

/** Updates relative times such as "3 minutes ago" every second. */
export function updateRelativeTimes(root) {
  setInterval(() => {
    for (const time of root.querySelectorAll('time[data-style="R"]')) {
      const words = relativeTime(new Date(time.dateTime));
      if (time.textContent !== words) time.textContent = words;
    }
  }, 1000);
}

export const clockTime = (date) => clock.format(date);
export const fullTime = (date) => STYLES.F(date);
export const dayName = (date) => longDate.format(date);
export const sameDay = (a, b) => a.toDateString() === b.toDateString();

/** "Today at 14:05", "Yesterday at 14:05", "03/11/2026 14:05" */
export function messageTime(date, now = new Date()) {
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (sameDay(date, now)) return `Today at ${clock.format(date)}`;
  if (sameDay(date, yesterday)) return `Yesterday at ${clock.format(date)}`;
  return `${shortDate.format(date)} ${clock.format(date)}`;
}
