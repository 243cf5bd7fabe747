/** The conversation on the page: turns in their order, days and notices between them, and where one is scrolled to. */
import { findRepeatedCards } from "mary/crisis";
import { h, reconcile } from "mary/dom";
import { page, t } from "mary/page";
import { isLive } from "mary/store";
import { dayName, onSameDay } from "mary/times";
import { TurnView, buildUnsent } from "mary/turn";

/** @typedef {import("./types.js").Dialog} Dialog */

/** In a long talk the reminder that this is an AI comes back after this time. */
const NOTICE_EVERY_MILLISECONDS = 3 * 3_600_000;
const NEAR_BOTTOM_PIXELS = 120;

export class Talk {
  /** @type {Map<string, TurnView>} */
  #turns = new Map();
  /** @type {Map<string, HTMLElement>} */
  #separators = new Map();
  #frame = 0;
  #isHeld = false;

  /**
   * @param {import("./store.js").RoomStore} store
   * @param {import("./outbox.js").Outbox} outbox
   * @param {import("./reply.js").ReplyActions & {retry: (id: string) => void, takeBack: (id: string) => void, loadOlder: () => Promise<void>}} actions
   */
  constructor(store, outbox, actions) {
    this.store = store;
    this.outbox = outbox;
    this.actions = actions;
    this.isEnded = page.is_ended;
    this.isConnected = false;
    this.list = document.querySelector("[data-turns]");
    this.scroller = document.querySelector("[data-scroll]");
    this.latest = document.querySelector("[data-latest]");
    this.older = document.querySelector("[data-older]");
    this.latest.addEventListener("click", () => this.scrollToEnd());
    this.older.addEventListener("click", () => this.#showOlder());
    this.scroller.addEventListener("scroll", () => this.#isNearEnd() && (this.latest.hidden = true), { passive: true });
    for (const kind of ["wheel", "touchmove", "keydown"]) {
      this.scroller.addEventListener(kind, () => (this.#isHeld = false), { passive: true });
    }
    new ResizeObserver(() => this.isFollowing && this.scrollToEnd()).observe(this.scroller);
  }

  /** The next frame shows what the store holds; many deltas become one rendering. */
  renderSoon() {
    this.#frame ||= requestAnimationFrame(() => this.render());
  }

  render() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const isFollowing = this.#isNearEnd();
    const dialogs = this.store.listDialogs();
    this.#updateTurns(dialogs);
    reconcile(this.list, [...this.#arrange(dialogs), ...this.#buildUnsent()]);
    this.older.parentElement.hidden = !this.store.hasOlder;
    if (isFollowing) this.scrollToEnd();
    else if (dialogs.at(-1)?.replies.some(isLive)) this.latest.hidden = false;
  }

  scrollToEnd() {
    this.#isHeld = false;
    this.isFollowing = true;
    this.latest.hidden = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Bring a turn's crisis card into sight, and let nothing that arrives push it away. @param {string} dialogId */
  holdAt(dialogId) {
    const card = this.#turns.get(dialogId)?.element.querySelector(".crisis");
    if (!card) return;
    card.closest(".turn").scrollIntoView({ block: "start" });
    this.#isHeld = true;
    this.isFollowing = false;
  }

  /** After this, what arrives is new, and settles in gently. */
  welcomeNew() {
    this.isWelcoming = true;
  }

  forgetTurns() {
    this.#turns.clear();
  }

  #isNearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.isFollowing = !this.#isHeld && scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PIXELS;
    return this.isFollowing;
  }

  #updateTurns(dialogs) {
    const repeated = findRepeatedCards(dialogs);
    const mood = { isBusy: this.store.findLiveReply() !== undefined, isEnded: this.isEnded };
    for (const dialog of dialogs) {
      const turn = this.#turns.get(dialog.id) ?? this.#addTurn(dialog);
      turn.update(dialog, this.store.live, { ...mood, hasRepeatedCard: repeated.has(dialog.id) });
    }
  }

  #addTurn(dialog) {
    const turn = new TurnView(dialog, this.actions);
    turn.element.classList.toggle("is-new", this.isWelcoming === true);
    this.#turns.set(dialog.id, turn);
    return turn;
  }

  /** @param {Dialog[]} dialogs */
  #arrange(dialogs) {
    const elements = [];
    let before = null;
    let noticedAt = -Infinity;
    for (const dialog of dialogs) {
      const at = new Date(dialog.dt_dialog).getTime();
      if (!before || !onSameDay(before.dt_dialog, dialog.dt_dialog)) elements.push(this.#getSeparator(dialog, "day"));
      if (at - noticedAt >= NOTICE_EVERY_MILLISECONDS) {
        elements.push(this.#getSeparator(dialog, "notice"));
        noticedAt = at;
      }
      elements.push(this.#turns.get(dialog.id).element);
      before = dialog;
    }
    return elements;
  }

  #getSeparator(dialog, kind) {
    const key = `${kind} ${dialog.id}`;
    const held = this.#separators.get(key);
    if (held) return held;
    const element =
      kind === "day"
        ? h("li", { class: "separator" }, h("time", { datetime: dialog.dt_dialog }, dayName(dialog.dt_dialog)))
        : h("li", { class: "ai-notice" }, t(dialog.seq === 1 ? "ai_notice" : "ai_notice_again"));
    this.#separators.set(key, element);
    return element;
  }

  #buildUnsent() {
    return this.outbox.items.map((unsent) => buildUnsent(unsent, this.isConnected, this.actions));
  }

  async #showOlder() {
    const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop;
    await this.actions.loadOlder();
    this.render();
    this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd;
  }
}
