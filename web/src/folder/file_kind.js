/**
 * Kinds of files that copying and downloading leave in the place of another.
 */

/** @type {[string, string][]} */
const SIGNATURES = [
  [
    "version https://git-lfs",
    "a git-lfs pointer and not the file itself: run 'git lfs pull' where it was copied from",
  ],
  ["PK\x03\x04", "a zip archive: unpack it"],
  ["PK\x05\x06", "an empty zip archive"],
  ["\x1f\x8b", "gzip data: unpack it"],
];
const HTML = /^\s*(<!doctype html|<html)/i;
const ENOUGH = 64;

/**
 * Return the name of a file's kind and the remedy, if it often stands in place of another.
 *
 * @param {Uint8Array} content
 * @returns {string | null} a phrase that goes on after "it is"
 */
export function kindOf(content) {
  if (content.length === 0) return "empty";
  const beginning = String.fromCharCode(...content.subarray(0, ENOUGH));
  const found = SIGNATURES.find(([signature]) => beginning.startsWith(signature));
  if (found !== undefined) return found[1];
  return HTML.test(beginning) ? "a web page and not the file itself: look at its address" : null;
}
