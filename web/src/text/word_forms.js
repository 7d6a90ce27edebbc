/**
 * Word forms: a known word that shares its stem with an unknown one.
 *
 * In a language that inflects, a word that training has not seen is often the plural, the feminine
 * or another ending of one that it has.
 */

import { compareCodePoints } from "./characters.js";
import { hasUnspaced } from "./normalizers.js";

/** Letters that two forms share at least: with fewer, most pairs are different words. */
const SHORTEST_STEM = 5;
/** Letters that either form may have after the shared stem. */
const LONGEST_ENDING = 3;
/** Endings that tell thirteen from thirty in English, German and Dutch: no inflection. */
const NUMERAL_ENDINGS = ["teen", "ty", "zehn", "zig", "ßig", "tien", "tig"];
const NUMBER = /\p{N}/u;

/** Finds, among known words, another form of a word. */
export class WordForms {
  /** @param {readonly string[]} words the known ones */
  constructor(words) {
    /** In the order of code points. */
    this.sorted = [...words].sort(compareCodePoints);
  }

  /**
   * Return the other word that differs least from this one, and in its ending alone.
   *
   * @param {string} word known or not; it is never its own other form
   * @returns {string | null} the word with the fewest letters, of the longer of both, that are not
   *   shared; of several the first in the order of code points
   */
  closest(word) {
    if (!inflects(word)) return null;
    const letters = Array.from(word);
    const length = Math.max(SHORTEST_STEM, letters.length - LONGEST_ENDING);
    if (letters.length < SHORTEST_STEM) return null;
    const stem = letters.slice(0, length).join("");
    /** @type {string | null} */
    let best = null;
    let least = LONGEST_ENDING + 1;
    for (let at = this.#firstFrom(stem); at < this.sorted.length; at += 1) {
      const other = this.sorted[at];
      if (!other.startsWith(stem)) break;
      if (other === word || !inflects(other) || areTwoNumbers(word, other)) continue;
      const differing = countDiffering(letters, Array.from(other));
      if (differing < least) [best, least] = [other, differing];
    }
    return best;
  }

  /**
   * Return the index of the first word that is not before a text.
   *
   * @param {string} text
   */
  #firstFrom(text) {
    let [low, high] = [0, this.sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareCodePoints(this.sorted[middle], text) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * Count the letters of the longer word behind those with which both begin.
 *
 * @param {readonly string[]} one
 * @param {readonly string[]} other
 */
function countDiffering(one, other) {
  let shared = 0;
  while (shared < one.length && one[shared] === other[shared]) shared += 1;
  return Math.max(one.length, other.length) - shared;
}

/** @param {string} word */
function inflects(word) {
  return !NUMBER.test(word) && !hasUnspaced(word);
}

/**
 * Tell whether both end as numerals do, and differently.
 *
 * @param {string} word
 * @param {string} other
 */
function areTwoNumbers(word, other) {
  const [one, two] = [word, other].map((w) => NUMERAL_ENDINGS.find((end) => w.endsWith(end)));
  return one !== undefined && two !== undefined && one !== two;
}
