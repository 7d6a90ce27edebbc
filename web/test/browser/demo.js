/**
 * What the tests of the demo page share.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ROOT } from "../platform.js";
import { openPage } from "./chromium.js";
import { serve } from "./server.js";

/** A sentence whose words the model splits into subwords. */
export const SENTENCE = "Est-ce que tu peux m'aider à porter ces valises ?";
/** A text of more tokens than the model takes. */
export const LONG = Array(9).fill("Je suis en retard et il pleut depuis ce matin").join(", ");

/** @typedef {import("node:test").TestContext} TestContext */
/** @typedef {import("playwright-core").Page} Page */

/**
 * Open the demo page and wait until its model is loaded.
 *
 * @param {TestContext} t
 * @param {object} [options]
 * @param {string} [options.base] address of the served root; by default the repository is served
 * @param {RegExp} [options.allowed] errors that the test expects
 * @param {{ width: number, height: number }} [options.size] of the window
 */
export async function openDemo(t, { base, allowed, size } = {}) {
  const page = await openPage(t, `${base ?? (await serve(t))}/web/demo/`, { allowed });
  if (size) await page.setViewportSize(size);
  await isReady(page);
  return page;
}

/**
 * Wait until the page has its model, and all is kept for use offline.
 *
 * @param {Page} page
 */
export async function isReady(page) {
  await page.getByText(/saved for use offline|^Offline/).waitFor();
}

/**
 * Put a text into the field, press Enter and wait until the alternatives are there.
 *
 * @param {Page} page
 * @param {string} text
 */
export async function translate(page, text) {
  await page.getByLabel("French", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
  await page.locator("#alternatives:not(.outdated) li").first().waitFor();
  await page.getByText("with a beam of 4").waitFor();
}

/**
 * Wait until an element has a text.
 *
 * @param {Page} page
 * @param {string} selector
 * @param {string | RegExp} text the whole of it
 */
export async function reads(page, selector, text) {
  const holds = (/** @type {string} */ found) =>
    typeof text === "string" ? found === text : text.test(found);
  const found = async () => (await page.locator(selector).textContent()) ?? "";
  for (let tries = 0; tries < 300 && !holds(await found()); tries += 1) {
    await page.waitForTimeout(100);
  }
  if (typeof text === "string") assert.equal(await found(), text, selector);
  else assert.match(await found(), text, selector);
}

/**
 * Copy the page to a new folder with the command of docs/web.md, as for a static host.
 *
 * @param {TestContext} t
 * @returns {string} the folder, which is removed after the test
 */
export function copiedSite(t) {
  const folder = mkdtempSync(join(tmpdir(), "site-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const documentation = readFileSync(join(ROOT, "docs/web.md"), "utf-8");
  const command = documentation.match(/^tar c [^`]*/m)?.[0] ?? "";
  assert.ok(command.includes("/srv/www"), "docs/web.md names the place of the copy");
  const place = join(folder, "some/where");
  mkdirSync(place, { recursive: true });
  execFileSync("sh", ["-c", command.replace("/srv/www", place)], { cwd: ROOT });
  return folder;
}

/**
 * Serve a folder until the test or the caller stops it.
 *
 * @param {TestContext} t
 * @param {string} root
 * @returns {Promise<{ base: string, stop: () => Promise<void> }>}
 */
export async function serveUntil(t, root) {
  /** @type {() => Promise<void>} */
  let close = async () => {};
  const base = await serve({ after: (hook) => void (close = hook) }, root);
  let stopped = false;
  const stop = async () => {
    if (!stopped) await close();
    stopped = true;
  };
  t.after(stop);
  return { base, stop };
}
