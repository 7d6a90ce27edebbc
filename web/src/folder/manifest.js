/**
 * The records of `manifest.json`, as `format.md` specifies them, and the file read into them.
 */

import { IntegrityError, ManifestError } from "../errors.js";
import { sha256 } from "./checksum.js";
import { kindOf } from "./file_kind.js";
import { parseObject } from "./json.js";
import { checkManifest } from "./manifest_rules.js";
import { MANIFEST_FILE } from "./names.js";
import { upgraded } from "./older_formats.js";
import {
  bool,
  fact,
  float,
  integer,
  list,
  mapping,
  nullable,
  record,
  size,
  text,
} from "./records.js";

/** The newest format that this release reads. */
export const FORMAT_VERSION = 3;

const CHECKSUM = "manifest_sha256";
const DIGITS = 64;
const ZERO = "0".charCodeAt(0);

const side = record({
  language: text,
  text,
  fold_case: bool,
  vocabulary_size: integer,
  max_length: integer,
});
const tensor = record({ name: text, dtype: text, shape: list(size) });
const step = { inputs: list(tensor), outputs: list(tensor) };
const graph = record({ file: text, opset: integer, ir_version: integer });
const graphs = record({ encoder: graph, decoder: graph });
const hypothesis = { target: text, target_ids: list(integer), log_probs: list(float) };
const beam = record({
  beam_size: integer,
  length_penalty: float,
  hypotheses: list(record(hypothesis)),
});
const golden = record({ source: text, source_ids: list(integer), ...hypothesis }, { beam });
const int8 = record({
  graphs,
  agreement: record({
    sentences: integer,
    identical: integer,
    bleu: nullable(float),
    bleu_fp32: nullable(float),
  }),
  golden_target_ids: list(list(integer)),
});
const manifest = record({
  format_version: integer,
  source: side,
  target: side,
  special_ids: record({ sos: integer, eos: integer, unk: nullable(integer) }),
  files: mapping(record({ size: integer, sha256: text })),
  steps: record({ encoder: record({ ...step, reads: text }), decoder: record(step) }),
  graphs,
  int8: nullable(int8),
  requires: mapping(text),
  tools: mapping(text),
  training: mapping(fact),
  metrics: mapping(mapping(float)),
  golden: list(golden),
});

/**
 * The whole of the file, but for the evidence of parity.
 *
 * @typedef {ReturnType<typeof manifest>} Manifest
 */
/** @typedef {ReturnType<typeof side>} Side */
/** @typedef {ReturnType<typeof graph>} GraphRecord */
/** @typedef {ReturnType<typeof graphs>} Graphs */
/** @typedef {ReturnType<typeof golden>} Golden */

/**
 * Read `manifest.json`.
 *
 * @param {Uint8Array} content
 * @returns {Promise<Manifest>}
 */
export async function readManifest(content) {
  const kind = kindOf(content);
  if (kind !== null) throw new ManifestError(`${MANIFEST_FILE}: it is ${kind}`);
  const value = parseObject(content, MANIFEST_FILE);
  const version = value.format_version;
  if (Number.isInteger(version) && Number(version) > FORMAT_VERSION) {
    throw new ManifestError(
      `${MANIFEST_FILE}: format version ${version} was made by a newer release of s2s-export, ` +
        `this release reads up to ${FORMAT_VERSION}: upgrade s2s-export-web`,
    );
  }
  await checkSeal(content, value[CHECKSUM]);
  const newest = version === 1 || version === 2 ? upgraded(value) : value;
  const built = manifest(newest, MANIFEST_FILE);
  checkManifest(built);
  return built;
}

/**
 * Compare the file's checksum with the one that it records of itself.
 *
 * @param {Uint8Array} content
 * @param {unknown} recorded
 */
async function checkSeal(content, recorded) {
  const where = `${MANIFEST_FILE}.${CHECKSUM}`;
  if (typeof recorded !== "string") throw new ManifestError(`${where}: missing; export again`);
  const digits = new TextEncoder().encode(recorded);
  if (digits.length !== DIGITS) {
    throw new ManifestError(`${where}: expected 64 hexadecimal digits; export again`);
  }
  const actual = await sha256(blanked(content, digits));
  if (actual !== recorded) {
    throw new IntegrityError(
      `${MANIFEST_FILE}: expected sha256 ${recorded}, found ${actual}; the file was changed or ` +
        "damaged: copy the folder again",
    );
  }
}

/**
 * Return content with zeros in the place of some digits, wherever they stand.
 *
 * @param {Uint8Array} content
 * @param {Uint8Array} digits
 */
function blanked(content, digits) {
  const blank = content.slice();
  for (let at = content.indexOf(digits[0]); at >= 0; at = content.indexOf(digits[0], at + 1)) {
    if (digits.every((digit, offset) => blank[at + offset] === digit)) {
      blank.fill(ZERO, at, at + DIGITS);
    }
  }
  return blank;
}
