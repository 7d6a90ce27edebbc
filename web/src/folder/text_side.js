/**
 * The text side of an exported folder: a mode, its merges where it has some, and a vocabulary.
 */

import { VocabularyError } from "../errors.js";
import { Merges } from "../text/bpe.js";
import { textMode } from "../text/modes.js";
import { Vocabulary } from "../text/vocabulary.js";
import { MERGES_FILES, VOCABULARY_FILES } from "./names.js";

/**
 * Return the names of the files that a side is read from.
 *
 * @param {"source" | "target"} name
 * @param {import("./manifest.js").Manifest} manifest
 */
export function filesOfTextSide(name, manifest) {
  const file = VOCABULARY_FILES[name];
  return manifest[name].text === "natural" ? [file, MERGES_FILES[name]] : [file];
}

/**
 * Return the text mode and the vocabulary of a side.
 *
 * @param {"source" | "target"} name
 * @param {import("./manifest.js").Manifest} manifest
 * @param {(name: string) => Promise<Uint8Array>} read returns a file's bytes, compared with the
 *   manifest
 */
export async function readTextSide(name, manifest, read) {
  const side = manifest[name];
  const [file, mergesFile] = filesOfTextSide(name, manifest);
  const merges = mergesFile ? Merges.fromBytes(await read(mergesFile), mergesFile) : undefined;
  const mode = textMode(side.text, { merges, foldCase: side.fold_case });
  const unk = name === "source" && manifest.special_ids.unk !== null;
  const options = { unk, wordForms: mode.hasWordForms };
  const vocabulary = Vocabulary.fromBytes(await read(file), file, options);
  if (vocabulary.size !== side.vocabulary_size) {
    throw new VocabularyError(
      `${file}: it has ${vocabulary.size} tokens, the graphs were made for ` +
        `${side.vocabulary_size}; export again`,
    );
  }
  return { mode, vocabulary };
}
