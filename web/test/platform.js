/**
 * What the tests share: the folders of the checkout, and the cases that `expected.py` wrote.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { readFiles } from "../src/node.js";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Where `expected.py cases` wrote; tests that need it skip where it is not named. */
export const EXPECTED = process.env.EXPECTED;
export const skip = EXPECTED === undefined ? "EXPECTED names no folder; see make test-web" : false;

/** The largest difference of a log-probability, in nats, as `format.md` promises it. */
export const TOLERANCE = 1e-4;

/**
 * @param {string} folder of the checkout
 */
export function filesOf(folder) {
  return readFiles(join(ROOT, folder));
}

/**
 * @param {string} name of a JSON file that `expected.py` wrote
 * @returns {any}
 */
export function expected(name) {
  return JSON.parse(readFileSync(join(EXPECTED ?? "", name), "utf-8"));
}

/**
 * @param {string} path of a file of JSON lines
 * @returns {any[]}
 */
export function jsonLines(path) {
  return readFileSync(path, "utf-8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** @param {string} name of a file of JSON lines that `expected.py` wrote */
export function expectedLines(name) {
  return jsonLines(join(EXPECTED ?? "", name));
}
