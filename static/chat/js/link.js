/** Tells how the connection stands, but not for a hiccup that is over before one could read it. */
import { t } from "mary/page";

const SHOW_AFTER_MILLISECONDS = 1200;

export class LinkNote {
  #timer = 0;

  /** @param {() => void} retryNow */
  constructor(retryNow) {
    this.strip = document.querySelector("[data-link-state]");
    this.words = document.querySelector("[data-link-words]");
    this.button = document.querySelector("[data-link-now]");
    this.button.addEventListener("click", retryNow);
  }

  /** @param {import("./socket.js").LinkState} state */
  show(state) {
    if (state.name === "open") return this.#hide();
    const words = state.name === "closed" ? t("too_many_tabs") : t(navigator.onLine ? "link_waiting" : "link_offline");
    this.#timer ||= setTimeout(() => (this.strip.hidden = false), SHOW_AFTER_MILLISECONDS);
    this.words.textContent = words;
  }

  #hide() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.strip.hidden = true;
  }
}
