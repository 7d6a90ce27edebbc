/**
 * Manifests of format versions 1 and 2, rewritten as version 3. They have one text mode for both
 * sides, one record a graph with its inputs and outputs, and scores inside of `training`.
 */

import { MANIFEST_FILE } from "./names.js";
import { missing } from "./records.js";

/** @typedef {Record<string, unknown>} Json */

/**
 * Return the manifest as version 3 has it; its `format_version` stays.
 *
 * @param {Json} value of version 1 or 2, not yet validated
 * @returns {Json}
 */
export function upgraded(value) {
  return {
    ...value,
    source: side(value, "source"),
    target: side(value, "target"),
    steps: steps((name) => ({
      reads: "tokens",
      inputs: take(value, "graphs", name, "inputs"),
      outputs: take(value, "graphs", name, "outputs"),
    })),
    graphs: steps((name) => take(value, "graphs", name)),
    int8: take(value, "int8"),
    metrics: take(value, "training", "scores"),
    training: { .../** @type {Json} */ (value.training), scores: null },
  };
}

/**
 * @param {Json} value
 * @param {string} name
 */
function side(value, name) {
  return {
    language: take(value, `${name}_language`),
    text: take(value, "normalizer"),
    fold_case: false,
    vocabulary_size: take(value, "sizes", `${name}_vocabulary`),
    max_length: take(value, "max_length", name),
  };
}

/** @param {(name: string) => unknown} make */
function steps(make) {
  return { encoder: make("encoder"), decoder: make("decoder") };
}

/**
 * Return the value at a path of names from the manifest's root.
 *
 * @param {unknown} value
 * @param {...string} path
 * @returns {unknown}
 */
function take(value, ...path) {
  let found = value;
  for (const name of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) {
      throw missing([MANIFEST_FILE, ...path].join("."));
    }
    found = /** @type {Json} */ (found)[name];
  }
  return found;
}
