/**
 * The loop: it runs the decoder step with any chooser of tokens, for every pair of steps.
 *
 * It alone knows the state; a chooser (`greedy`, `beam`) sees log-probabilities, the books
 * (`hypotheses`) see what was chosen.
 */

import { NonFiniteError } from "../errors.js";
import { runEncoder } from "./encoder.js";
import { hypothesesOf } from "./hypotheses.js";
import { firstState } from "./steps.js";
import { isFinite, mapState, takeRows } from "./tensors.js";

/** @typedef {import("./hypotheses.js").Continuation} Continuation */
/** @typedef {import("./hypotheses.js").DecodedStep} DecodedStep */
/** @typedef {import("./options.js").DecodingOptions} DecodingOptions */
/** @typedef {import("./steps.js").Steps} Steps */
/** @typedef {import("./steps.js").Step} Step */
/** @typedef {import("./tensors.js").FloatTensor} FloatTensor */
/** @typedef {import("./tensors.js").State} State */

/**
 * The choice of a step: log-probabilities `[R, V]` and the sentence of each row, in ascending order
 * → the continuations to take, a sentence's side by side. Those that say EOS leave; the others
 * are the rows of the next step, in their order.
 *
 * @typedef {(logProbs: FloatTensor, sentences: readonly number[]) => Continuation[]} Chooser
 */

/**
 * Decode a batch of sentences.
 *
 * @param {Steps} steps
 * @param {readonly (readonly number[])[]} sources token ids of each sentence, EOS included; none is
 *   empty, lengths may differ
 * @param {DecodingOptions} options
 * @param {Chooser} choose the chooser, made for this batch
 * @returns the hypotheses of each source, in the order in which they ended
 */
export async function decode(steps, sources, options, choose) {
  const encoded = await runEncoder(steps.encoder, sources);
  const decoded = [];
  for await (const step of runDecoder(steps.decoder, encoded, sources.length, options, choose)) {
    decoded.push(step);
  }
  return hypothesesOf(decoded, sources.length);
}

/**
 * Run the decoder until no row goes on, or until the maximal length.
 *
 * State that the step replaces follows the chosen rows in each step. Constant state (a memory and
 * its mask) is the same for all rows of a sentence, so it is copied only where the sentences of the
 * rows change.
 *
 * @param {Step} step
 * @param {State} encoded the result of `runEncoder`, a row for each sentence
 * @param {number} sentences their number
 * @param {DecodingOptions} options
 * @param {Chooser} choose the chooser, made for this batch
 * @returns {AsyncGenerator<DecodedStep, void>}
 */
export async function* runDecoder(step, encoded, sentences, options, choose) {
  const replacedNames = new Set(step.replacedNames);
  let state = firstState(step.spec, encoded, sentences);
  let constant = Object.fromEntries(
    Object.entries(state).filter(([name]) => !replacedNames.has(name)),
  );
  /** The sentence of each row. @type {readonly number[]} */
  let rows = Array.from({ length: sentences }, (_, sentence) => sentence);
  let tokens = rows.map(() => [options.sos]);
  for (let number = 0; number < options.maxLength; number += 1) {
    const { replaced, others } = await step.call(tokens, state, [rows.length]);
    const logProbs = others.log_probs;
    if (!isFinite(logProbs)) {
      throw new NonFiniteError(
        `decoder step ${number}: log_probs is not finite: the graph or its weights are damaged`,
      );
    }
    const choice = choose(logProbs, rows);
    const live = [...choice.keys()].filter((index) => choice[index].token !== options.eos);
    const extra = Object.fromEntries(options.extraOutputs.map((name) => [name, others[name]]));
    yield { sentences: rows, choice, live, extra };
    if (live.length === 0) return;
    const parents = live.map((index) => choice[index].parent);
    tokens = live.map((index) => [choice[index].token]);
    const before = rows;
    rows = parents.map((parent) => before[parent]);
    const follow = (/** @type {FloatTensor} */ tensor) => takeRows(tensor, parents);
    if (!areEqual(rows, before)) constant = mapState(constant, follow);
    const stayed = parents.length === before.length && parents.every((p, row) => p === row);
    state = { ...constant, ...(stayed ? replaced : mapState(replaced, follow)) };
  }
}

/**
 * @param {readonly number[]} one
 * @param {readonly number[]} other
 */
function areEqual(one, other) {
  return one.length === other.length && one.every((item, at) => item === other[at]);
}
