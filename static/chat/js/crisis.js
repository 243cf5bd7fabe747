/** The crisis card: in full once per episode, a small line after that. Made of data, so it needs no reply and no worker. */
import { h, icon } from "mary/dom";
import { inLanguage, t } from "mary/page";

/** @typedef {import("./types.js").Dialog} Dialog */

/** After this many quiet turns or hours a card counts as a new episode and is shown in full again. */
const QUIET_TURNS = 10;
const QUIET_MILLISECONDS = 12 * 3_600_000;

/** @param {Dialog[]} dialogs oldest first @returns {Set<string>} ids of the dialogs whose card was just shown */
export function findRepeatedCards(dialogs) {
  const repeated = new Set();
  /** @type {Map<string, {dialog: Dialog, level: number}>} by theme: the latest such turn, the gravest card shown */
  const episodes = new Map();
  for (const dialog of dialogs) {
    if (!dialog.crisis) continue;
    const { card, level } = dialog.crisis;
    const theme = card.code.slice(0, card.code.lastIndexOf("."));
    const episode = episodes.get(theme);
    const isOpen = episode !== undefined && isSameEpisode(episode.dialog, dialog);
    if (isOpen && level <= episode.level) repeated.add(dialog.id);
    episodes.set(theme, { dialog, level: isOpen ? Math.max(level, episode.level) : level });
  }
  return repeated;
}

function isSameEpisode(earlier, later) {
  const quietTurns = later.seq - earlier.seq;
  const quietTime = new Date(later.dt_dialog).getTime() - new Date(earlier.dt_dialog).getTime();
  return quietTurns <= QUIET_TURNS && quietTime <= QUIET_MILLISECONDS;
}

/** @param {import("./types.js").CrisisCard} card @param {boolean} isRepeated */
export function buildCrisis(card, isRepeated) {
  return isRepeated ? buildSmallLine(card) : buildCard(card);
}

function buildCard(card) {
  return h(
    "section",
    { class: "crisis", "aria-label": inLanguage(card.title) },
    h("h2", {}, inLanguage(card.title)),
    h("p", {}, inLanguage(card.body)),
    h("ul", {}, ...card.lines.map(buildLine)),
  );
}

function buildLine(line) {
  const name = inLanguage(line.name);
  return h(
    "li",
    {},
    h("p", { class: "crisis-name" }, name, h("span", {}, inLanguage(line.hours))),
    h(
      "p",
      { class: "crisis-links" },
      buildLink(line.tel, "tel:", "phone", line.number, t("call_line", { name, number: line.number }), ""),
      line.sms &&
        buildLink(line.sms, "sms:", "letter", t("text_short"), t("text_line", { name, number: line.number }), " button--quiet"),
    ),
  );
}

function buildLink(href, scheme, symbol, words, label, look) {
  if (!href.startsWith(scheme)) throw new Error(`a crisis line leads to ${href}`);
  return h("a", { class: `button${look}`, href, "aria-label": label }, icon(symbol), words);
}

function buildSmallLine(card) {
  const numbers = card.lines.map((line) => line.number).join(" · ");
  return h("details", { class: "crisis-again" }, h("summary", {}, t("help_still_here", { numbers })), buildCard(card));
}
