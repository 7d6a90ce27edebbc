/**
 * Facts of a model: what its manifest tells, in rows for people.
 */

import { sizeOf } from "../src/folder/reader.js";
import { count, decimal, languageName, megabytes } from "./format.js";

/** @typedef {import("../src/folder/manifest.js").Manifest} Manifest */
/** @typedef {import("../src/folder/reader.js").Precision} Precision */

/** @typedef {{ term: string, description: string }} Fact */

/**
 * Return what a manifest tells of its model.
 *
 * @param {Manifest} manifest
 * @param {Precision} precision of the graphs in use
 * @param {string} folder the address that it came from
 * @returns {Fact[]} the same terms for both precisions
 */
export function factsOf(manifest, precision, folder) {
  const { source, target } = manifest;
  const languages = `${languageName(source.language)} to ${languageName(target.language)}`;
  return [
    { term: "Languages", description: languages },
    { term: "Size", description: `${megabytes(sizeOf(manifest, precision))} from ${shown(folder)}` },
    ...runtime(),
    ...quality(manifest),
    ...agreement(manifest, precision),
    { term: "Vocabulary", description: vocabulary(manifest) },
    ...training(manifest),
    { term: "Longest text", description: `${count(source.max_length)} tokens` },
  ];
}

/**
 * @param {Manifest} manifest
 * @returns {Fact[]}
 */
function quality({ metrics }) {
  const rows = [...metrics].filter(([, values]) => values.has("bleu"));
  return rows.map(([name, values]) => {
    const which = rows.length > 1 ? `, ${name}` : "";
    const sentences = count(values.get("sentences") ?? 0);
    const bleu = decimal(values.get("bleu") ?? 0);
    return { term: "Quality", description: `BLEU ${bleu} on ${sentences} held-out sentences${which}` };
  });
}

/**
 * @param {Manifest} manifest
 * @param {Precision} precision
 * @returns {Fact[]}
 */
function agreement({ int8 }, precision) {
  if (int8 === null) return [];
  if (precision === "fp32") {
    return [{ term: "Precision", description: "float32: the tokens are those of PyTorch" }];
  }
  const { identical, sentences } = int8.agreement;
  const shares = `${count(identical)} of ${count(sentences)}`;
  return [{ term: "Precision", description: `int8: ${shares} sentences come out as in float32` }];
}

/**
 * Return the size of ONNX Runtime, if the browser tells it.
 *
 * @returns {Fact[]}
 */
function runtime() {
  const fetched = /** @type {PerformanceResourceTiming[]} */ (
    performance.getEntriesByType("resource")
  );
  const size = fetched.find(({ name }) => name.endsWith(".wasm"))?.decodedBodySize;
  if (!size) return [];
  return [{ term: "Run time", description: `ONNX Runtime, ${megabytes(size)} of WebAssembly` }];
}

/** @param {string} address */
function shown(address) {
  const { host, pathname } = new URL(address);
  return host + pathname;
}

/** @param {Manifest} manifest */
function vocabulary({ source, target }) {
  return `${count(source.vocabulary_size)} + ${count(target.vocabulary_size)} tokens`;
}

/**
 * @param {Manifest} manifest
 * @returns {Fact[]}
 */
function training({ training }) {
  const [pairs, attribution] = [training.get("training_pairs"), training.get("attribution")];
  if (typeof pairs !== "number") return [];
  const from = typeof attribution === "string" ? ` from ${attribution}` : "";
  return [{ term: "Trained on", description: `${count(pairs)} pairs${from}` }];
}
