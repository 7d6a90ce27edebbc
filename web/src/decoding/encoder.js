/**
 * Running an encoder step over a batch of sentences of any lengths: the first half of decoding.
 *
 * The batch needs no padding and no mask: a row takes part in the calls that its tokens need.
 */

import { NonFiniteError } from "../errors.js";
import { firstState } from "./steps.js";
import { isFinite, mapState, putRows, takeRows, zeros } from "./tensors.js";

/** @typedef {import("./steps.js").Step} Step */
/** @typedef {import("./tensors.js").State} State */

/**
 * Run the encoder over a batch.
 *
 * @param {Step} step
 * @param {readonly (readonly number[])[]} sources token ids of each sentence, EOS included; at
 *   least one sentence, none empty
 * @returns {Promise<State>} the state that is left for the decoder, by name: replaced state and
 *   final outputs after the last token of each sentence, and outputs collected along axis 0, with
 *   zeros behind the end of a shorter sentence
 */
export async function runEncoder(step, sources) {
  const lengths = sources.map((source) => source.length);
  const longest = Math.max(...lengths);
  const collected = new Set(
    step.spec.outputs.filter(({ shape }) => shape[0] === "T").map(({ name }) => name),
  );
  const state = firstState(step.spec, {}, sources.length);
  /** @type {State} */
  const others = {};
  for (const { rows, start, stop } of calls(lengths, step.spec.reads === "sentence")) {
    const stretch = rows.map((row) => sources[row].slice(start, stop));
    const before = mapState(state, (tensor) => takeRows(tensor, rows));
    const outputs = await step.call(stretch, before, [stop - start, rows.length]);
    checkFinite({ ...outputs.replaced, ...outputs.others }, start, stop);
    for (const [name, tensor] of Object.entries(outputs.replaced)) {
      putRows(state[name], tensor, rows);
    }
    for (const [name, tensor] of Object.entries(outputs.others)) {
      const [length, , ...rest] = tensor.shape;
      const all = collected.has(name);
      others[name] ??= zeros([all ? longest : length, sources.length, ...rest]);
      putRows(others[name], tensor, rows, all ? start : 0);
    }
  }
  return { ...state, ...others };
}

/**
 * Yield the rows of each call, and the positions from which and up to which they are read.
 *
 * Sentences that may be cut go together as far as the shortest of them reaches, and so on; those
 * that may not, with the others of their length.
 *
 * @param {readonly number[]} lengths
 * @param {boolean} whole whether sentences may not be cut
 * @returns {Iterable<{ rows: number[], start: number, stop: number }>}
 */
function* calls(lengths, whole) {
  const rows = [...lengths.keys()];
  let start = 0;
  for (const stop of [...new Set(lengths)].sort((one, other) => one - other)) {
    const members = rows.filter((row) => (whole ? lengths[row] === stop : lengths[row] >= stop));
    yield { rows: members, start, stop };
    if (!whole) start = stop;
  }
}

/**
 * @param {State} outputs
 * @param {number} start
 * @param {number} stop
 */
function checkFinite(outputs, start, stop) {
  for (const [name, tensor] of Object.entries(outputs)) {
    if (!isFinite(tensor)) {
      throw new NonFiniteError(
        `encoder step, tokens ${start} to ${stop - 1}: ${name} is not finite: the graph or its ` +
          "weights are damaged",
      );
    }
  }
}
