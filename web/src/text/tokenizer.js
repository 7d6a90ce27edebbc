/**
 * Tokenizer: text to token ids and back, for one side. A text mode splits and joins; a tokenizer
 * adds the vocabulary, the rule for unknown tokens and the limit of the model.
 */

import {
  InputTypeError,
  MalformedTextError,
  OptionError,
  TextTooLongError,
  UnknownWordError,
  kindOfValue,
  quoted,
} from "../errors.js";
import { codePoints, halfCharacter, hasLetterOrNumber } from "./characters.js";

/** @typedef {import("./modes.js").TextMode} TextMode */
/** @typedef {import("./vocabulary.js").Vocabulary} Vocabulary */

/**
 * The rule for tokens outside the vocabulary: use a related form or UNK; leave them out; or refuse
 * the text.
 *
 * @typedef {"unk" | "skip" | "error"} UnknownWords
 */

/**
 * A text, ready for the encoder step.
 *
 * @typedef {object} Encoding
 * @property {number[]} ids token ids, EOS last; empty where the model can read nothing of it
 * @property {string[]} unknownTokens tokens outside the vocabulary, in their order, each once
 */

const RULES = ["unk", "skip", "error"];
const CHARACTERS_OF_A_TOKEN = 100;
const FEWEST_CHARACTERS = 10_000;

/** Text to token ids and back. */
export class Tokenizer {
  /**
   * @param {TextMode} mode
   * @param {Vocabulary} vocabulary
   * @param {object} [options]
   * @param {UnknownWords | null} [options.unknownWords] the rule for unknown tokens; by default
   *   `"unk"` where the vocabulary has an UNK, and otherwise `"error"`
   * @param {number} [options.maxLength] the most tokens of a text, EOS included
   */
  constructor(mode, vocabulary, { unknownWords = null, maxLength = Infinity } = {}) {
    this.mode = mode;
    this.vocabulary = vocabulary;
    this.unknownWords = ruleFor(unknownWords, vocabulary.unk !== null);
    this.maxLength = maxLength;
    this.mostCharacters = Math.max(FEWEST_CHARACTERS, CHARACTERS_OF_A_TOKEN * maxLength);
  }

  /**
   * Split a text into tokens, known or not.
   *
   * @param {string} text
   */
  tokens(text) {
    if (typeof text !== "string") {
      throw new InputTypeError(
        `expected a string, found ${kindOfValue(text)}; for several texts there is translateBatch`,
      );
    }
    // A text has at least half as many characters as units: short ones are not counted.
    if (text.length > this.mostCharacters && codePoints(text) > this.mostCharacters) {
      throw new TextTooLongError(codePoints(text), this.mostCharacters, "characters");
    }
    const half = halfCharacter(text);
    if (half !== null) {
      throw new MalformedTextError(
        `half a character (U+${half.unit.toString(16).toUpperCase()}, a lone surrogate) at ` +
          `position ${half.position}: decode the text with its right encoding`,
      );
    }
    return this.mode.tokens(text);
  }

  /**
   * Turn a text into token ids. One in which no word is known (blanks, emoji, punctuation alone,
   * another script) has no ids: a translation of it would be invented.
   *
   * @param {string} text
   * @returns {Encoding}
   */
  encode(text) {
    const { vocabulary } = this;
    let tokens = this.tokens(text);
    const unknownTokens = vocabulary.unknown(tokens);
    if (unknownTokens.length > 0 && this.unknownWords === "error") {
      throw new UnknownWordError(unknownTokens);
    }
    if (this.unknownWords === "skip") tokens = tokens.filter((token) => vocabulary.ids.has(token));
    if (!this.#knowsSomething(tokens)) return { ids: [], unknownTokens };
    const ids = vocabulary.encode(tokens);
    if (ids.length > this.maxLength) throw new TextTooLongError(ids.length, this.maxLength);
    return { ids, unknownTokens };
  }

  /**
   * Tell whether the model has something to translate. In the exact modes a text without letters or
   * numbers may be all that there is (a row of emoji); in a text with some, one of these must be
   * known.
   *
   * @param {readonly string[]} tokens
   */
  #knowsSomething(tokens) {
    if (this.mode.hasWordForms || tokens.some(hasLetterOrNumber)) {
      return this.vocabulary.knowsAWord(tokens);
    }
    return tokens.some((token) => token !== " " && this.vocabulary.ids.has(token));
  }

  /**
   * Turn token ids into text; EOS is left out by the caller.
   *
   * @param {readonly number[]} ids
   */
  decode(ids) {
    return this.mode.text(this.vocabulary.decode(ids));
  }
}

/**
 * Check the rule for unknown tokens, or choose it.
 *
 * @param {UnknownWords | null} rule
 * @param {boolean} hasUnk
 * @returns {UnknownWords}
 */
function ruleFor(rule, hasUnk) {
  if (rule === null) return hasUnk ? "unk" : "error";
  if (!RULES.includes(rule)) {
    throw new OptionError(
      `unknownWords: expected one of ${RULES.map(quoted).join(", ")}, found ${quoted(rule)}`,
    );
  }
  if (rule === "unk" && !hasUnk) {
    throw new OptionError(
      "unknownWords: this model has not learned 'unk' (it was trained with --word-dropout 0); " +
        "choose 'skip' or 'error'",
    );
  }
  return rule;
}
