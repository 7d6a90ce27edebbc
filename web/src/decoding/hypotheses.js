/**
 * Hypotheses, and the books of rows from which they are put together when decoding ends.
 *
 * Each chosen token knows the row that it continues. Nothing here knows a state tensor or why a
 * token was chosen.
 */

import { rowOf } from "./tensors.js";

/** @typedef {import("./tensors.js").State} State */

/**
 * The result of decoding one sentence.
 *
 * @typedef {object} Hypothesis
 * @property {number[]} ids token ids, EOS left out
 * @property {number[]} logProbs natural logarithm of the probability of each chosen token, EOS
 *   included if decoding reached it
 * @property {boolean} finished whether decoding reached EOS; otherwise it stopped at the maximal
 *   length
 * @property {Record<string, Float32Array[]>} extra the extra outputs that were asked for, by name:
 *   the row's numbers for each of `logProbs`
 */

/**
 * A continuation that a chooser takes: the row of this step that it continues, its token, and the
 * token's log-probability.
 *
 * @typedef {{ parent: number, token: number, logProb: number }} Continuation
 */

/**
 * One step of the decoder, of R rows.
 *
 * @typedef {object} DecodedStep
 * @property {readonly number[]} sentences the sentence of each row, in ascending order
 * @property {readonly Continuation[]} choice the continuations that were taken
 * @property {readonly number[]} live those of them that go on, in order: the rows of the next step;
 *   the others said EOS
 * @property {State} extra the decoder's extra outputs that were asked for, R rows on axis 1
 */

/**
 * Return the score of a hypothesis: the sum of the log-probabilities, divided by their number to
 * the power of the length penalty. 0 is the best score, and that of no tokens.
 *
 * @param {readonly number[]} logProbs
 * @param {number} lengthPenalty
 */
export function score(logProbs, lengthPenalty) {
  const sum = logProbs.reduce((one, other) => one + other, 0);
  return logProbs.length === 0 ? 0 : sum / logProbs.length ** lengthPenalty;
}

/**
 * Return the hypotheses of each sentence: finished ones as they ended, then the others.
 *
 * @param {readonly DecodedStep[]} steps
 * @param {number} sentences
 * @returns {Hypothesis[][]}
 */
export function hypothesesOf(steps, sentences) {
  /** @type {Hypothesis[][]} */
  const found = Array.from({ length: sentences }, () => []);
  for (const [number, step] of steps.entries()) {
    const goingOn = new Set(step.live);
    const ended = [...step.choice.keys()].filter((index) => !goingOn.has(index));
    for (const index of ended) {
      found[step.sentences[step.choice[index].parent]].push(traced(steps, number, index, true));
    }
    if (number + 1 < steps.length) continue;
    for (const index of step.live) {
      found[step.sentences[step.choice[index].parent]].push(traced(steps, number, index, false));
    }
  }
  return found;
}

/**
 * Return the hypothesis that ends with a choice of a step.
 *
 * @param {readonly DecodedStep[]} steps
 * @param {number} last number of the step
 * @param {number} index of the choice
 * @param {boolean} finished
 * @returns {Hypothesis}
 */
function traced(steps, last, index, finished) {
  /** @type {DecodedStep["choice"][number][]} */
  const path = [];
  for (let number = last, at = index; number >= 0; number -= 1) {
    const continuation = steps[number].choice[at];
    path.unshift(continuation);
    if (number > 0) at = steps[number - 1].live[continuation.parent];
  }
  const ids = path.map(({ token }) => token);
  const extra = Object.keys(steps[0].extra).map((name) => {
    return [name, path.map(({ parent }, number) => rowOf(steps[number].extra[name], parent))];
  });
  return {
    ids: finished ? ids.slice(0, -1) : ids,
    logProbs: path.map(({ logProb }) => logProb),
    finished,
    extra: Object.fromEntries(extra),
  };
}
