/**
 * Normalizers: raw text to tokens between single spaces. The text modes are made of them.
 */

import { SPACE, splitAtSpace } from "./characters.js";

/** Zero-width non-joiner and joiner: letters of many scripts' spelling. */
export const JOINERS = "\u200c\u200d";

/** Blocks of scripts that put no spaces between words, as the inside of a character class. */
const UNSPACED =
  "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff" + // Thai and Lao, Myanmar, Khmer
  "\\u3040-\\u30ff\\u31f0-\\u31ff\\uff66-\\uff9f" + // Hiragana and Katakana
  "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}"; // Han

/** Soft hyphen, zero-width space, word joiners, directional marks, byte order mark. */
const INVISIBLE = /[\u00ad\u200b\u200e\u200f\ufeff\u202a-\u202e\u2060-\u2064\u2066-\u2069]/gu;

const APOSTROPHES = /[\u2018\u2019\uff07]/g;
const DOTTED_I = /\u0130/g;
const CONTROL = new RegExp(`(?![${SPACE}])\\p{Cc}`, "gu");
const CONTROL_OR_FORMAT = new RegExp(`(?![${SPACE}])[\\p{Cc}\\p{Cf}]`, "gu");
const CONTROL_OR_FORMAT_BUT_JOINERS = new RegExp(`(?![${SPACE}${JOINERS}])[\\p{Cc}\\p{Cf}]`, "gu");

const UNSPACED_CHARACTER = new RegExp(`[${UNSPACED}]`, "u");
const UNSPACED_LETTER = new RegExp(`^(?=\\p{L})[${UNSPACED}]$`, "u");
const KEPT = new RegExp(`^[\\p{L}\\p{M}\\p{N}'${JOINERS}]$`, "u");
const TONE_LETTER = /^(?![\0-\u02c1])\p{Sk}$/u; // ˧, not an ASCII ^
const SET_APART = /^[\p{P}\p{Sc}\p{Sm}]$/u;
const JOINED = new RegExp(`[${JOINERS}]+`, "gu");
const LETTER_OR_MARK = /^[\p{L}\p{M}]/u;
const LOOSE_APOSTROPHE = new RegExp(`(?<![^${SPACE}])'+|'+(?![^${SPACE}])|''+`, "gu");

/**
 * Normalize as the tutorial does: only the letters a–z, `.`, `!` and `?` are left.
 *
 * @param {string} text
 * @returns {string} tokens separated by single spaces
 */
export function normalizeTutorial(text) {
  const lowered = splitEnds(text.replace(CONTROL_OR_FORMAT, "").toLowerCase());
  const unmarked = lowered.normalize("NFD").replace(/\p{Mn}/gu, "");
  const spaced = unmarked.replace(/[.!?]/g, " $&");
  return splitEnds(spaced.replace(/[^a-zA-Z.!?]+/g, " "));
}

/**
 * Normalize text of any script: letters and their marks are kept, punctuation stands apart.
 *
 * @param {string} text
 * @returns {string} tokens separated by single spaces
 */
export function normalizeUnicode(text) {
  const visible = text.replace(CONTROL_OR_FORMAT_BUT_JOINERS, "").replace(APOSTROPHES, "'");
  const lowered = lowerCase(visible.normalize("NFC")).normalize("NFC");
  const spaced = Array.from(lowered, spaceOut).join("").replace(JOINED, betweenLetters);
  return splitAtSpace(spaced.replace(LOOSE_APOSTROPHE, " ").normalize("NFC")).join(" ");
}

/**
 * Return a text in the form that the exact modes keep: composed (NFC), without what is invisible,
 * each stretch of white space one space, none at the ends.
 *
 * @param {string} text
 */
export function clean(text) {
  const kept = text.replace(INVISIBLE, "").replace(CONTROL, "");
  return splitAtSpace(kept.normalize("NFC")).join(" ");
}

/**
 * Return a text as a side with folded case reads it: in lower case, with straight apostrophes.
 *
 * @param {string} text
 */
export function fold(text) {
  return lowerCase(text).replace(APOSTROPHES, "'");
}

/**
 * Tell whether a text has characters of a script that puts no spaces between words.
 *
 * @param {string} text
 */
export function hasUnspaced(text) {
  return UNSPACED_CHARACTER.test(text);
}

/**
 * Return a text in lower case, without the loose dot that `İ` leaves. Not `toLocaleLowerCase`: the
 * reader's language is no matter of the model's.
 *
 * @param {string} text
 */
function lowerCase(text) {
  return text.replace(DOTTED_I, "i").toLowerCase();
}

/**
 * Return a text without white space at its ends.
 *
 * @param {string} text
 */
function splitEnds(text) {
  return text.replace(ENDS, "");
}

const ENDS = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "gu");

/**
 * Replace a character for `normalizeUnicode`.
 *
 * @param {string} character
 */
function spaceOut(character) {
  if (UNSPACED_LETTER.test(character)) return ` ${character}`;
  if (KEPT.test(character) || TONE_LETTER.test(character)) return character;
  return SET_APART.test(character) ? ` ${character} ` : " ";
}

/**
 * Return joiners that stand between letters with their marks, else nothing.
 *
 * @param {string} joiners
 * @param {number} at
 * @param {string} text
 */
function betweenLetters(joiners, at, text) {
  // Two units hold a whole character. Not a pattern that ends with `$`: in Chromium 156,
  // /[\p{L}\p{M}]$/u misses characters of two units.
  const before = Array.from(text.slice(Math.max(at - 2, 0), at)).at(-1) ?? "";
  const after = text.slice(at + joiners.length, at + joiners.length + 2);
  return LETTER_OR_MARK.test(before) && LETTER_OR_MARK.test(after) ? joiners : "";
}
