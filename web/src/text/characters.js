/**
 * Characters: what the text rules ask of one code point, and of a text as code points.
 *
 * A JavaScript string is a sequence of UTF-16 units; the rules count code points. White space is
 * Python's, which is not that of `\s`: that has U+FEFF and lacks U+001C to U+001F and U+0085.
 */

/** White space as the inside of a character class. */
export const SPACE = "\\p{Z}\\t-\\r\\x1c-\\x1f\\x85";

const SPACES = new RegExp(`[${SPACE}]+`, "u");
const ALL_SPACE = new RegExp(`^[${SPACE}]+$`, "u");
const SURROGATE = /\p{Surrogate}/u;
const LETTER_OR_NUMBER = /[\p{L}\p{N}]/u;

/**
 * Tell whether a text is white space alone; an empty one is not.
 *
 * @param {string} text
 */
export function isSpace(text) {
  return ALL_SPACE.test(text);
}

/**
 * Split a text at white space; none of the parts is empty.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function splitAtSpace(text) {
  return text.split(SPACES).filter((part) => part !== "");
}

/**
 * Tell whether a text has a letter or a number of any script.
 *
 * @param {string} text
 */
export function hasLetterOrNumber(text) {
  return LETTER_OR_NUMBER.test(text);
}

/**
 * Count code points.
 *
 * @param {string} text
 */
export function codePoints(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/**
 * Return the first half of a character (lone surrogate) and its position in code points, or `null`.
 *
 * @param {string} text
 * @returns {{ unit: number, position: number } | null}
 */
export function halfCharacter(text) {
  const at = text.search(SURROGATE);
  return at < 0 ? null : { unit: text.charCodeAt(at), position: codePoints(text.slice(0, at)) };
}

/**
 * Compare two texts by code points, for sorting. `<` compares UTF-16 units, which puts U+E000 to
 * U+FFFF behind the characters above them.
 *
 * @param {string} one
 * @param {string} other
 * @returns {number} negative, zero or positive
 */
export function compareCodePoints(one, other) {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    if (one.charCodeAt(at) !== other.charCodeAt(at)) {
      // Both begin a character here, or both are in the middle of characters that begin alike.
      const [a, b] = [one, other].map((text) => text.charCodeAt(at));
      const [high, low] = [isSurrogate(a), isSurrogate(b)];
      return high === low ? a - b : Number(high) - Number(low);
    }
  }
  return one.length - other.length;
}

/** @param {number} unit */
function isSurrogate(unit) {
  return unit >= 0xd800 && unit <= 0xdfff;
}
