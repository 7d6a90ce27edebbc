import assert from "node:assert/strict";
import { test } from "node:test";

import { beam, ranked } from "../src/decoding/beam.js";
import { checkSpecs } from "../src/decoding/contract.js";
import { mostProbable } from "../src/decoding/greedy.js";
import { score } from "../src/decoding/hypotheses.js";
import { decode } from "../src/decoding/loop.js";
import { Step } from "../src/decoding/steps.js";

/**
 * @param {number[][]} rows
 */
function logProbs(rows) {
  return { data: Float32Array.from(rows.flat()), shape: [rows.length, rows[0].length] };
}

const chosen = (/** @type {{ parent: number, token: number }[]} */ choice) =>
  choice.map(({ parent, token }) => [parent, token]);

test("of equal log-probabilities, greedy decoding takes the smallest id", () => {
  const choice = mostProbable(
    logProbs([
      [-2, -1, -1],
      [-1, -1, -1],
    ]),
  );
  assert.deepEqual(chosen(choice), [
    [0, 1],
    [1, 0],
  ]);
});

test("of equal sums, a beam takes the earlier row, then the smaller id", () => {
  const choose = beam(3, 2, 1);
  const first = choose(
    logProbs([
      [-1, -9, -1, -1, -1],
      [-2, -9, -1, -2, -1],
    ]),
    [0, 1],
  );
  assert.deepEqual(chosen(first), [
    [0, 0],
    [0, 2],
    [0, 3],
    [1, 2],
    [1, 4],
    [1, 0],
  ]);
  const even = [-1, -9, -1, -9, -9];
  const second = choose(logProbs([even, even, even, even, even, even]), [0, 0, 0, 1, 1, 1]);
  assert.deepEqual(chosen(second), [
    [0, 0],
    [0, 2],
    [1, 0],
    [3, 0],
    [3, 2],
    [4, 0],
  ]);
});

test("of equal sums in one row, a beam takes the more probable token first", () => {
  const choose = beam(2, 1, 1);
  choose(logProbs([[-1, -99, -2]]), [0]);
  // Beside a sum of -1, these two differ by less than float64 can tell.
  const tiny = choose(
    logProbs([
      [-1e-20, -99, -1e-21],
      [-50, -99, -50],
    ]),
    [0, 0],
  );
  assert.deepEqual(chosen(tiny), [
    [0, 2],
    [0, 0],
  ]);
});

test("a finished hypothesis keeps its place", () => {
  const choose = beam(2, 1, 1);
  const first = choose(logProbs([[-3, -1, -2]]), [0]);
  assert.deepEqual(chosen(first), [
    [0, 1],
    [0, 2],
  ]);
  const second = choose(logProbs([[-1, -2, -3]]), [0]);
  assert.deepEqual(chosen(second), [[0, 0]]);
});

test("the score divides by a power of the length; of equal ones the first to end is first", () => {
  assert.equal(score([-1, -2, -3, -2], 1), -2);
  assert.equal(score([-1, -2, -3, -2], 0.5), -4);
  assert.equal(score([-1, -2, -3, -2], 0), -8);
  assert.equal(score([], 1), 0);
  const hypotheses = [[-2], [-1, -1], [-1, -1, -1]].map((values, id) => {
    return { ids: [id], logProbs: values, finished: true, extra: {} };
  });
  const search = { beamSize: 3, nBest: 2, lengthPenalty: 1 };
  assert.deepEqual(
    ranked(hypotheses, search).map(({ ids }) => ids),
    [[1], [2]],
  );
});

const hidden = { name: "hidden", dtype: "float32", shape: [1, "B", 2] };
const next = { ...hidden, name: "next_hidden" };
const encoder = {
  inputs: [{ name: "tokens", dtype: "int64", shape: ["T", "B"] }, hidden],
  outputs: [next],
  reads: "tokens",
};
const decoder = {
  inputs: [{ name: "token", dtype: "int64", shape: ["B"] }, hidden],
  outputs: [{ name: "log_probs", dtype: "float32", shape: ["B", 3] }, next],
};

test("numbers that are not finite are an error, and no fluent nonsense", async () => {
  const state = (/** @type {number} */ value) => ({
    data: Float32Array.of(value, 0),
    shape: [1, 1, 2],
  });
  const steps = (/** @type {number} */ one, /** @type {number} */ other) => ({
    encoder: new Step(encoder, async () => ({ next_hidden: state(one) })),
    decoder: new Step(decoder, async () => ({
      log_probs: logProbs([[other, -1, -1]]),
      next_hidden: state(0),
    })),
  });
  const options = { sos: 0, eos: 1, maxLength: 2, extraOutputs: [] };
  await assert.rejects(decode(steps(NaN, 0), [[2, 1]], options, mostProbable), {
    name: "NonFiniteError",
    message: /^encoder step, tokens 0 to 1: hidden is not finite/,
  });
  await assert.rejects(decode(steps(0, -Infinity), [[2, 1]], options, mostProbable), {
    name: "NonFiniteError",
    message: /^decoder step 0: log_probs is not finite/,
  });
});

test("specifications that the loop cannot run are refused", () => {
  checkSpecs(encoder, decoder);
  const memory = { name: "memory", dtype: "float32", shape: ["S", "B", 2] };
  /** @type {[import("../src/decoding/steps.js").StepSpec, typeof decoder, RegExp][]} */
  const faults = [
    [{ ...encoder, inputs: [] }, decoder, /^encoder\.inputs: expected token ids first/],
    [{ ...encoder, outputs: [{ ...next, name: "next_x" }] }, decoder, /next_x: expected a state/],
    [encoder, { ...decoder, outputs: [next] }, /^decoder\.outputs: expected log_probs/],
    [encoder, { ...decoder, inputs: [...decoder.inputs, memory] }, /memory: expected an output of/],
    [encoder, { ...decoder, inputs: [...decoder.inputs, hidden] }, /^decoder: expected each name/],
    [
      encoder,
      {
        inputs: [decoder.inputs[0], { ...hidden, shape: [1, "B", 3] }],
        outputs: [decoder.outputs[0]],
      },
      /hidden: expected float32\[1, B, 2\], as the encoder's/,
    ],
  ];
  for (const [one, other, message] of faults) {
    assert.throws(() => checkSpecs(one, other), { name: "SpecError", message });
  }
});
