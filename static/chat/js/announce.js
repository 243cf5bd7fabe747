/** One sentence to those who hear the page (announce), one to those who see and hear it (toast). */
import { h } from "mary/dom";

const TOAST_MILLISECONDS = 5000;

/** @param {string} sentence */
export function announce(sentence) {
  const region = document.querySelector("[data-announcer]");
  if (region) region.textContent = sentence;
}

/** @param {string} sentence */
export function toast(sentence) {
  document.querySelector(".toast")?.remove();
  const note = h("p", { class: "toast", role: "status" });
  document.body.append(note);
  // The live region must stand in the page before its words arrive, or nobody reads them out.
  requestAnimationFrame(() => (note.textContent = sentence));
  setTimeout(() => note.remove(), TOAST_MILLISECONDS);
}
