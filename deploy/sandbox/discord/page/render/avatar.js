/** Avatars: initials on a colour computed from the name. */

import { el, safeUrl } from "../dom.js";

/** Hues that are far apart and have enough contrast to white letters. */
const HUES = [212, 268, 330, 18, 158, 190, 42, 290];

function hueOf(name) {
  let sum = 7;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return HUES[sum % HUES.length];
}

/** @param {{id: string, username?: string, name?: string, bot?: boolean, avatar?: string}} user */
export function avatar(user, className = "avatar") {
  const name = user.global_name ?? user.username ?? user.name ?? "?";
  const picture = user.avatar && /^(https?:|\/)/.test(user.avatar) ? safeUrl(user.avatar) : null;
  if (picture) return el("img", { className, src: picture, alt: "" });
  if (user.bot) return el("span", { className: `${className} avatar-bot`, "aria-hidden": "true" }, signal());
  const initials = name.split(/[\s_.-]+/).map((word) => word[0] ?? "").join("").slice(0, 2).toUpperCase();
  return el("span", { className, "aria-hidden": "true", style: { "--hue": hueOf(name) } }, initials);
}

/** The project's logo: a railway signal with one lamp lit. */
export function signal() {
  return el("span", { className: "signal" }, el("i"), el("i"), el("i"));
}
