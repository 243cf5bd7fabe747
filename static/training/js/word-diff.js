/** Which words of a text were taken out and which came in: the longest common run of words stays. Pure. */

/** Above this many pairs of words the table would be slow; the texts then count as wholly different. */
const MOST_PAIRS = 250_000;

/** @typedef {{kind: "same"|"out"|"in", text: string}} Part */

/**
 * @param {string} before
 * @param {string} after
 * @returns {Part[]} neighbours of one kind joined, in reading order
 */
export function diffWords(before, after) {
  const from = split(before);
  const to = split(after);
  if (from.length * to.length > MOST_PAIRS) return [part("out", before), part("in", after)];
  const lengths = measure(from, to);
  /** @type {Part[]} */
  const parts = [];
  let i = 0;
  let j = 0;
  while (i < from.length || j < to.length) {
    if (i < from.length && j < to.length && from[i] === to[j]) {
      append(parts, "same", from[i++]);
      j += 1;
    } else if (j === to.length || (i < from.length && lengths[i + 1][j] >= lengths[i][j + 1])) {
      append(parts, "out", from[i++]);
    } else {
      append(parts, "in", to[j++]);
    }
  }
  return parts;
}

/** Words and the blank space between them. @param {string} text */
const split = (text) => text.match(/\S+|\s+/gu) ?? [];

/** @param {Part["kind"]} kind @param {string} text @returns {Part} */
const part = (kind, text) => ({ kind, text });

/** lengths[i][j]: the longest common run of from[i…] and to[j…]. @param {string[]} from @param {string[]} to */
function measure(from, to) {
  const lengths = Array.from({ length: from.length + 1 }, () => new Uint16Array(to.length + 1));
  for (let i = from.length - 1; i >= 0; i -= 1) {
    for (let j = to.length - 1; j >= 0; j -= 1) {
      lengths[i][j] = from[i] === to[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}

/** @param {Part[]} parts @param {Part["kind"]} kind @param {string} text */
function append(parts, kind, text) {
  const last = parts.at(-1);
  if (last?.kind === kind) last.text += text;
  else parts.push(part(kind, text));
}
