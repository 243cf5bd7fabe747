/** One turn of the talk: what the user wrote, a crisis card where one is due, and the answer. */
import { buildCrisis } from "mary/crisis";
import { h } from "mary/dom";
import { t } from "mary/page";
import { AnswerView } from "mary/reply";
import { clockTime } from "mary/times";

/** @typedef {import("./types.js").Dialog} Dialog */
/** @typedef {import("./types.js").Unsent} Unsent */

/** @param {string} text @param {string} dt */
function buildMine(text, dt) {
  return h(
    "article",
    { class: "mine", "aria-label": t("bubble_mine") },
    h("p", { class: "mine-text" }, text),
    h("time", { class: "stamp", datetime: dt }, clockTime(dt)),
  );
}

export class TurnView {
  #crisisKey = "";

  /** @param {Dialog} dialog @param {import("./reply.js").ReplyActions} actions */
  constructor(dialog, actions) {
    this.answer = new AnswerView(actions);
    this.crisis = h("div", { hidden: true });
    this.element = h("li", { class: "turn" }, dialog.u_message && buildMine(dialog.u_message, dialog.dt_dialog), this.crisis);
  }

  /**
   * @param {Dialog} dialog
   * @param {Map<string, import("./types.js").LiveText>} live
   * @param {import("./reply.js").RoomMood & {hasRepeatedCard: boolean}} mood
   */
  update(dialog, live, { hasRepeatedCard, ...mood }) {
    this.#showCrisis(dialog, hasRepeatedCard);
    if (!dialog.replies.length && !dialog.ai_message) return;
    this.answer.update(dialog, live, mood);
    if (!this.answer.element.isConnected) this.element.append(this.answer.element);
  }

  #showCrisis(dialog, isRepeated) {
    const key = dialog.crisis ? `${dialog.crisis.card.code} ${isRepeated}` : "";
    if (key === this.#crisisKey) return;
    this.#crisisKey = key;
    this.crisis.hidden = !dialog.crisis;
    this.crisis.replaceChildren(...(dialog.crisis ? [buildCrisis(dialog.crisis.card, isRepeated)] : []));
  }
}

/**
 * A message that the server has not acknowledged yet.
 * @param {Unsent} unsent
 * @param {boolean} isConnected
 * @param {{retry: (id: string) => void, takeBack: (id: string) => void}} actions
 */
export function buildUnsent(unsent, isConnected, actions) {
  const words = unsent.error ? unsent.error.message : t(isConnected ? "sending" : "sends_when_connected");
  const button = (label, run) =>
    h("button", { class: "button button--link", type: "button", click: () => run(unsent.client_msg_id) }, label);
  return h(
    "li",
    { class: "turn" },
    h(
      "article",
      { class: "mine is-waiting", "aria-label": t("bubble_mine") },
      h("p", { class: "mine-text" }, unsent.text),
      h("p", { class: unsent.error ? "is-refused" : "stamp", role: unsent.error ? "alert" : null }, words),
      unsent.error && h("p", { class: "row" }, button(t("send_again"), actions.retry), button(t("take_back"), actions.takeBack)),
    ),
  );
}
