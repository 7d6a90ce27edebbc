/**
 * The rules of a manifest that the types of its fields alone do not express.
 */

import { checkSpecs } from "../decoding/contract.js";
import { LARGEST_BEAM, LARGEST_PENALTY, MOST_TOKENS } from "../decoding/options.js";
import { LARGEST_SIZE } from "../decoding/steps.js";
import { ManifestError, SpecError } from "../errors.js";
import { TARGET_MODES, TEXT_MODES } from "../text/modes.js";
import { EOS, SOS, UNK } from "../text/vocabulary.js";
import { MANIFEST_FILE, MERGES_FILES, VOCABULARY_FILES } from "./names.js";

/** @typedef {import("./manifest.js").Manifest} Manifest */
/** @typedef {import("./manifest.js").Golden} Golden */
/** @typedef {import("./manifest.js").Side} Side */

/** Bytes; protobuf, and so an ONNX file with its weights inside, holds no more. */
const LARGEST_FILE = 2 ** 31 - 1;

const PLAIN_FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const SHA256 = /^[0-9a-f]{64}$/;
const VERSION = /^[0-9]{1,9}(\.[0-9]{1,9}){0,3}$/;

/**
 * Check a manifest whose fields have the right types.
 *
 * @param {Manifest} manifest
 */
export function checkManifest(manifest) {
  required(manifest.format_version >= 1, "format_version", "1 or more");
  const { sos, eos, unk } = manifest.special_ids;
  const ids = sos === SOS && eos === EOS && (unk === UNK || unk === null);
  required(ids, "special_ids", `${SOS}, ${EOS} and ${UNK} or null`);
  checkSide(manifest.source, "source", TEXT_MODES);
  checkSide(manifest.target, "target", TARGET_MODES);
  for (const [name, version] of manifest.requires) {
    required(VERSION.test(version), `requires.${name}`, "a version");
  }
  checkFiles(manifest);
  checkSteps(manifest);
  const { int8, golden } = manifest;
  const all = int8 === null || int8.golden_target_ids.length === golden.length;
  required(all, "int8.golden_target_ids", "one for each of golden");
  for (const [index, one] of golden.entries()) checkGolden(one, manifest, `golden[${index}]`);
}

/**
 * @param {Side} side
 * @param {string} name
 * @param {readonly string[]} modes
 */
function checkSide(side, name, modes) {
  required(modes.includes(side.text), `${name}.text`, `one of ${modes.join(", ")}`);
  requireRange(side.max_length, 1, MOST_TOKENS, `${name}.max_length`);
  requireRange(side.vocabulary_size, 1, LARGEST_SIZE, `${name}.vocabulary_size`);
}

/** @param {Manifest} manifest */
function checkFiles({ files, source, target, graphs, int8 }) {
  for (const [name, { size, sha256 }] of files) {
    required(PLAIN_FILE_NAME.test(name), "files", "plain file names");
    requireRange(size, 0, LARGEST_FILE, `files.${name}.size`);
    required(SHA256.test(sha256), `files.${name}.sha256`, "64 hexadecimal digits");
  }
  const needed = [
    VOCABULARY_FILES.source,
    VOCABULARY_FILES.target,
    ...(source.text === "natural" ? [MERGES_FILES.source] : []),
    ...(target.text === "natural" ? [MERGES_FILES.target] : []),
    ...[graphs, ...(int8 === null ? [] : [int8.graphs])].flatMap(({ encoder, decoder }) => {
      return [encoder.file, decoder.file];
    }),
  ];
  const all = needed.every((name) => files.has(name));
  required(all, "files", `records of ${needed.sort().join(", ")}`);
}

/** @param {Manifest} manifest */
function checkSteps({ steps, target }) {
  try {
    checkSpecs(steps.encoder, steps.decoder);
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    throw new ManifestError(`${MANIFEST_FILE}: steps.${error.message}; export again`);
  }
  const size = target.vocabulary_size;
  required(
    steps.decoder.outputs[0].shape[1] === size,
    "steps.decoder.outputs: log_probs",
    `float32[B, ${size}], for target.vocabulary_size tokens`,
  );
}

/**
 * @param {Golden} golden
 * @param {Manifest} manifest
 * @param {string} where
 */
function checkGolden(golden, { source, target }, where) {
  checkIds(golden.source_ids, source, `${where}.source_ids`);
  checkTarget(golden, target, where);
  const { beam } = golden;
  if (beam === undefined) return;
  const size = beam.beam_size;
  requireRange(size, 1, LARGEST_BEAM, `${where}.beam.beam_size`);
  const penalty = beam.length_penalty >= 0 && beam.length_penalty <= LARGEST_PENALTY;
  required(penalty, `${where}.beam.length_penalty`, `0 to ${LARGEST_PENALTY}`);
  const count = beam.hypotheses.length;
  required(count >= 1 && count <= size, `${where}.beam.hypotheses`, "1 to beam_size of them");
  for (const [index, hypothesis] of beam.hypotheses.entries()) {
    checkTarget(hypothesis, target, `${where}.beam.hypotheses[${index}]`);
  }
}

/**
 * @param {{ target_ids: number[], log_probs: number[] }} translation
 * @param {Side} target
 * @param {string} where
 */
function checkTarget({ target_ids: ids, log_probs: logProbs }, target, where) {
  checkIds(ids, target, `${where}.target_ids`);
  required(logProbs.length === ids.length, `${where}.log_probs`, "one for each of target_ids");
}

/**
 * @param {number[]} ids
 * @param {Side} side
 * @param {string} where
 */
function checkIds(ids, { vocabulary_size: size, max_length: limit }, where) {
  required(ids.length >= 1 && ids.length <= limit, where, `1 to ${limit} tokens`);
  required(
    ids.every((token) => token >= 0 && token < size),
    where,
    `ids below ${size}`,
  );
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 * @param {string} where
 */
function requireRange(value, least, most, where) {
  required(value >= least && value <= most, where, `${least} to ${most}`);
}

/**
 * @param {boolean} holds
 * @param {string} where
 * @param {string} expected
 */
function required(holds, where, expected) {
  if (!holds)
    throw new ManifestError(`${MANIFEST_FILE}: ${where}: expected ${expected}; export again`);
}
