/** Questions that must be answered before something happens: a native, modal <dialog>. */
import { h } from "mary/dom";
import { t } from "mary/page";

/**
 * @typedef {object} Question
 * @property {string} title
 * @property {string} [body]
 * @property {string} yes what the button that agrees says
 * @property {boolean} [isDanger]
 * @property {{label: string, value?: string, type?: string, maxlength?: number, autocomplete?: string}} [input]
 */

/**
 * @param {Question} question
 * @returns {Promise<string|null>} what was typed ("" without an input), null when it was called off
 */
export function ask(question) {
  const input = question.input && buildInput(question.input);
  const dialog = buildDialog(question, input);
  document.body.append(dialog);
  dialog.showModal();
  input?.select();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes" ? (input?.value ?? "") : null);
      dialog.remove();
    });
  });
}

function buildInput({ label: _, ...attributes }) {
  return /** @type {HTMLInputElement} */ (
    h("input", { id: "ask-input", class: "input", required: true, type: "text", autocomplete: "off", ...attributes })
  );
}

function buildDialog(question, input) {
  const no = h("button", { class: "button button--quiet", type: "button" }, t("ask_no"));
  const yes = h("button", { class: `button${question.isDanger ? " button--danger" : ""}`, value: "yes" }, question.yes);
  const dialog = /** @type {HTMLDialogElement} */ (
    h(
      "dialog",
      { class: "ask", "aria-labelledby": "ask-title" },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "ask-title" }, question.title),
        question.body && h("p", { class: "soft" }, question.body),
        input && h("p", { class: "field" }, h("label", { for: "ask-input" }, question.input.label), input),
        h("div", { class: "row" }, no, yes),
      ),
    )
  );
  no.addEventListener("click", () => dialog.close("no"));
  return dialog;
}
