/** Where one writes: the field, its draft, what Enter and the buttons do, and how much still fits. */
import { toast } from "mary/announce";
import { EnterToSend } from "mary/ime";
import { countCharacters, isTooLong } from "mary/limits";
import { t } from "mary/page";

/** From here on the number is shown. */
const COUNT_FROM = 0.9;

export class Composer {
  #isBusy = false;

  /**
   * @param {object} options
   * @param {HTMLFormElement} options.form
   * @param {{read: () => string, write: (value: string) => unknown}} options.draft
   * @param {number} options.limit in characters
   * @param {(text: string) => void} options.onSend
   * @param {() => boolean} options.onStop whether the wish went out
   */
  constructor({ form, draft, limit, onSend, onStop }) {
    this.form = form;
    this.draft = draft;
    this.limit = limit;
    this.onSend = onSend;
    this.field = form.querySelector("textarea");
    this.sendButton = form.querySelector("[data-send]");
    this.stopButton = form.querySelector("[data-stop]");
    this.count = form.querySelector("[data-count]");
    const enter = new EnterToSend(this.field, () => this.#send());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      enter.sendWhenComplete();
      this.field.focus();
    });
    this.stopButton.addEventListener("click", () => {
      this.stopButton.disabled = true;
      this.field.focus();
      if (!onStop()) this.allowStop();
    });
    this.field.addEventListener("input", () => this.#noteChange());
    this.field.value = draft.read();
    this.#noteChange();
  }

  /** While a reply is queued or being written, Stop stands where Send stood. @param {boolean} isBusy */
  setBusy(isBusy) {
    if (isBusy !== this.#isBusy) this.allowStop();
    this.#isBusy = isBusy;
    this.stopButton.hidden = !isBusy;
    this.sendButton.hidden = isBusy;
  }

  /** Once pressed, Stop rests; it wakes when the wish was not heard. */
  allowStop() {
    this.stopButton.disabled = false;
  }

  /** A message taken back from the outbox goes before whatever is being written. @param {string} text */
  putBack(text) {
    this.field.value = [text, this.field.value].filter(Boolean).join("\n");
    this.#noteChange();
    this.field.focus();
  }

  focus() {
    this.field.focus();
  }

  #send() {
    const text = this.field.value.trim();
    if (!text) return;
    if (this.#isBusy) return toast(t("wait_for_reply"));
    if (isTooLong(text, this.limit)) return toast(t("too_long", { limit: this.limit }));
    this.field.value = "";
    this.#noteChange();
    this.onSend(text);
  }

  #noteChange() {
    const { value } = this.field;
    this.draft.write(value);
    this.#fitHeight();
    const length = countCharacters(value.trim());
    this.sendButton.setAttribute("aria-disabled", String(length === 0));
    this.count.textContent = length > this.limit * COUNT_FROM ? `${length} / ${this.limit}` : "";
    this.count.classList.toggle("is-over", length > this.limit);
  }

  /** For browsers that do not know `field-sizing: content`. */
  #fitHeight() {
    if (CSS.supports("field-sizing", "content")) return;
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }
}
