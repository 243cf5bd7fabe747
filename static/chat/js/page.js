/** What the server wrote into this page: ids and addresses in `page`, the words of the interface through `t`. */

/** @param {string} id */
function readJson(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent ?? "{}") : {};
}

export const page = readJson("page-data");
const words = readJson("page-words");

/**
 * @param {string} key one of chat/page_words.py
 * @param {Record<string, string|number>} [values] for the {places} in the wording
 * @returns {string}
 */
export function t(key, values = {}) {
  const wording = words[key];
  if (wording === undefined) throw new Error(`no wording for ${key}`);
  return wording.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/**
 * The side of a {ko, en} pair that this user reads.
 * @param {{ko: string, en: string}} pair
 */
export function inLanguage(pair) {
  return document.documentElement.lang === "en" ? pair.en : pair.ko;
}

/** @param {string} counselId */
export function roomAddress(counselId) {
  return page.urls.room.replace(page.urls.any_id, counselId);
}
