/** The rating screen: one item at a time, sent and replaced in place, held while somebody is at work on it. */
import { Form } from "training/form";
import { Keys } from "training/keys";
import { post } from "training/wire";

/** A hold lasts fifteen minutes; while there are keys and clicks it is renewed this often. */
const HOLD_EVERY_MILLISECONDS = 60_000;

class RatingScreen {
  /** @type {Form|null} */
  #form = null;
  #isSending = false;
  #heldAt = performance.now();

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.words = root.dataset;
    this.place = root.querySelector("[data-place]");
    this.message = root.querySelector("[data-message]");
    new Keys({
      form: () => this.#form,
      dialog: () => root.querySelector("dialog[open]"),
      act: (name) => this.act(name),
      pickSkip: (number) => root.querySelectorAll("[data-skip]")[number - 1]?.click(),
    });
    root.addEventListener("submit", (event) => event.target.method !== "dialog" && event.preventDefault());
    root.addEventListener("click", (event) => this.#click(event));
    for (const kind of ["keydown", "pointerdown"]) root.addEventListener(kind, () => this.#hold());
    this.#adopt();
  }

  #adopt() {
    const element = this.place.querySelector("[data-item]");
    this.#form = element ? new Form(element) : null;
    this.#heldAt = performance.now();
    this.#form?.begin();
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const button = event.target.closest("[data-do], [data-skip]");
    if (!button) return;
    if (button.dataset.skip) this.#skip(button.dataset.skip);
    else this.act(button.dataset.do === "skip" ? "ask-skip" : button.dataset.do);
  }

  /** @param {string} name */
  act(name) {
    const { undo, next, undone } = this.words;
    const acts = {
      save: () => this.#save(),
      undo: () => !this.#form?.element.dataset.decide && this.#exchange(undo, {}, undone),
      next: () => this.#exchange(next, {}, ""),
      restore: () => this.#form?.restore(),
      keys: () => this.#open("keys"),
      "ask-skip": () => this.#form?.element.dataset.skipUrl && this.#open("skip"),
    };
    acts[name]?.();
  }

  /** @param {string} name */
  #open(name) {
    this.root.querySelector(`[data-dialog=${name}]`).showModal();
  }

  #save() {
    if (!this.#form) return;
    const { save, decide } = this.#form.element.dataset;
    this.#exchange(save ?? decide, this.#form.read(), this.words.saved);
  }

  /** @param {string} reason */
  #skip(reason) {
    for (const dialog of this.root.querySelectorAll("dialog[open]")) dialog.close();
    if (this.#form) this.#exchange(this.#form.element.dataset.skipUrl, { reason }, this.words.skipped);
  }

  /** One act at a time; what was typed stays until the server has taken it. */
  async #exchange(url, body, done) {
    if (this.#isSending) return;
    this.#isSending = true;
    this.root.classList.add("is-sending");
    try {
      const answer = await post(url, body, this.words);
      if (answer.is_decided) return location.assign(answer.next);
      this.place.innerHTML = answer.html;
      this.#adopt();
      this.#say(done, false);
    } catch (refusal) {
      this.#say(refusal.message, true);
    } finally {
      this.#isSending = false;
      this.root.classList.remove("is-sending");
    }
  }

  /** @param {string} text @param {boolean} isError */
  #say(text, isError) {
    this.message.textContent = text;
    this.message.classList.toggle("is-error", isError);
  }

  async #hold() {
    const url = this.#form?.element.dataset.hold;
    if (!url || performance.now() - this.#heldAt < HOLD_EVERY_MILLISECONDS) return;
    this.#heldAt = performance.now();
    const answer = await post(url, {}, this.words).catch(() => null);
    if (answer && !answer.is_held) this.#say(this.words.lost, true);
  }
}

new RatingScreen(document.getElementById("rate"));
