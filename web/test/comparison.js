/**
 * The comparison of translations with Python's: equal tokens, or a proven tie.
 */

import { mostProbable } from "../src/decoding/greedy.js";
import { score } from "../src/decoding/hypotheses.js";
import { runEncoder } from "../src/decoding/encoder.js";
import { decode, runDecoder } from "../src/decoding/loop.js";

/** @typedef {import("../src/pipeline.js").Pipeline} Pipeline */
/** @typedef {import("../src/decoding/options.js").SearchOptions} SearchOptions */
/** @typedef {import("../src/decoding/tensors.js").FloatTensor} FloatTensor */
/** @typedef {{ ids: number[], logProbs: number[] }} Recorded ids with EOS where it was reached */

/**
 * The margin of log-probabilities, in nats, within which two results are tied.
 *
 * For the float32 graphs it is twice the tolerance of format.md: each of the two may be off so far.
 * The int8 graphs round the numbers between their layers to 8 bits. One that lies halfway, and
 * differs in its last digit of float32, falls on either side, and the log-probabilities behind it
 * differ by some hundredths.
 */
export const MARGINS = { fp32: 2e-4, int8: 5e-2 };

/** The largest difference of a log-probability, in nats, as `format.md` promises it. */
export const TOLERANCE = 1e-4;

/**
 * Return the values of JSON lines.
 *
 * @param {string} text
 * @returns {any[]}
 */
export function jsonLines(text) {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/**
 * Return hypotheses as Python records them.
 *
 * @param {import("../src/decoding/hypotheses.js").Hypothesis[]} hypotheses
 * @returns {Recorded[]}
 */
export function recorded(hypotheses) {
  return hypotheses.map(({ ids, finished, logProbs }) => {
    return { ids: finished ? [...ids, 1] : ids, logProbs };
  });
}

/**
 * Return the largest difference of a log-probability, or infinity where tokens differ.
 *
 * @param {Recorded[]} one
 * @param {Recorded[]} other
 */
export function largestDifference(one, other) {
  if (JSON.stringify(one.map(({ ids }) => ids)) !== JSON.stringify(other.map(({ ids }) => ids))) {
    return Infinity;
  }
  const gaps = one.flatMap(({ logProbs }, index) => {
    return logProbs.map((logProb, at) => Math.abs(logProb - other[index].logProbs[at]));
  });
  return Math.max(0, ...gaps);
}

/**
 * Tell whether two results with different tokens are tied: greedy ones where they part; beams if
 * this one is the other as soon as what is tied goes the other's way.
 *
 * @param {Pipeline} pipeline
 * @param {number[]} source ids
 * @param {SearchOptions} search
 * @param {Recorded[]} one found here
 * @param {Recorded[]} other
 * @param {number} margin in nats
 */
export async function areTied(pipeline, source, search, one, other, margin) {
  if (search.beamSize === 1) {
    return (await marginOfParting(pipeline, source, one[0].ids, other[0].ids)) <= margin;
  }
  const options = { sos: 0, eos: 1, maxLength: pipeline.maxLength, extraOutputs: [] };
  const choose = beamToward(
    search.beamSize,
    other.map(({ ids }) => ids),
    margin,
  );
  const [hypotheses] = await decode(pipeline.steps, [source], options, choose);
  // The places follow from scores, which are as near where two hypotheses changed them.
  const scored = recorded(hypotheses).map(({ ids, logProbs }) => {
    const place = other.findIndex((hypothesis) => hypothesis.ids.join() === ids.join());
    return { place, score: score(logProbs, search.lengthPenalty) };
  });
  if (scored.length !== other.length || scored.some(({ place }) => place < 0)) return false;
  scored.sort((a, b) => a.place - b.place);
  return scored.every(
    ({ score: here }, place) => place === 0 || here <= scored[place - 1].score + margin,
  );
}

/**
 * Return a beam, for one sentence, whose ties go the way of given hypotheses: each of their
 * beginnings is worth up to `margin` more for each of its tokens.
 *
 * @param {number} size
 * @param {number[][]} wanted ids
 * @param {number} margin in nats
 * @returns {import("../src/decoding/loop.js").Chooser}
 */
function beamToward(size, wanted, margin) {
  const beginnings = new Set(
    wanted.flatMap((ids) => ids.map((_, at) => ids.slice(0, at + 1).join())),
  );
  let rows = [{ ids: /** @type {number[]} */ ([]), sum: 0 }];
  let places = size;
  return ({ data, shape: [, vocabulary] }) => {
    const candidates = rows.flatMap((row, parent) => {
      return Array.from({ length: vocabulary }, (_, token) => {
        const [ids, logProb] = [[...row.ids, token], data[parent * vocabulary + token]];
        const sum = row.sum + logProb;
        const bonus = beginnings.has(ids.join()) ? margin * ids.length : 0;
        return { parent, token, logProb, ids, sum, rank: sum + bonus };
      });
    });
    const choice = candidates.sort((one, other) => other.rank - one.rank).slice(0, places);
    places -= choice.filter(({ token }) => token === 1).length;
    rows = choice.filter(({ token }) => token !== 1);
    return choice;
  };
}

/**
 * Return the difference of the two tokens' log-probabilities where two greedy translations part,
 * after what they have in common.
 *
 * @param {Pipeline} pipeline
 * @param {number[]} source ids
 * @param {number[]} one
 * @param {number[]} other
 */
async function marginOfParting(pipeline, source, one, other) {
  const parting = one.findIndex((token, at) => token !== other[at]);
  if (parting < 0 || parting >= other.length) return Infinity; // one is the beginning of the other
  const encoded = await runEncoder(pipeline.steps.encoder, [source]);
  const options = { sos: 0, eos: 1, maxLength: parting + 1, extraOutputs: [] };
  let [number, margin] = [0, Infinity];
  const forced = (/** @type {FloatTensor} */ logProbs) => {
    const { data } = logProbs;
    margin = Math.abs(data[one[number]] - data[other[number]]); // the last one counts
    const [choice] = mostProbable(logProbs);
    return [{ ...choice, token: one[number++] }];
  };
  for await (const _ of runDecoder(pipeline.steps.decoder, encoded, 1, options, forced));
  return margin;
}
