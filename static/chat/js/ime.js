/**
 * Enter sends, once, also in the middle of a Korean syllable.
 *
 * Browsers disagree on what an Enter that ends a composition looks like:
 *   Chromium, Firefox   keydown (composing) → compositionend [→ a second keydown or a line break for the same press]
 *   Safari              compositionend → keydown (keyCode 229, no longer composing)
 * In Safari only what the composition ended with tells an Enter that sends from one that chose a Hanja: after Hanja, a
 * keydown with keyCode 229 belongs to the choice. A Hangul candidate cannot be told apart, and sends.
 * So an Enter during a composition is only remembered; what sends is the end of that composition, after the last
 * syllable is in the field. Whatever else the same press brings before its keyup is swallowed.
 */

/** Scripts whose writers press Enter to choose a candidate, not to send. */
const CANDIDATES = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}]/u;

/** The keyCode of a key that the input method has taken. */
const IN_COMPOSITION = 229;

/** @param {KeyboardEvent} event */
const isEnter = (event) => event.key === "Enter" || event.code === "Enter" || event.code === "NumpadEnter";

export class EnterToSend {
  /** @type {"idle"|"composing"|"armed"|"settling"} */
  #state = "idle";
  #isPressUsed = false;
  #hasChosen = false;

  /** @param {HTMLTextAreaElement} field @param {() => void} send reads the field itself */
  constructor(field, send) {
    this.send = send;
    field.addEventListener("compositionstart", () => (this.#state = "composing"));
    field.addEventListener("compositionend", (event) => this.#endComposition(event));
    field.addEventListener("keydown", (event) => this.#pressKey(event));
    field.addEventListener("keyup", (event) => isEnter(event) && (this.#isPressUsed = false));
    field.addEventListener("beforeinput", (event) => this.#refuseBreak(event));
    field.addEventListener("blur", () => (this.#isPressUsed = false));
  }

  /** For the send button: at once, or as soon as the syllable in hand is complete. */
  sendWhenComplete() {
    if (this.#state === "idle") this.send();
    else this.#state = this.#state === "composing" ? "armed" : this.#state;
  }

  /** @param {KeyboardEvent} event */
  #pressKey(event) {
    const isComposing = event.isComposing || this.#state === "composing" || this.#state === "armed";
    if (!isEnter(event) || event.shiftKey) {
      if (this.#state === "armed") this.#state = "composing";
      return;
    }
    if (isComposing) {
      this.#state = "armed";
      return;
    }
    event.preventDefault();
    if (event.keyCode === IN_COMPOSITION && this.#hasChosen) return;
    if (event.repeat || this.#isPressUsed || this.#state === "settling") return;
    this.#isPressUsed = true;
    this.send();
  }

  /** @param {CompositionEvent} event */
  #endComposition(event) {
    this.#hasChosen = CANDIDATES.test(event.data ?? "");
    const isSending = this.#state === "armed" && !this.#hasChosen;
    this.#state = isSending ? "settling" : "idle";
    if (!isSending) return;
    this.#isPressUsed = true;
    // Firefox writes the last syllable into the field only after compositionend: wait for that task to be over.
    setTimeout(() => {
      this.#state = "idle";
      this.send();
    });
  }

  /** Windows delivers the line break of an Enter that already sent. @param {InputEvent} event */
  #refuseBreak(event) {
    const isBreak = event.inputType === "insertLineBreak" || event.inputType === "insertParagraph";
    if (isBreak && (this.#isPressUsed || this.#state === "settling")) event.preventDefault();
  }
}
