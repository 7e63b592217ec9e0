/** Dark and light, remembered. */

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
