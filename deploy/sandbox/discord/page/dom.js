/**
 * Builds the page's elements. Text always becomes text nodes: nothing in a message is parsed as HTML, and
 * only web addresses become links or sources.
 */

const SVG = "http://www.w3.org/2000/svg";

/** Icons as paths on a 24 by 24 grid, drawn with strokes. */
const ICONS = {
  hash: "M10 4 8 20 M16 4l-2 16 M4.5 9h16 M3.5 15h16",
  thread: "M4 5h16v11h-9l-4 4v-4H4z M8 9h8 M8 12h5",
  close: "M6 6l12 12 M18 6 6 18",
  menu: "M4 7h16 M4 12h16 M4 17h16",
  back: "M14 6l-6 6 6 6",
  down: "M6 9l6 6 6-6",
  send: "M4 12 20 4l-5 16-4-7z M11 13l9-9",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z M12 2v2 M12 20v2 M2 12h2 M20 12h2 M5 5l1.5 1.5 M17.5 17.5 19 19 M19 5l-1.5 1.5 M6.5 17.5 5 19",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  file: "M6 3h8l5 5v13H6z M14 3v5h5",
  download: "M12 4v11 M7.5 11l4.5 4.5 4.5-4.5 M5 20h14",
  expand: "M8 10l4-4 4 4 M8 14l4 4 4-4",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  reply: "M10 6 4 11l6 5v-3.5c5 0 8 1.5 10 5-.5-6-4-9-10-9z",
  lock: "M6 11h12v9H6z M8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  check: "M5 12.5l4.5 4.5L19 7.5",
  external: "M14 4h6v6 M20 4l-9 9 M18 14v6H4V6h6",
};

/**
 * Makes an element. `props` are DOM properties, except names with a dash, `role` and `for` (attributes) and
 * `onclick` and the like (listeners). Undefined, null and false are left out.
 * @param {string} tag
 * @param {Object<string, *>} [props]
 * @param {...(Node|string|number|null|undefined|false|Array)} children strings become text
 * @returns {HTMLElement}
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, item] of Object.entries(value)) element.style.setProperty(key, item);
    else if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, String(value));
    else element[name] = value;
  }
  fill(element, ...children);
  return element;
}

/** Appends children as `el` does. */
export function fill(element, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** Replaces all children. */
export function refill(element, ...children) {
  element.replaceChildren();
  return fill(element, ...children);
}

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Whether this page was opened from a file, with its pictures beside it. */
export const SAVED = location.protocol === "file:";

/** Returns an address that is safe in a link or source, or null. */
export function safeUrl(text) {
  try {
    const url = new URL(text, location.href);
    return ["http:", "https:", ...(SAVED ? ["file:"] : [])].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that opens in a new tab, or plain text if the address is not a web address. */
export function link(address, ...children) {
  const href = safeUrl(address);
  if (!href) return el("span", {}, ...children);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** Scrolls to a message. @returns {boolean} false if it is not loaded */
export function jumpTo(messageId) {
  const message = document.querySelector(`.log .message[data-id="${CSS.escape(messageId)}"]`);
  message?.scrollIntoView({ block: "center" });
  message?.classList.add("found");
  return message !== null;
}

/** Calls `action` once, `delay` milliseconds after the last call. */
export function debounce(action, delay) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...args), delay);
  };
}

/** Calls `action` at most once a frame. */
export function onceAFrame(action) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      action();
    });
  };
}
