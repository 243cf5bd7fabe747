/** The switch between the device's brightness, light and dark. The choice stays in this browser. */
import { icon } from "mary/dom";

const KEY = "mary:theme";
const ORDER = ["auto", "light", "dark"];

/** @returns {string} */
function readTheme() {
  return localStorage.getItem(KEY) ?? "auto";
}

/** @param {string} theme */
function applyTheme(theme) {
  if (theme === "auto") {
    localStorage.removeItem(KEY);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(KEY, theme);
    document.documentElement.dataset.theme = theme;
  }
}

/** @param {HTMLElement} button */
function showTheme(button) {
  const theme = readTheme();
  button.replaceChildren(icon(theme));
  button.setAttribute("aria-label", button.dataset[theme] ?? "");
  button.title = button.dataset[theme] ?? "";
}

export function startThemeSwitch() {
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    showTheme(button);
    button.addEventListener("click", () => {
      applyTheme(ORDER[(ORDER.indexOf(readTheme()) + 1) % ORDER.length]);
      showTheme(button);
    });
  }
}
