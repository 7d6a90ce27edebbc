/**
 * The rules that the specifications of two steps keep, so that the loop can run them.
 */

import { SpecError } from "../errors.js";
import { LARGEST_SIZE, NEXT, stateOf, suppliedBy } from "./steps.js";
import { product } from "./tensors.js";

/** @typedef {import("./steps.js").StepSpec} StepSpec */
/** @typedef {import("./steps.js").TensorSpec} TensorSpec */

/**
 * Check two specifications, and that the one supplies the state of the other.
 *
 * @param {StepSpec} encoder
 * @param {StepSpec} decoder
 */
export function checkSpecs(encoder, decoder) {
  const reads = encoder.reads === "tokens" || encoder.reads === "sentence";
  required(reads, "encoder.reads", "tokens or sentence");
  checkInputs(encoder, "encoder", ["T", "B"], null);
  checkOutputs(encoder, "encoder", encoder.outputs, "T");
  checkInputs(decoder, "decoder", ["B"], "S");
  const [first, ...others] = decoder.outputs;
  const begins = first !== undefined && isLogProbs(first);
  required(begins, "decoder.outputs", "log_probs float32[B, V] first");
  checkOutputs(decoder, "decoder", others, "S");
  const supplied = suppliedBy(encoder);
  for (const { name, shape } of stateOf(decoder)) {
    const where = `decoder.inputs: ${name}`;
    const expected = supplied.get(name);
    if (expected !== undefined) {
      required(same(shape, expected), where, `float32[${expected.join(", ")}], as the encoder's`);
    } else {
      required(!shape.includes("S"), where, "an output of the encoder, float32[T, B, …]");
    }
  }
}

/**
 * Return a specification as messages show it.
 *
 * @param {TensorSpec} spec
 */
export function shown({ name, dtype, shape }) {
  return `${name} ${dtype}[${shape.join(", ")}]`;
}

/**
 * @param {StepSpec} spec
 * @param {string} step
 * @param {string[]} tokens the axes of the token ids
 * @param {string | null} varying the axis that may vary beside the batch
 */
function checkInputs(spec, step, tokens, varying) {
  const where = `${step}.inputs`;
  const [first] = spec.inputs;
  required(first !== undefined, where, "token ids first");
  const ids = first.dtype === "int64" && same(first.shape, tokens);
  required(ids, `${where}: ${first.name}`, `int64[${tokens.join(", ")}]`);
  for (const tensor of stateOf(spec)) {
    required(isState(tensor, varying), `${where}: ${tensor.name}`, form(varying));
  }
  const names = [...spec.inputs, ...spec.outputs].map((tensor) => tensor.name);
  required(new Set(names).size === names.length, step, "each name once");
}

/**
 * @param {StepSpec} spec
 * @param {string} step
 * @param {TensorSpec[]} outputs
 * @param {string} varying
 */
function checkOutputs(spec, step, outputs, varying) {
  const replacing = new Map(stateOf(spec).map((tensor) => [NEXT + tensor.name, tensor]));
  for (const output of outputs) {
    const where = `${step}.outputs: ${output.name}`;
    const replaced = replacing.get(output.name);
    if (replaced !== undefined) {
      const fits = output.dtype === replaced.dtype && same(output.shape, replaced.shape);
      required(fits, where, `${replaced.dtype}[${replaced.shape.join(", ")}]`);
    } else {
      required(!output.name.startsWith(NEXT), where, "a state tensor of that name");
      required(isState(output, varying), where, form(varying));
    }
  }
}

/** @param {TensorSpec} spec */
function isLogProbs({ name, dtype, shape }) {
  const [batch, size] = shape;
  const sized = shape.length === 2 && typeof size === "number" && size >= 1;
  return name === "log_probs" && dtype === "float32" && batch === "B" && sized;
}

/**
 * Tell whether it is `float32[n, B, …]`, of which the first may be the axis `varying`.
 *
 * @param {TensorSpec} spec
 * @param {string | null} varying
 */
function isState({ dtype, shape: [first, batch, ...rest] }, varying) {
  if (dtype !== "float32" || batch !== "B") return false;
  const sizes = [varying !== null && first === varying ? 1 : first, ...rest];
  const fixed = sizes.filter((size) => typeof size === "number" && size >= 1);
  return fixed.length === sizes.length && product(fixed.map(Number)) <= LARGEST_SIZE;
}

/** @param {string | null} varying */
function form(varying) {
  const other = varying === null ? "" : ` or float32[${varying}, B, …]`;
  return `float32[n, B, …]${other} of fixed sizes`;
}

/**
 * @param {readonly unknown[]} one
 * @param {readonly unknown[]} other
 */
function same(one, other) {
  return one.length === other.length && one.every((size, at) => size === other[at]);
}

/**
 * @param {boolean} holds
 * @param {string} where
 * @param {string} expected
 */
function required(holds, where, expected) {
  if (!holds) throw new SpecError(`${where}: expected ${expected}`);
}
