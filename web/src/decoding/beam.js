/**
 * Beam search: a chooser that takes the k best continuations of each sentence.
 *
 * A hypothesis that says EOS leaves the beam and keeps its place (Sutskever et al. 2014,
 * https://arxiv.org/abs/1409.3215): with f finished, the k - f best of all continuations go on, by
 * the sum of their log-probabilities. A sentence ends when k are finished, or at the maximal
 * length; then the score ranks them.
 */

import { score } from "./hypotheses.js";

/** @typedef {import("./hypotheses.js").Continuation} Continuation */
/** @typedef {import("./hypotheses.js").Hypothesis} Hypothesis */
/** @typedef {import("./options.js").SearchOptions} SearchOptions */
/** @typedef {import("./tensors.js").FloatTensor} FloatTensor */
/** @typedef {Continuation & { sum: number }} Candidate */

/**
 * Return the `nBest` hypotheses of a sentence, the one with the best score first; of equal ones,
 * the one that ended first.
 *
 * @param {readonly Hypothesis[]} hypotheses
 * @param {SearchOptions} search
 */
export function ranked(hypotheses, { nBest, lengthPenalty }) {
  const scored = hypotheses.map((h) => ({ h, score: score(h.logProbs, lengthPenalty) }));
  return scored
    .sort((one, other) => other.score - one.score)
    .slice(0, nBest)
    .map(({ h }) => h);
}

/**
 * Return the chooser of one batch.
 *
 * @param {number} size of the beam, k
 * @param {number} sentences of the batch
 * @param {number} eos id of the token that ends a sentence
 * @returns {import("./loop.js").Chooser}
 */
export function beam(size, sentences, eos) {
  /** The sum of the log-probabilities of each row so far. @type {number[]} */
  let sums = new Array(sentences).fill(0);
  /** The hypotheses of each sentence that are not yet finished, at most. @type {number[]} */
  const places = new Array(sentences).fill(size);
  return (logProbs, ofRow) => {
    /** @type {Candidate[]} */
    const choice = [];
    for (let first = 0, next = 0; first < ofRow.length; first = next) {
      const sentence = ofRow[first];
      /** @type {Candidate[]} */
      const candidates = [];
      for (next = first; ofRow[next] === sentence; next += 1) {
        candidates.push(...largest(logProbs, next, places[sentence], sums[next]));
      }
      choice.push(...candidates.sort(before).slice(0, places[sentence]));
    }
    for (const { parent, token } of choice) if (token === eos) places[ofRow[parent]] -= 1;
    sums = choice.filter(({ token }) => token !== eos).map(({ sum }) => sum);
    return choice;
  };
}

/**
 * Order continuations: by their sums; of equal ones the earlier row comes first, and of its tokens
 * the more probable one, then the one with the smaller id. So a beam of 1 is greedy decoding.
 *
 * @param {Candidate} one
 * @param {Candidate} other
 */
function before(one, other) {
  return (
    other.sum - one.sum ||
    one.parent - other.parent ||
    other.logProb - one.logProb ||
    one.token - other.token
  );
}

/**
 * Return the continuations of one row that can be among the best of its sentence.
 *
 * @param {FloatTensor} logProbs `[R, V]`
 * @param {number} parent the row
 * @param {number} count how many can be chosen
 * @param {number} sum of the row so far
 * @returns {Candidate[]} the `count` best of its tokens, best first
 */
function largest({ data, shape: [, size] }, parent, count, sum) {
  /** @type {Candidate[]} */
  const best = [];
  for (let token = 0; token < size; token += 1) {
    const logProb = data[parent * size + token];
    // An equal one stands behind those with smaller ids, which came before it.
    if (best.length === count && !(logProb > best[count - 1].logProb)) continue;
    let at = best.length;
    while (at > 0 && logProb > best[at - 1].logProb) at -= 1;
    best.splice(at, 0, { parent, token, logProb, sum: sum + logProb });
    if (best.length > count) best.pop();
  }
  return best;
}
