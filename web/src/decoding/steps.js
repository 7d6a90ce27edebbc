/**
 * The one description of a step, and a step as the decoding loop runs it.
 *
 * A specification names the tensors that a step is given and returns. The manifest has it, and the
 * sessions derive from it.
 */

import { zeros } from "./tensors.js";

/** @typedef {import("./tensors.js").FloatTensor} FloatTensor */
/** @typedef {import("./tensors.js").State} State */

/** Prefix of an output that replaces a state tensor: `next_hidden` replaces `hidden`. */
export const NEXT = "next_";

/** Elements of a state tensor for one sentence and token, far above any model's. */
export const LARGEST_SIZE = 10_000_000;

/**
 * An input or output of a step. In its shape a string names a size that varies: `"T"` tokens read
 * at once, `"S"` tokens of the whole source, `"B"` batch.
 *
 * @typedef {object} TensorSpec
 * @property {string} name in the graph
 * @property {string} dtype `int64` or `float32`
 * @property {(number | string)[]} shape
 */

/**
 * The inputs (token ids, then the state) and the outputs of a step. An encoder step also says what
 * it reads: `tokens`, where a sentence may be cut into stretches, or whole sentences.
 *
 * @typedef {object} StepSpec
 * @property {TensorSpec[]} inputs
 * @property {TensorSpec[]} outputs
 * @property {string} [reads]
 */

/**
 * The computation of a step: token ids of a shape, and the state → the outputs by their names.
 *
 * @typedef {(tokens: { data: BigInt64Array, shape: readonly number[] }, state: State)
 *   => Promise<State>} RunStep
 */

/**
 * Outputs of a step by name: replaced state (without `next_`), and the others.
 *
 * @typedef {object} StepOutputs
 * @property {State} replaced
 * @property {State} others
 */

/** A step as the loop runs it. */
export class Step {
  /**
   * @param {StepSpec} spec
   * @param {RunStep} run
   */
  constructor(spec, run) {
    this.spec = spec;
    this.run = run;
    this.replacedNames = replacedState(spec);
    this.otherNames = otherOutputs(spec).map((output) => output.name);
  }

  /**
   * Run the step once.
   *
   * @param {readonly (readonly number[])[]} rows token ids, for each sentence of B as many
   * @param {State} state
   * @param {readonly number[]} shape of the tokens: `[T, B]` or `[B]`
   * @returns {Promise<StepOutputs>}
   */
  async call(rows, state, shape) {
    const tokens = new BigInt64Array(rows.length * rows[0].length);
    for (const [row, ids] of rows.entries()) {
      for (const [at, id] of ids.entries()) tokens[at * rows.length + row] = BigInt(id);
    }
    const outputs = await this.run({ data: tokens, shape }, state);
    return {
      replaced: Object.fromEntries(this.replacedNames.map((n) => [n, outputs[NEXT + n]])),
      others: Object.fromEntries(this.otherNames.map((n) => [n, outputs[n]])),
    };
  }
}

/**
 * An encoder step and a decoder step that belong together.
 *
 * @typedef {{ encoder: Step, decoder: Step }} Steps
 */

/**
 * Return the names of the state tensors that a step replaces.
 *
 * @param {StepSpec} spec
 */
export function replacedState(spec) {
  const outputs = new Set(spec.outputs.map((output) => output.name));
  return stateOf(spec)
    .map((s) => s.name)
    .filter((name) => outputs.has(NEXT + name));
}

/**
 * Return the outputs that replace no state.
 *
 * @param {StepSpec} spec
 */
export function otherOutputs(spec) {
  const replacing = new Set(replacedState(spec).map((name) => NEXT + name));
  return spec.outputs.filter((output) => !replacing.has(output.name));
}

/**
 * Return the inputs that are state.
 *
 * @param {StepSpec} spec
 */
export function stateOf(spec) {
  return spec.inputs.slice(1);
}

/**
 * Return the state before the first token: what is supplied, or else zeros.
 *
 * @param {StepSpec} spec
 * @param {State} supplied
 * @param {number} rows B
 * @returns {State}
 */
export function firstState(spec, supplied, rows) {
  return Object.fromEntries(
    stateOf(spec).map(({ name, shape }) => {
      const sizes = shape.map((size) => (size === "B" ? rows : Number(size)));
      return [name, supplied[name] ?? zeros(sizes)];
    }),
  );
}

/**
 * Return the state that is left for the decoder after a sentence, with its shapes.
 *
 * @param {StepSpec} encoder
 * @returns {Map<string, (number | string)[]>}
 */
export function suppliedBy(encoder) {
  /** @type {Map<string, (number | string)[]>} */
  const supplied = new Map(stateOf(encoder).map(({ name, shape }) => [name, shape]));
  for (const {
    name,
    shape: [first, ...rest],
  } of otherOutputs(encoder)) {
    supplied.set(name, [first === "T" ? "S" : first, ...rest]);
  }
  return supplied;
}
