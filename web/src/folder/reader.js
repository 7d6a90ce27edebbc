/**
 * Reading an exported folder: every byte that is used is first compared with the manifest.
 */

import { ArtefactError, IntegrityError, OptionError, quoted } from "../errors.js";
import { sha256 } from "./checksum.js";
import { kindOf } from "./file_kind.js";
import { filesOf } from "./files.js";
import { readManifest } from "./manifest.js";
import { MANIFEST_FILE } from "./names.js";
import { filesOfTextSide, readTextSide } from "./text_side.js";

/** @typedef {import("./files.js").Files} Files */
/** @typedef {import("./manifest.js").Manifest} Manifest */

/**
 * Which graphs: float32, whose tokens are PyTorch's; or quantized ones, smaller and quicker.
 *
 * @typedef {"fp32" | "int8"} Precision
 */

/**
 * Called while the files of a folder arrive, and no more once one of them has failed.
 *
 * @callback OnProgress
 * @param {{ loaded: number, total: number }} progress bytes: those that have arrived, and those of
 *   all files that the precision needs, the manifest left out
 */

/**
 * The parts of a folder that the run time needs, in memory and checked.
 *
 * @typedef {Awaited<ReturnType<typeof readAll>>} FolderContent
 */

const PRECISIONS = ["fp32", "int8"];
const LARGEST_MANIFEST = 16 * 2 ** 20; // bytes; real ones have some 10 kB
const MOST_REPLACEMENTS = 5;

/**
 * Read an exported folder as one: if it is replaced meanwhile, the new one, never a mix.
 *
 * @param {string | URL | import("./files.js").FilesByName} folder its address, or its files by name
 * @param {Precision} precision
 * @param {OnProgress} [onProgress]
 * @returns {Promise<FolderContent>}
 */
export async function readFolder(folder, precision, onProgress) {
  if (!PRECISIONS.includes(precision)) {
    const expected = PRECISIONS.map(quoted).join(", ");
    throw new OptionError(`precision: expected one of ${expected}, found ${quoted(precision)}`);
  }
  const files = filesOf(folder);
  for (let replacements = 0; ; replacements += 1) {
    const content = await files.read(MANIFEST_FILE, LARGEST_MANIFEST);
    try {
      return await readAll(files, content, precision, onProgress);
    } catch (error) {
      const hopeless = !files.mayChange || replacements === MOST_REPLACEMENTS;
      if (!(error instanceof ArtefactError) || hopeless) throw error;
      if (!(await wasReplaced(files, content))) throw error;
    }
  }
}

/**
 * @param {Files} files
 * @param {Uint8Array} manifestContent
 * @param {Precision} precision
 * @param {OnProgress} [onProgress]
 */
async function readAll(files, manifestContent, precision, onProgress) {
  const manifest = await readManifest(manifestContent);
  const graphs = graphsOf(manifest, precision);
  const total = sizeOf(manifest, precision);
  let loaded = 0;
  let failed = false; // the other files go on arriving
  const onBytes = (/** @type {number} */ bytes) => {
    loaded += bytes;
    if (!failed) onProgress?.({ loaded, total });
  };
  const read = (/** @type {string} */ name) => readChecked(files, manifest, name, onBytes);
  const [source, target, encoder, decoder] = await Promise.all([
    readTextSide("source", manifest, read),
    readTextSide("target", manifest, read),
    read(graphs.encoder.file),
    read(graphs.decoder.file),
  ]).catch((error) => {
    failed = true;
    throw error;
  });
  return { manifest, graphs, source, target, encoder, decoder };
}

/**
 * Return the graphs of a precision.
 *
 * @param {Manifest} manifest
 * @param {Precision} precision
 */
function graphsOf({ graphs, int8 }, precision) {
  if (precision === "fp32") return graphs;
  if (int8 !== null) return int8.graphs;
  throw new OptionError(
    "precision: this folder has no int8 graphs; export it with --precision int8",
  );
}

/**
 * Return the number of bytes that a precision needs, the manifest left out.
 *
 * @param {Manifest} manifest
 * @param {Precision} precision
 */
export function sizeOf(manifest, precision) {
  const { encoder, decoder } = graphsOf(manifest, precision);
  const sides = [...filesOfTextSide("source", manifest), ...filesOfTextSide("target", manifest)];
  return [...sides, encoder.file, decoder.file]
    .map((name) => manifest.files.get(name)?.size ?? 0)
    .reduce((one, other) => one + other);
}

/**
 * Return a file's bytes after comparing them with the manifest.
 *
 * @param {Files} files
 * @param {Manifest} manifest
 * @param {string} name
 * @param {import("./files.js").OnBytes} onBytes
 */
async function readChecked(files, manifest, name, onBytes) {
  const record = manifest.files.get(name);
  if (record === undefined) throw new TypeError(`${name}: not recorded`); // the rules ask for it
  const content = await files.read(name, record.size, onBytes);
  const actual = await sha256(content);
  if (content.length === record.size && actual === record.sha256) return content;
  const where = files.place + name;
  const kind = kindOf(content);
  if (kind !== null) {
    throw new IntegrityError(`${where}: expected ${record.size} bytes, but it is ${kind}`);
  }
  if (content.length < record.size) {
    throw new IntegrityError(
      `${where}: expected ${record.size} bytes, found ${content.length}; the file is truncated: ` +
        "copy the folder again",
    );
  }
  throw new IntegrityError(
    `${where}: expected sha256 ${record.sha256}, found ${actual}; the file was changed or ` +
      "damaged: copy the folder again",
  );
}

/**
 * Tell whether the folder has another manifest by now.
 *
 * @param {Files} files
 * @param {Uint8Array} before
 */
async function wasReplaced(files, before) {
  try {
    const now = await files.read(MANIFEST_FILE, LARGEST_MANIFEST);
    return now.length !== before.length || now.some((byte, at) => byte !== before[at]);
  } catch (error) {
    if (error instanceof ArtefactError) return false;
    throw error;
  }
}
