/** The answer to one dialog: the reply shown, the way through its siblings, and the row of actions below. */
import { announce, toast } from "mary/announce";
import { h, icon, iconButton } from "mary/dom";
import { buildRating, saveFeedback, withdrawFeedback } from "mary/feedback";
import { renderMarkdown } from "mary/markdown";
import { inLanguage, page, t } from "mary/page";
import { isLive } from "mary/store";
import { clockTime } from "mary/times";

/** @typedef {import("./types.js").Dialog} Dialog */
/** @typedef {import("./types.js").Reply} Reply */
/** @typedef {import("./types.js").LiveText} LiveText */
/**
 * @typedef {object} ReplyActions what a reply can ask of the room
 * @property {(dialogId: string) => void} regenerate
 * @property {(replyId: string) => void} choose
 * @typedef {{isBusy: boolean, isEnded: boolean}} RoomMood
 */

export class AnswerView {
  /** @type {string|null} */
  #shownId = null;
  /** @type {string|null} */
  #chosenId = null;
  #seenLive = new Set();
  #actionsKey = "";

  /** @param {ReplyActions} actions */
  constructor(actions) {
    this.actions = actions;
    this.words = h("div", { class: "speech-text" });
    this.note = h("div", { class: "speech-note" });
    this.row = h("div", { class: "actions" });
    this.panel = h("div", {});
    this.element = h(
      "article",
      { class: "theirs", "aria-label": t("bubble_of", { name: page.character.name }) },
      h("img", { src: page.character.portrait_url, alt: "", width: 40, height: 40 }),
      h(
        "div",
        {},
        h("p", { class: "theirs-name" }, page.character.name, h("span", { class: "ai-label" }, "AI")),
        h("div", { class: "speech" }, this.words, this.note),
        this.row,
        this.panel,
      ),
    );
  }

  /** @param {Dialog} dialog @param {Map<string, LiveText>} live @param {RoomMood} mood */
  update(dialog, live, mood) {
    this.dialog = dialog;
    this.live = live;
    this.mood = mood;
    const reply = this.#findShown();
    this.#shownId = reply?.id ?? null;
    this.#showWords(reply);
    this.#showNote(reply);
    this.#showActions(reply);
  }

  /** A new live reply and a new choice come forward; otherwise what the user is reading stays. */
  #findShown() {
    const { replies, chosen_reply_id: chosenId } = this.dialog;
    const fresh = replies.find((reply) => isLive(reply) && !this.#seenLive.has(reply.id));
    if (fresh) this.#seenLive.add(fresh.id);
    const isNewChoice = chosenId !== this.#chosenId && this.#shownId !== null;
    this.#chosenId = chosenId;
    const find = (id) => replies.find((reply) => reply.id === id);
    return fresh ?? (isNewChoice ? find(chosenId) : find(this.#shownId)) ?? find(chosenId) ?? replies.at(-1);
  }

  #showWords(reply) {
    const isWriting = reply ? isLive(reply) : false;
    const text = !reply ? this.dialog.ai_message : isWriting ? (this.live.get(reply.id)?.text ?? "") : reply.text;
    this.words.hidden = !text;
    this.words.classList.toggle("is-live", isWriting);
    this.element.setAttribute("aria-busy", String(isWriting));
    if (text === this.text) return;
    this.text = text;
    this.words.replaceChildren(renderMarkdown(text));
  }

  #showNote(reply) {
    const note = reply ? this.#describe(reply) : null;
    this.note.hidden = note === null;
    this.note.classList.toggle("is-error", reply?.state === "failed");
    this.note.replaceChildren(...(note === null ? [] : [note]));
  }

  /** @param {Reply} reply @returns {Node|string|null} */
  #describe(reply) {
    if (isLive(reply)) return this.text ? null : describeWait(this.live.get(reply.id));
    if (reply.state === "stopped") return t(reply.text ? "stopped_here" : "stopped_before");
    if (reply.state === "failed") return reply.error ? inLanguage(reply.error.message) : t("something_unexpected");
    return null;
  }

  #showActions(reply) {
    const key = JSON.stringify([reply?.id, reply?.state, this.dialog.replies.length, this.#chosenId, reply?.feedback, this.mood]);
    if (key === this.#actionsKey) return;
    this.#actionsKey = key;
    const focused = this.row.contains(document.activeElement) ? document.activeElement.dataset.action : null;
    this.row.replaceChildren(...this.#buildActions(reply));
    if (focused) (this.row.querySelector(`[data-action=${focused}]:not([disabled])`) ?? this.row.querySelector("button"))?.focus();
  }

  #buildActions(reply) {
    if (!reply) return []; // the greeting
    const parts = this.dialog.replies.length > 1 ? [this.#buildPager(reply)] : [];
    if (isLive(reply)) return parts;
    const isUsable = reply.state !== "failed" && reply.text !== "";
    const mayChange = !this.mood.isEnded && !this.mood.isBusy;
    if (isUsable && mayChange && reply.id !== this.#chosenId) parts.push(this.#buildChoose(reply));
    if (!isUsable && mayChange) return [...parts, this.#buildRetry()];
    return [
      ...parts,
      h(
        "span",
        { class: "actions-more" },
        isUsable && this.#buildCopy(),
        ...(isUsable ? [this.#buildThumb(reply, "up"), this.#buildThumb(reply, "down")] : []),
        isUsable && mayChange && iconButton("again", t("regenerate"), { "data-action": "again", click: () => this.#regenerate() }),
        this.#buildStamp(reply.dt_finished ?? this.dialog.dt_dialog),
      ),
    ];
  }

  #buildPager(reply) {
    const { replies } = this.dialog;
    const index = replies.indexOf(reply);
    const step = (by) => () => {
      this.#shownId = replies[index + by].id;
      this.panel.replaceChildren();
      this.update(this.dialog, this.live, this.mood);
      announce(t("page_of", { number: index + by + 1, count: replies.length }));
    };
    return h(
      "span",
      { class: "pager", role: "group", "aria-label": t("siblings") },
      iconButton("back", t("sibling_before"), { "data-action": "before", disabled: index === 0, click: step(-1) }),
      `${index + 1}/${replies.length}`,
      iconButton("next", t("sibling_after"), { "data-action": "after", disabled: index === replies.length - 1, click: step(1) }),
    );
  }

  #buildChoose(reply) {
    const choose = () => this.actions.choose(reply.id);
    return h("button", { class: "button button--quiet choose", type: "button", "data-action": "choose", click: choose }, t("choose"));
  }

  #buildRetry() {
    const look = { class: "button button--quiet choose", type: "button", "data-action": "again" };
    return h("button", { ...look, click: () => this.#regenerate() }, icon("again"), t("regenerate"));
  }

  #buildCopy() {
    const copy = async () => {
      // Refused without permission, absent outside https: either way the words on the page can be copied by hand.
      const isDone = await navigator.clipboard?.writeText(this.text ?? "").then(() => true, () => false);
      toast(t(isDone ? "copied" : "copy_failed"));
    };
    return iconButton("copy", t("copy"), { "data-action": "copy", click: copy });
  }

  #buildStamp(iso) {
    return h("time", { class: "stamp", datetime: iso }, clockTime(iso));
  }

  #buildThumb(reply, value) {
    const isPressed = reply.feedback?.value === value;
    const press = () => {
      if (isPressed && this.panel.hasChildNodes()) return this.panel.replaceChildren();
      if (isPressed) return this.#openRating(reply);
      this.#rate(reply, { value, reasons: [], comment: "" }, (rated) => this.#openRating(rated));
    };
    return iconButton(value, t(`thumb_${value}`), { "data-action": value, "aria-pressed": String(isPressed), click: press });
  }

  #openRating(reply) {
    const close = (words) => {
      this.panel.replaceChildren();
      this.row.querySelector(`[data-action=up]`)?.focus();
      toast(words);
    };
    const save = (feedback) => this.#rate(reply, feedback, () => close(t("rating_thanks")));
    const withdraw = () => this.#rate(reply, null, () => close(t("rating_withdrawn")));
    this.panel.replaceChildren(buildRating(reply.feedback, { save, withdraw }));
    this.panel.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  async #rate(reply, feedback, then) {
    try {
      await (feedback ? saveFeedback(reply.id, feedback) : withdrawFeedback(reply.id));
    } catch (error) {
      return toast(error.message);
    }
    // The room may have sent the dialog anew meanwhile: change the reply that is held now.
    const held = this.dialog.replies.find(({ id }) => id === reply.id) ?? reply;
    held.feedback = feedback;
    this.#showActions(held);
    then(held);
  }

  #regenerate() {
    this.panel.replaceChildren();
    this.actions.regenerate(this.dialog.id);
  }
}

/** @param {LiveText|undefined} live */
function describeWait(live) {
  if (live && !live.isWorkerAlive) return t("wait_worker_away");
  if (!live || live.position === null) return buildDots();
  const ahead = live.position - 1;
  return ahead < 1 ? t("wait_next") : t(ahead === 1 ? "wait_one" : "wait_many", { count: ahead });
}

function buildDots() {
  const hidden = h("span", { class: "visually-hidden" }, t("writing"));
  return h("span", { class: "dots" }, h("i"), h("i"), h("i"), hidden);
}
