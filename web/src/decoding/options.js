/**
 * Options of decoding: of the loop, and of the search.
 */

import { OptionError, quoted } from "../errors.js";

/** Hypotheses a sentence. The decoder step gets as many rows, and memory grows with them. */
export const LARGEST_BEAM = 1_000;
/** Exponent of a length. Far above any that is used, so that no power overflows. */
export const LARGEST_PENALTY = 10;
/** Tokens of a sentence. Far above any model's, so that a damaged number cannot run for ever. */
export const MOST_TOKENS = 1_000_000;

/**
 * The loop's options beside the steps and the sentences.
 *
 * @typedef {object} DecodingOptions
 * @property {number} sos id of the token that starts decoding
 * @property {number} eos id of the token that ends a sentence
 * @property {number} maxLength the most tokens to decode for a sentence, EOS included
 * @property {readonly string[]} extraOutputs names of the decoder's extra outputs to keep
 */

/**
 * The width of the search, and the ranking of its hypotheses.
 *
 * @typedef {object} SearchOptions
 * @property {number} beamSize hypotheses a sentence that are followed side by side; 1 is greedy
 * @property {number} nBest hypotheses a sentence that are returned, 1 to `beamSize`
 * @property {number} lengthPenalty exponent of the length in the score
 */

/**
 * Check the options of a search; by default greedy decoding.
 *
 * @param {Partial<SearchOptions>} options
 * @returns {SearchOptions}
 */
export function searchOptions({ beamSize = 1, nBest = 1, lengthPenalty = 1 }) {
  requireInteger("beamSize", beamSize, LARGEST_BEAM, `1 to ${LARGEST_BEAM}`);
  requireInteger("nBest", nBest, beamSize, `1 to the beamSize, ${beamSize}`);
  // NaN is in no range
  const inRange = lengthPenalty >= 0 && lengthPenalty <= LARGEST_PENALTY;
  if (typeof lengthPenalty !== "number" || !inRange) {
    throw new OptionError(
      `lengthPenalty: expected a number from 0 to ${LARGEST_PENALTY}, found ` +
        quoted(lengthPenalty),
    );
  }
  return { beamSize, nBest, lengthPenalty };
}

/**
 * Refuse a value that is no integer from 1 on.
 *
 * @param {string} name
 * @param {unknown} value
 * @param {number} largest
 * @param {string} expected
 */
export function requireInteger(name, value, largest, expected) {
  if (!Number.isInteger(value) || Number(value) < 1 || Number(value) > largest) {
    throw new OptionError(`${name}: expected an integer from ${expected}, found ${quoted(value)}`);
  }
}

/**
 * Refuse an option that there is not: a misspelt one would be without effect.
 *
 * @param {object} options
 * @param {readonly string[]} known
 */
export function requireKnown(options, known) {
  if (typeof options !== "object" || options === null) {
    throw new OptionError(`options: expected an object, found ${quoted(options)}`);
  }
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new OptionError(`${unknown[0]}: no such option; there are ${known.join(", ")}`);
  }
}
