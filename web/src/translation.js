/**
 * Translation: what a model makes of one text, with its alternatives and its attention.
 */

import { score } from "./decoding/hypotheses.js";

/** @typedef {import("./decoding/hypotheses.js").Hypothesis} Hypothesis */
/** @typedef {import("./text/tokenizer.js").Encoding} Encoding */
/** @typedef {import("./text/tokenizer.js").Tokenizer} Tokenizer */

/** The decoder's extra output that attention is made of, `[S, B, 1]`. */
export const ATTENTION = "attention";

/**
 * Weights of the source tokens in each step of the decoder.
 *
 * @typedef {object} Attention
 * @property {string[]} source the S tokens that the encoder read, `<eos>` last; the substitute in
 *   the place of an unknown token
 * @property {Float32Array[]} weights for each token of the translation, and for the end of the
 *   sentence, the weight of each source token: between 0 and 1, in sum 1
 */

/**
 * One of the best translations of a text.
 *
 * @typedef {object} Alternative
 * @property {string} text as people read it
 * @property {string[]} tokens words, subwords, of which the first of a word begins with its space,
 *   or characters, as the target's text mode has them
 * @property {number[]} logProbs natural logarithm of the probability of each token, and one more
 *   for the end of the sentence if the model reached it
 * @property {number} score the sum of `logProbs`, divided by their number to the power of the
 *   length penalty; 0 at best
 * @property {boolean} finished whether the model reached the end of the sentence; otherwise it was
 *   stopped at the maximal length
 */

/**
 * The translation of one text: the best of its alternatives, and what belongs to the text.
 *
 * @typedef {Alternative & {
 *   unknownWords: string[],
 *   attention: Attention | null,
 *   alternatives: Alternative[],
 * }} Translation `unknownWords`: tokens that the model was not trained on, in the order of the
 *   text, each once. `attention`: if it was asked for, and there was something to translate.
 *   `alternatives`: the best translations, best first, this one among them.
 */

/**
 * Return the translation of a text, given its hypotheses.
 *
 * @param {Encoding} encoding
 * @param {readonly Hypothesis[]} hypotheses best first
 * @param {Tokenizer} source
 * @param {Tokenizer} target
 * @param {number} lengthPenalty
 * @returns {Translation}
 */
export function assembled(encoding, hypotheses, source, target, lengthPenalty) {
  const alternatives = hypotheses.map(({ ids, logProbs, finished }) => ({
    text: target.decode(ids),
    tokens: target.vocabulary.decode(ids),
    logProbs,
    score: score(logProbs, lengthPenalty),
    finished,
  }));
  const weights = hypotheses[0].extra[ATTENTION];
  const length = encoding.ids.length;
  const attention = weights && {
    source: source.vocabulary.decode(encoding.ids),
    // Beside longer sentences the memory goes on with zeros, which get no weight.
    weights: weights.map((row) => row.slice(0, length)),
  };
  return {
    ...alternatives[0],
    unknownWords: encoding.unknownTokens,
    attention: attention ?? null,
    alternatives,
  };
}

/**
 * Return the translation of a text in which the model knows no word.
 *
 * @param {Encoding} encoding
 * @returns {Translation}
 */
export function empty({ unknownTokens }) {
  const nothing = { text: "", tokens: [], logProbs: [], score: 0, finished: true };
  return { ...nothing, unknownWords: unknownTokens, attention: null, alternatives: [nothing] };
}
