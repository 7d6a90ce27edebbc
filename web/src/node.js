/**
 * For Node: the files of an exported folder on a disk.
 */

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { webcrypto } from "node:crypto";

import { ArtefactNotFoundError } from "./errors.js";

// Node 18 has it under this name alone.
globalThis.crypto ??= /** @type {Crypto} */ (webcrypto);

const SUFFIXES = /\.(json|vocab|merges|onnx)$/;

/**
 * Return the files of a folder that a reader may need, by name; for `Translator.load`.
 *
 * @param {string} path
 * @returns {Promise<Map<string, Uint8Array>>}
 */
export async function readFiles(path) {
  let names;
  try {
    names = await readdir(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ArtefactNotFoundError(`${path}: no such folder: ${reason}`, { cause: error });
  }
  const needed = names.filter((name) => SUFFIXES.test(name));
  const contents = await Promise.all(needed.map((name) => readFile(join(path, name))));
  return new Map(needed.map((name, index) => [name, new Uint8Array(contents[index])]));
}
