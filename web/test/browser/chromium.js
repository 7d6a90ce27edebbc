/**
 * Pages in real headless Chromium, for tests.
 */

import assert from "node:assert/strict";
import { after } from "node:test";

import { launch } from "./launch.js";

/** @typedef {import("playwright-core").Browser} Browser */
/** @typedef {import("playwright-core").Page} Page */

/**
 * The one Chromium of this file of tests, once a page asked for it.
 * @type {Promise<Browser> | null}
 */
let launched = null;

/**
 * Open a page; the test fails if the page throws, or writes an error on its console.
 *
 * The first call of a test file launches Chromium; it is closed after the last test.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} url
 * @param {{ allowed?: RegExp }} [options] `allowed`: errors that the test expects, such as those
 *   that Chromium itself writes about an answer with status 404
 * @returns {Promise<Page>}
 */
export async function openPage(t, url, { allowed = /$^/ } = {}) {
  launched ??= launch();
  const browser = await launched;
  const page = await browser.newPage();
  /** @type {string[]} */
  const errors = [];
  const note = (/** @type {string} */ error) => {
    if (!allowed.test(error)) errors.push(error);
  };
  page.on("pageerror", (error) => note(`page error: ${error.stack || error}`));
  page.on("crash", () => note("the page crashed"));
  page.on("console", (message) => {
    const { url: where } = message.location();
    // Chromium asks for an icon by itself.
    if (message.type() !== "error" || where.endsWith("/favicon.ico")) return;
    note(`console error: ${message.text()} (${where})`);
  });
  t.after(async () => {
    // A rejection that nobody handles is reported at the end of its task, and arrives before the
    // answer to a later one. A page that has crashed gives none.
    await page.evaluate(() => new Promise((done) => setTimeout(done))).catch(() => undefined);
    await page.close();
    assert.deepEqual(errors, [], `errors of ${url}`);
  });
  const response = await page.goto(url);
  assert.ok(response?.ok(), `${url}: the server answered ${response?.status()}`);
  return page;
}

after(async () => {
  if (launched !== null) await (await launched).close();
});
