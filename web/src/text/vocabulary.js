/**
 * Vocabulary: the tokens of one side and their ids.
 */

import { UnknownWordError, VocabularyError, quoted } from "../errors.js";
import { hasLetterOrNumber, splitAtSpace } from "./characters.js";
import { decodeUtf8 } from "./utf8.js";
import { WordForms } from "./word_forms.js";

/** Id of the token that starts decoding (start of sentence). */
export const SOS = 0;
/** Id of the token that ends every sentence (end of sentence). */
export const EOS = 1;
/** Id of the token for unknown words, in a source vocabulary whose model has learned it. */
export const UNK = 2;
const CONTROL_TOKENS = ["<sos>", "<eos>"];
const UNK_TOKEN = "<unk>";

/**
 * Token ids of one language: id 0 is SOS, id 1 is EOS, maybe 2 is UNK, then each word once.
 *
 * These are control tokens: no word encodes to SOS or EOS, even if it is spelled `<eos>`, and UNK
 * stands only for words outside the vocabulary.
 */
export class Vocabulary {
  /**
   * @param {readonly string[]} words each once, in the order of their ids, control tokens left out
   * @param {object} [options]
   * @param {boolean} [options.unk] whether there is a token for unknown words
   * @param {boolean} [options.wordForms] whether an unknown word is read as a related form
   */
  constructor(words, { unk = false, wordForms = true } = {}) {
    this.control = controlTokens(unk);
    this.words = [...words];
    /** The id of UNK; `null` where there is none. @type {number | null} */
    this.unk = unk ? UNK : null;
    /** @type {Map<string, number>} */
    this.ids = new Map();
    for (const [index, word] of this.words.entries()) {
      // What is left of a token without its first space is one part: itself.
      const bare = word.replace(/^ /, "");
      if (word === "" || (bare !== "" && splitAtSpace(bare)[0] !== bare)) {
        throw new VocabularyError(`${quoted(word)} is no token: it is empty or holds white space`);
      }
      if (this.ids.has(word)) {
        throw new VocabularyError(`the word ${quoted(word)} stands in the vocabulary twice`);
      }
      this.ids.set(word, index + this.control.length);
    }
    this.forms = new WordForms(unk && wordForms ? this.words : []);
  }

  /**
   * Read a vocabulary file: UTF-8, one token a line, the line's number (from 0) is its id.
   *
   * @param {Uint8Array} content
   * @param {string} name of the file in messages
   * @param {{ unk?: boolean, wordForms?: boolean }} [options] as for the constructor
   */
  static fromBytes(content, name, { unk = false, wordForms = true } = {}) {
    const control = controlTokens(unk);
    const text = decodeUtf8(content, name, VocabularyError);
    if (text.includes("\r")) {
      throw new VocabularyError(
        `${name}: its line ends were changed (CRLF); copy it as a binary file, or export again`,
      );
    }
    const lines = text.split("\n");
    if (lines.pop() !== "" || control.some((token, index) => lines[index] !== token)) {
      throw new VocabularyError(
        `${name}: expected one token a line, ${control.join(" and ")} first, each line ended ` +
          "by a line feed; export again",
      );
    }
    try {
      return new Vocabulary(lines.slice(control.length), { unk, wordForms });
    } catch (error) {
      if (!(error instanceof VocabularyError)) throw error;
      throw new VocabularyError(`${name}: ${error.message}; export again`);
    }
  }

  /** The number of tokens, control tokens counted: one more than the largest id. */
  get size() {
    return this.control.length + this.words.length;
  }

  /**
   * Return the tokens that are not in the vocabulary, in their order, each once.
   *
   * @param {readonly string[]} tokens
   */
  unknown(tokens) {
    return [...new Set(tokens.filter((token) => !this.ids.has(token)))];
  }

  /**
   * Tell whether some token is a word, not punctuation, and it or a related form is known.
   *
   * @param {readonly string[]} tokens
   */
  knowsAWord(tokens) {
    return tokens.some(
      (token) =>
        hasLetterOrNumber(token) && (this.ids.has(token) || this.forms.closest(token) !== null),
    );
  }

  /**
   * Turn a sentence's tokens into ids, with EOS at the end. With UNK, an unknown token gets the id
   * of a related form, or UNK's.
   *
   * @param {readonly string[]} tokens
   * @returns {number[]}
   */
  encode(tokens) {
    if (this.unk === null) {
      const unknown = this.unknown(tokens);
      if (unknown.length > 0) throw new UnknownWordError(unknown);
    }
    return [...tokens.map((token) => this.ids.get(token) ?? this.#substitute(token)), EOS];
  }

  /** @param {string} word that is unknown */
  #substitute(word) {
    const form = this.forms.closest(word);
    return (form === null ? undefined : this.ids.get(form)) ?? UNK;
  }

  /**
   * Turn ids into tokens; control tokens appear under their names.
   *
   * @param {readonly number[]} ids
   */
  decode(ids) {
    const first = this.control.length;
    return ids.map((id) => (id >= first ? this.words[id - first] : this.control[id]));
  }
}

/** @param {boolean} unk */
function controlTokens(unk) {
  return unk ? [...CONTROL_TOKENS, UNK_TOKEN] : CONTROL_TOKENS;
}
