/**
 * The keyboard of the rating screen. Letters go by the key's place, so a Korean layout makes no difference.
 *
 * Inside a text box keys write; only Ctrl+Enter saves, PgUp and PgDn turn the talk and Esc leaves. A Ctrl+Enter in the
 * middle of a Korean syllable waits for the syllable: it saves at the end of the composition, and the same press saves
 * once.
 */

const REASONS_AND_ANSWERS = /^Key([A-DXQWERTYFGHJKLZV])$/;
/** While the talk has the focus, these are the browser's: they scroll and unfold it, and no row is in front of them. */
const TALK_KEYS = new Set(["ArrowUp", "ArrowDown", "Enter", "NumpadEnter", "Backspace", "Delete"]);
const DIGIT = /^(?:Digit|Numpad)(\d)$/;

/** @param {KeyboardEvent} event */
const isEnter = (event) => event.code === "Enter" || event.code === "NumpadEnter" || event.key === "Enter";

/** @param {EventTarget|null} target */
const isTextBox = (target) => target instanceof HTMLTextAreaElement;

/** @param {Element} target */
const isButton = (target) => target.closest("button, a, summary") !== null;

/** @param {Element} target */
const isTalk = (target) => target.closest("[data-turns]") !== null;

/**
 * @typedef {object} Page
 * @property {() => import("training/form").Form|null} form
 * @property {() => HTMLDialogElement|null} dialog the open one
 * @property {(name: string) => void} act
 * @property {(number: number) => void} pickSkip
 */

export class Keys {
  #isComposing = false;
  #isWaiting = false;
  #isPressUsed = false;

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    document.addEventListener("compositionstart", () => (this.#isComposing = true));
    document.addEventListener("compositionend", () => this.#endComposition());
    document.addEventListener("keydown", (event) => this.#press(event));
    document.addEventListener("keyup", (event) => isEnter(event) && (this.#isPressUsed = false));
    window.addEventListener("blur", () => (this.#isPressUsed = false));
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (isEnter(event) && (event.ctrlKey || event.metaKey)) return this.#save(event);
    if (event.isComposing || this.#isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const dialog = this.page.dialog();
    if (dialog) return this.#pressInDialog(event, dialog);
    if (event.code === "PageUp" || event.code === "PageDown") return this.#turn(event);
    if (event.code === "Escape" && (isTextBox(event.target) || isTalk(event.target))) return this.#leave(event);
    if (isTextBox(event.target) || (isTalk(event.target) && TALK_KEYS.has(event.code))) return;
    this.#pressOutside(event);
  }

  /** Where the talk fits its place, the page is turned. @param {KeyboardEvent} event */
  #turn(event) {
    if (this.page.form()?.turnTalk(event.code === "PageUp" ? -1 : 1)) event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  #leave(event) {
    this.#take(event, () => this.page.form()?.goTo(this.page.form().rows[0]));
  }

  /** @param {KeyboardEvent} event */
  #save(event) {
    event.preventDefault();
    if (this.page.dialog() || event.repeat || this.#isPressUsed) return;
    this.#isPressUsed = true;
    if (event.isComposing || this.#isComposing) this.#isWaiting = true;
    else this.page.act("save");
  }

  #endComposition() {
    this.#isComposing = false;
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    // Firefox writes the last syllable into the box only after this event.
    setTimeout(() => this.page.act("save"));
  }

  /** @param {KeyboardEvent} event @param {HTMLDialogElement} dialog */
  #pressInDialog(event, dialog) {
    const digit = DIGIT.exec(event.code);
    if (digit && dialog.dataset.dialog === "skip") this.#take(event, () => this.page.pickSkip(Number(digit[1])));
  }

  /** @param {KeyboardEvent} event */
  #pressOutside(event) {
    if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) return this.#take(event, () => this.page.act("keys"));
    if (event.code === "KeyU") return this.#take(event, () => this.page.act("undo"));
    const form = this.page.form();
    if (!form) return;
    const digit = DIGIT.exec(event.code);
    const letter = REASONS_AND_ANSWERS.exec(event.code);
    if (digit) this.#take(event, () => form.score(Number(digit[1])));
    else if (letter) this.#take(event, () => form.press(letter[1]));
    else if (event.code === "ArrowDown") this.#take(event, () => form.move(1));
    else if (event.code === "ArrowUp") this.#take(event, () => form.move(-1));
    else if (event.code === "Backspace" || event.code === "Delete") this.#take(event, () => form.clear());
    else if (event.code === "KeyS") this.#take(event, () => this.page.act("ask-skip"));
    else if (event.code === "KeyM") this.#take(event, () => form.comment.focus());
    else if (isEnter(event) && !isButton(event.target)) this.#take(event, () => form.text.focus());
  }

  /** @param {KeyboardEvent} event @param {() => void} act */
  #take(event, act) {
    event.preventDefault();
    if (!event.repeat || event.code.startsWith("Arrow")) act();
  }
}
