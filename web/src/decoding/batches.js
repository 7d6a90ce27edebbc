/**
 * Decoding any number of sentences in batches, those of like length side by side.
 */

import { beam, ranked } from "./beam.js";
import { mostProbable } from "./greedy.js";
import { decode } from "./loop.js";

/** @typedef {import("./hypotheses.js").Hypothesis} Hypothesis */

/**
 * Decode sentences.
 *
 * @param {import("./steps.js").Steps} steps
 * @param {readonly (readonly number[])[]} sources token ids of each sentence, EOS included; none is
 *   empty
 * @param {import("./options.js").DecodingOptions} options
 * @param {import("./options.js").SearchOptions} search
 * @param {number} batchSize sentences that the steps get at a time
 * @returns {Promise<Hypothesis[][]>} the best hypotheses for each source, best first, in the order
 *   of the sources; fewer than `nBest` where fewer exist within the maximal length
 */
export async function decodeBatches(steps, sources, options, search, batchSize) {
  const order = [...sources.keys()].sort(
    (one, other) => sources[one].length - sources[other].length,
  );
  /** @type {Hypothesis[][]} */
  const found = new Array(sources.length);
  for (let start = 0; start < order.length; start += batchSize) {
    const batch = order.slice(start, start + batchSize);
    const greedy = search.beamSize === 1;
    const choose = greedy ? mostProbable : beam(search.beamSize, batch.length, options.eos);
    const decoded = await decode(
      steps,
      batch.map((index) => sources[index]),
      options,
      choose,
    );
    for (const [place, index] of batch.entries()) found[index] = ranked(decoded[place], search);
  }
  return found;
}
