/**
 * `node:test` for pages: `test` keeps a test, `runTests` runs those of one file, in their order.
 */

import { assertions } from "./assert.js";

/** @typedef {{ diagnostic: (text: string) => void, skip: (reason: string) => void }} Context */
/** @typedef {{ skip: string | false }} Options */
/** @typedef {(t: Context) => unknown} Body */

/**
 * What became of a test.
 *
 * @typedef {object} Result
 * @property {string} name
 * @property {string | false} skipped the reason
 * @property {string[]} diagnostics
 * @property {string | null} error with its stack; `null` for a test that passed
 */

/** @type {{ name: string, options: Options, body: Body }[]} */
const tests = [];

/**
 * @param {string} name
 * @param {Options | Body} options may be left out
 * @param {Body} [body]
 */
export function test(name, options, body) {
  if (typeof options === "function") return test(name, { skip: false }, options);
  if (typeof body !== "function") throw new TypeError(`${name}: expected a function`);
  tests.push({ name, options, body });
}

/**
 * Import a file of tests and run them.
 *
 * @param {string} address
 * @returns {Promise<Result[]>}
 */
export async function runTests(address) {
  await import(address);
  if (tests.length === 0) throw new Error(`${address}: it has no test`);
  const results = [];
  for (const { name, options, body } of tests) results.push(await run(name, options, body));
  return results;
}

/**
 * @param {string} name
 * @param {Options} options
 * @param {Body} body
 * @returns {Promise<Result>}
 */
async function run(name, { skip }, body) {
  /** @type {Result} */
  const result = { name, skipped: skip, diagnostics: [], error: null };
  if (skip !== false) return result;
  const before = assertions;
  try {
    await body({
      diagnostic: (text) => result.diagnostics.push(text),
      skip: (reason) => (result.skipped = reason),
    });
    if (assertions === before && result.skipped === false) throw new Error("it asserted nothing");
  } catch (error) {
    result.error = error instanceof Error ? (error.stack ?? String(error)) : `thrown: ${error}`;
  }
  return result;
}
