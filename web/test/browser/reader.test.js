/**
 * The reader's tests once more, the same files, in a page in Chromium.
 */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { EXPECTED, ROOT } from "../platform.js";
import { pageResults } from "./page_tests.js";

/** Of the disk and of Node's own example. */
const NODE_ONLY = "node.test.js";
const FILES = readdirSync(join(ROOT, "web/test")).filter(
  (name) => name.endsWith(".test.js") && name !== NODE_ONLY,
);

/** Chromium writes an error where these tests have a server refuse, or ask for a closed port. */
const REFUSING = "fetch.test.js";

/** A page that hangs fails; the slowest file takes half a minute. */
const timeout = 600_000;

for (const file of FILES) {
  test(`${file} in Chromium`, { timeout }, async (t) => {
    const allowed = file === REFUSING ? /^console error: Failed to load resource/ : undefined;
    for (const result of await pageResults(t, `web/test/${file}`, { allowed })) {
      await t.test(result.name, (t) => report(t, result));
    }
  });
}

/**
 * @param {import("node:test").TestContext} t
 * @param {import("./node_test.js").Result} result of the test in the page
 */
function report(t, { skipped, diagnostics, error }) {
  for (const text of diagnostics) t.diagnostic(text);
  if (error !== null) throw new Error(error);
  if (skipped === false) return;
  assert.ok(EXPECTED === undefined || !skipped.includes("EXPECTED"), "the page lacks EXPECTED");
  t.skip(skipped);
}
