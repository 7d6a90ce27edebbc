/**
 * Byte-pair encoding: words into subwords by merges that training learned. The `natural` text mode
 * applies it.
 */

import { VocabularyError } from "../errors.js";
import { decodeUtf8 } from "./utf8.js";

/** Characters that merges see at once; it bounds the time that hostile text takes. */
const LONGEST_PIECE = 32;
const CACHED_WORDS = 1 << 15;
const LONGEST_CACHED_WORD = 64;

const LETTER = /[\p{L}\p{M}\u200c\u200d]/u;
const NUMBER = /\p{N}/u;

/** Merges in the order in which they apply, each the two parts that become one subword. */
export class Merges {
  /** @param {readonly (readonly [string, string])[]} pairs first learned first */
  constructor(pairs) {
    // A tab stands in no part, so it keeps ("a", "bc") apart from ("ab", "c").
    this.ranks = new Map(pairs.map(([left, right], rank) => [`${left}\t${right}`, rank]));
    /** @type {Map<string, readonly string[]>} */
    this.cache = new Map();
  }

  /**
   * Read a merges file: UTF-8, one merge a line, a tab between its parts.
   *
   * @param {Uint8Array} content
   * @param {string} name of the file in messages
   */
  static fromBytes(content, name) {
    const lines = decodeUtf8(content, name, VocabularyError).split("\n");
    const last = lines.pop();
    const pairs = lines.map((line, index) => {
      const parts = line.split("\t");
      if (parts.length !== 2 || parts.includes("") || line.includes("\r")) {
        throw new VocabularyError(
          `${name}: line ${index + 1}: expected two parts with a tab between; export again`,
        );
      }
      return /** @type {const} */ ([parts[0], parts[1]]);
    });
    const merges = new Merges(pairs);
    if (last !== "" || merges.ranks.size !== pairs.length) {
      throw new VocabularyError(
        `${name}: expected each merge once and a line feed at the end; export again`,
      );
    }
    return merges;
  }

  /**
   * Split a word into subwords.
   *
   * @param {string} word with the space before it; no other white space
   * @returns {readonly string[]}
   */
  apply(word) {
    const cached = this.cache.get(word);
    if (cached !== undefined) return cached;
    const parts = pieces(word).flatMap((piece) => this.#merge(piece));
    if (word.length <= LONGEST_CACHED_WORD) {
      if (this.cache.size >= CACHED_WORDS) this.cache.clear();
      this.cache.set(word, parts);
    }
    return parts;
  }

  /**
   * Join neighbours, those of the earliest merge first and of these the leftmost.
   *
   * @param {string[]} parts
   */
  #merge(parts) {
    while (parts.length > 1) {
      let [least, at] = [Infinity, 0];
      for (let i = 0; i + 1 < parts.length; i += 1) {
        const rank = this.ranks.get(`${parts[i]}\t${parts[i + 1]}`);
        if (rank !== undefined && rank < least) [least, at] = [rank, i];
      }
      if (least === Infinity) break;
      parts.splice(at, 2, parts[at] + parts[at + 1]);
    }
    return parts;
  }
}

/**
 * Split a word where no merge may join: around numbers, and between letters and the rest.
 *
 * @param {string} word as for `Merges.apply`
 * @returns {string[][]} letters with their marks, each number by itself, and stretches of anything
 *   else, as lists of at most `LONGEST_PIECE` characters; the space goes with the first
 */
function pieces(word) {
  /** @type {string[][]} */
  const result = [];
  let last = "";
  for (const character of word) {
    const kind = kindOf(character);
    const piece = result[result.length - 1];
    const joined = last === " " || (kind === last && last !== "N");
    if (piece !== undefined && joined && piece.length < LONGEST_PIECE) piece.push(character);
    else result.push([character]);
    last = kind;
  }
  return result;
}

/** @param {string} character */
function kindOf(character) {
  if (character === " ") return " ";
  if (LETTER.test(character)) return "L";
  return NUMBER.test(character) ? "N" : "P";
}
