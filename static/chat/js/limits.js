/** What fits into one message, as chat/replies/text_limits.py and the socket measure it. */

/** Characters as a reader counts them, and as the server does: a family emoji is one. */
const graphemes = new Intl.Segmenter();
const MAX_CODE_POINTS = 8000;
/** The text's share of a frame of 65,000 bytes; ids and field names take the rest. */
const MAX_TEXT_BYTES = 64_800;

/** @param {string} text */
export const countCharacters = (text) => [...graphemes.segment(text)].length;

/** Offsets count code points; a JavaScript string counts UTF-16 units. @param {string} text */
export function countCodePoints(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** @param {string} text @param {number} limit in characters */
export function isTooLong(text, limit) {
  return (
    countCodePoints(text.normalize("NFC")) > MAX_CODE_POINTS ||
    new TextEncoder().encode(JSON.stringify(text)).length > MAX_TEXT_BYTES ||
    countCharacters(text) > limit
  );
}
