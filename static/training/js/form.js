/** The form of one item: its rows, chips, answers and texts, as figures to read and as places to go. */
import { diffWords } from "training/word-diff";

const ONE_COLUMN = matchMedia("(width < 64rem)");
/** Of what is in sight of the talk, so much is turned at once; the rest stays to find one's place by. */
const SHARE_OF_TALK = 0.85;
const MARKS = { same: "span", out: "del", in: "ins" };

export class Form {
  /** @param {HTMLFormElement} element */
  constructor(element) {
    this.element = element;
    this.original = element.dataset.original ?? "";
    this.text = /** @type {HTMLTextAreaElement} */ (element.querySelector("#rate-text"));
    this.comment = /** @type {HTMLTextAreaElement} */ (element.querySelector("#rate-comment"));
    this.rows = [...element.querySelectorAll("[data-row]")];
    this.shownAt = performance.now();
    this.text.addEventListener("input", () => this.showDifference());
    for (const kind of ["focusin", "pointerover"]) element.addEventListener(kind, (event) => this.#ask(event.target));
    element.addEventListener("pointerleave", () => this.#ask(document.activeElement));
    this.showDifference();
  }

  /** The overall is up, and the newest turn in sight; in one column the talk comes first. */
  begin() {
    const turns = this.element.querySelector("[data-turns]");
    if (turns) turns.scrollTop = turns.scrollHeight;
    this.goTo(this.rows[0]);
    if (ONE_COLUMN.matches) this.element.scrollIntoView({ block: "start" });
  }

  // --- rows -----------------------------------------------------------------------------------------------------

  get row() {
    return this.rows.find((row) => row.contains(document.activeElement)) ?? this.rows[0];
  }

  /** @param {Element} row */
  goTo(row) {
    const input = row.querySelector("input:checked") ?? row.querySelector("input");
    input.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} step */
  move(step) {
    const place = this.rows.indexOf(this.row) + step;
    if (this.rows[place]) this.goTo(this.rows[place]);
  }

  /** A digit for the focused row; below the overall, the next row is up. @param {number} digit */
  score(digit) {
    const row = this.row;
    const figure = row.dataset.row === "overall" && digit === 0 ? 10 : digit;
    const input = row.querySelector(`input[value="${figure}"]`);
    if (!input) return;
    input.checked = true;
    this.goTo(row);
    if (row.dataset.row !== "overall") this.move(1);
  }

  /**
   * A row's question, in a place of its own: rows that grow under the pointer would lose its click.
   *
   * @param {Element} target
   */
  #ask(target) {
    const row = target.closest("[data-row]") ?? this.row;
    const question = this.element.querySelector("[data-question]");
    question.textContent = row === this.rows[0] ? "" : row.querySelector("small").textContent;
  }

  clear() {
    for (const input of this.row.querySelectorAll("input")) input.checked = false;
  }

  /** A reason, an answer or "both bad"; the same letter again takes it back. @param {string} letter */
  press(letter) {
    const input = this.element.querySelector(`[data-letter="${letter}"]`);
    if (!input) return;
    input.checked = !input.checked;
    input.closest("label").scrollIntoView({ block: "nearest" });
  }

  // --- the talk -------------------------------------------------------------------------------------------------

  /** @param {number} step @returns {boolean} whether there is more of it than one can see */
  turnTalk(step) {
    const turns = this.element.querySelector("[data-turns]");
    if (turns.scrollHeight <= turns.clientHeight) return false;
    turns.scrollIntoView({ block: "nearest" });
    turns.scrollBy({ top: step * turns.clientHeight * SHARE_OF_TALK });
    return true;
  }

  // --- the text -------------------------------------------------------------------------------------------------

  get isCorrected() {
    return this.text.value.trim() !== this.original.trim();
  }

  restore() {
    this.text.value = this.original;
    this.showDifference();
  }

  showDifference() {
    const box = this.element.querySelector("[data-difference]");
    box.hidden = !this.isCorrected;
    const parts = this.isCorrected ? diffWords(this.original, this.text.value) : [];
    box.querySelector("[data-parts]").replaceChildren(
      ...parts.map(({ kind, text }) => Object.assign(document.createElement(MARKS[kind]), { textContent: text })),
    );
    const count = this.element.querySelector("[data-count]");
    count.textContent = this.text.value.length;
    count.classList.toggle("is-too-long", this.text.value.length > this.text.maxLength);
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight + 2}px`;
  }

  // --- what was done --------------------------------------------------------------------------------------------

  read() {
    const given = Object.fromEntries(this.rows.map((row) => [row.dataset.row, row.querySelector("input:checked")]));
    const figures = Object.entries(given).filter(([, input]) => input);
    const { overall = null, ...scores } = Object.fromEntries(figures.map(([key, input]) => [key, Number(input.value)]));
    const preferred = this.element.querySelector("[name=preferred]:checked")?.value ?? null;
    return {
      overall,
      scores,
      reasons: [...this.element.querySelectorAll("[name=reason]:checked")].map((input) => input.value),
      correction: this.isCorrected ? this.text.value : "",
      preferred_reply_id: preferred === "none" ? null : preferred,
      shown_reply_ids: [...this.element.querySelectorAll("[name=preferred]:not([value=none])")].map((one) => one.value),
      is_both_bad: preferred === "none",
      comment: this.comment.value,
      seconds: Math.round((performance.now() - this.shownAt) / 1000),
    };
  }
}
