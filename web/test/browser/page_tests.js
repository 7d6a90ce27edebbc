/**
 * Files of tests, run in a page; the tests of Node ask for their results.
 */

import { EXPECTED, serveAnswers } from "../platform.js";
import { openPage } from "./chromium.js";
import { serve } from "./server.js";

/**
 * Run a file of tests in a new page.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} file its path from the repository's root on, or its address
 * @param {{ allowed?: RegExp }} [options] of the page
 * @returns {Promise<import("./node_test.js").Result[]>} at least one
 */
export async function pageResults(t, file, options) {
  const base = await serve(t);
  const query = EXPECTED === undefined ? "" : `?expected=${await serve(t, EXPECTED)}`;
  const page = await openPage(t, `${base}/web/test/browser/page.html${query}`, options);
  await page.exposeFunction("serveAnswers", (/** @type {any} */ answers) => {
    return serveAnswers(t, answers);
  });
  return page.evaluate(async (file) => {
    const runner = "/web/test/browser/node_test.js";
    return (await import(runner)).runTests(file);
  }, new URL(file, base).href);
}
