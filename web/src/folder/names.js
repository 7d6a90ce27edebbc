/**
 * Names of the files in an exported folder.
 */

export const MANIFEST_FILE = "manifest.json";

/** The tokens of each side. */
export const VOCABULARY_FILES = { source: "source.vocab", target: "target.vocab" };

/** The merges of a side whose text mode is `natural`. */
export const MERGES_FILES = { source: "source.merges", target: "target.merges" };
