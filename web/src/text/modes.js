/**
 * Text modes: the ways to split a text into tokens and to join them again.
 */

import { Merges } from "./bpe.js";
import { splitAtSpace } from "./characters.js";
import { clean, fold, normalizeTutorial, normalizeUnicode } from "./normalizers.js";

/**
 * A way to split text into tokens and to join them again.
 *
 * @typedef {object} TextMode
 * @property {string} name of the mode, as the manifest records it
 * @property {boolean} hasWordForms whether an unknown token may be read as another form of the word
 * @property {(text: string) => string[]} tokens split a text; none where nothing of it is left
 * @property {(tokens: readonly string[]) => string} text join tokens
 */

/** Names of the text modes. */
export const TEXT_MODES = ["tutorial", "unicode", "natural", "characters", "spaces", "decomposed"];

/** Names of those that a target may have. */
export const TARGET_MODES = TEXT_MODES.slice(0, -1);

/**
 * Return a text mode.
 *
 * @param {string} name one of `TEXT_MODES`
 * @param {object} [options]
 * @param {Merges} [options.merges] of `natural`; the others have none
 * @param {boolean} [options.foldCase] whether texts are folded first
 * @returns {TextMode}
 */
export function textMode(name, { merges = new Merges([]), foldCase = false } = {}) {
  const mode = MAKERS[name](merges);
  return foldCase ? { ...mode, tokens: (text) => mode.tokens(fold(text)) } : mode;
}

/** @type {Record<string, (merges: Merges) => TextMode>} */
const MAKERS = {
  tutorial: () => wordMode("tutorial", normalizeTutorial, true),
  unicode: () => wordMode("unicode", normalizeUnicode, true),
  spaces: () => wordMode("spaces", clean, false),
  characters: () => ({
    name: "characters",
    hasWordForms: false,
    tokens: (text) => Array.from(clean(text)),
    text: (tokens) => tokens.join(""),
  }),
  decomposed: () => ({
    name: "decomposed",
    hasWordForms: false,
    tokens: (text) => Array.from(clean(text).normalize("NFD")),
    text: (tokens) => tokens.join("").normalize("NFC"),
  }),
  natural: (merges) => ({
    name: "natural",
    hasWordForms: false,
    tokens: (text) => splitAtSpace(clean(text)).flatMap((word) => merges.apply(` ${word}`)),
    text: (tokens) => tokens.join("").replace(/^ /, ""),
  }),
};

/**
 * Return a mode whose tokens are the words of normalized text, joined by single spaces.
 *
 * @param {string} name
 * @param {(text: string) => string} normalize puts single spaces between the tokens
 * @param {boolean} hasWordForms
 * @returns {TextMode}
 */
function wordMode(name, normalize, hasWordForms) {
  return {
    name,
    hasWordForms,
    tokens: (text) => splitAtSpace(normalize(text)),
    text: (tokens) => tokens.join(" "),
  };
}
