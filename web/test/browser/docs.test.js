import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { ROOT } from "../platform.js";
import { openPage } from "./chromium.js";
import { serve } from "./server.js";

const PAGE = "/web/test/browser/page.html";

/** The page of the documentation, and what it promises. */
function example() {
  const docs = readFileSync(join(ROOT, "docs/web.md"), "utf-8");
  const html = /```html\n(.*?)```/s.exec(docs)?.[1] ?? "";
  const promised = /translate\("Je suis en retard\."\)\); \/\/ (.*)\n/.exec(docs)?.[1] ?? "";
  return { html, promised };
}

test("the page of the documentation translates", async (t) => {
  const base = await serve(t);
  const { html, promised } = example();
  const page = await openPage(t, base + PAGE);
  await page.route(`${base}/example.html`, (route) => {
    return route.fulfill({ contentType: "text/html", body: html });
  });
  await page.goto(`${base}/example.html`);
  await page.waitForFunction(() => document.body.textContent?.trim());
  assert.equal(await page.textContent("body"), promised);
});

test("a page that is neither https nor localhost is told why it cannot read", async (t) => {
  const base = await serve(t);
  const page = await openPage(t, base + PAGE);
  // Every host but localhost is an insecure one; the answers are the server's.
  const insecure = "http://pages.test";
  await page.route(`${insecure}/**`, async (route) => {
    const response = await fetch(route.request().url().replace(insecure, base));
    const body = Buffer.from(await response.arrayBuffer());
    const contentType = response.headers.get("content-type") ?? "";
    await route.fulfill({ status: response.status, contentType, body });
  });
  await page.goto(insecure + PAGE);
  const found = await page.evaluate(async () => {
    const index = "/web/src/index.js";
    const { Translator } = await import(index);
    try {
      return await Translator.load("/tests/fixtures/tiny-3");
    } catch (error) {
      return [isSecureContext, /** @type {Error} */ (error).name, String(error)];
    }
  });
  assert.deepEqual(found, [
    false,
    "ProviderError",
    "ProviderError: the checksums need crypto.subtle, which browsers have in secure contexts " +
      "alone: serve the page by https, or from localhost",
  ]);
});
