/** What a user thinks of a reply: a thumb at once, reasons and own words if they like. Reasons travel as keys. */
import { request } from "mary/api";
import { h } from "mary/dom";
import { page, t } from "mary/page";

/** @typedef {import("./types.js").Feedback} Feedback */

const COMMENT_CHARACTERS = 1000;

/** @param {string} replyId @param {Feedback} feedback */
export const saveFeedback = (replyId, feedback) => request("PUT", `replies/${replyId}/feedback/`, feedback);

/** @param {string} replyId */
export const withdrawFeedback = (replyId) => request("DELETE", `replies/${replyId}/feedback/`);

/**
 * @param {Feedback} feedback what holds now
 * @param {{save: (feedback: Feedback) => void, withdraw: () => void}} actions
 */
export function buildRating(feedback, actions) {
  const chips = page.reasons[feedback.value].map(({ key, label }) => buildChip(key, label, feedback.reasons.includes(key)));
  const comment = h("textarea", { class: "input", rows: 2, maxlength: COMMENT_CHARACTERS, "aria-label": t("rating_comment"), placeholder: t("rating_comment") });
  comment.value = feedback.comment;
  const form = h(
    "form",
    { class: "rating" },
    h("p", { class: "rating-title" }, t(feedback.value === "up" ? "rating_why_up" : "rating_why_down")),
    h("div", { class: "chips" }, ...chips),
    comment,
    h("p", { class: "field-help" }, t("rating_use")),
    h(
      "div",
      { class: "row" },
      h("button", { class: "button button--link", type: "button", click: actions.withdraw }, t("rating_withdraw")),
      h("button", { class: "button", type: "submit" }, t("rating_save")),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const reasons = chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.key);
    actions.save({ value: feedback.value, reasons, comment: comment.value.trim() });
  });
  return form;
}

function buildChip(key, label, isPressed) {
  const chip = h("button", { class: "chip", type: "button", "data-key": key, "aria-pressed": String(isPressed) }, label);
  chip.addEventListener("click", () => {
    chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
  });
  return chip;
}
