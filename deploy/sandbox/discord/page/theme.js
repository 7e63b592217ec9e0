/** The dark and the light theme; the choice is saved in the browser. */

const KEY = "theme";

const current = () => document.documentElement.dataset.theme;

export const otherTheme = () => (current() === "dark" ? "light" : "dark");

export function restoreTheme() {
  document.documentElement.dataset.theme = localStorage.getItem(KEY) === "light" ? "light" : "dark";
}

export function switchTheme() {
  document.documentElement.dataset.theme = otherTheme();
  localStorage.setItem(KEY, current());
}
