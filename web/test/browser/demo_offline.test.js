/**
 * The demo page without a network, with other models, and where something is missing.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { ROOT } from "../platform.js";
import { copiedSite, openDemo, reads, serveUntil, translate } from "./demo.js";

const UNREACHABLE = /ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED|ERR_FAILED/;
const PLACE = "some/where"; // of the copy on its server
const FIXTURE = join(ROOT, "tests/fixtures/tiny-3");
const MISSING = "decoder.int8.onnx";

/** @typedef {import("playwright-core").Page} Page */

/** @param {Page} page */
function modelCaches(page) {
  return page.evaluate(async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith("s2s-demo model"));
    return names.map((name) => name.split(" ").at(-1));
  });
}

/** @param {string} folder */
function checksumOfManifest(folder) {
  return createHash("sha256").update(readFileSync(join(folder, "manifest.json"))).digest("hex");
}

test("a copy on a static host translates, and goes on without its server", async (t) => {
  const site = copiedSite(t);
  const { base, stop } = await serveUntil(t, site);
  const page = await openDemo(t, { base: `${base}/${PLACE}`, allowed: UNREACHABLE });
  await page.getByText("Ready, saved for use offline").waitFor();
  await translate(page, "Je suis en retard.");
  await reads(page, "#target", "I'm late.");
  await stop();
  await page.reload();
  await page.getByText("Offline; the model is on this device").waitFor();
  await translate(page, "Ma sœur apprend à nager.");
  await reads(page, "#target", "My sister is learning to swim.");
  // float32 was never downloaded
  await page.getByLabel("float32").check();
  await reads(page, "#state", /(en|de)coder\.onnx: cannot be read/);
  assert.equal(await page.getByLabel("int8").isChecked(), true);
  await page.getByLabel("French", { exact: true }).fill("Je suis en retard.");
  await reads(page, "#target", "I'm late.");
});

/**
 * Open a copy of the page, replace its model by another without one of its files, and load it again.
 *
 * @param {import("node:test").TestContext} t
 */
async function openWithHalfOfNewModel(t) {
  const site = copiedSite(t);
  const exported = join(site, PLACE, "exported");
  const [old, recent] = [checksumOfManifest(exported), checksumOfManifest(FIXTURE)];
  const { base, stop } = await serveUntil(t, site);
  const allowed = new RegExp(`${UNREACHABLE.source}|status of 404`);
  const page = await openDemo(t, { base: `${base}/${PLACE}`, allowed });
  assert.deepEqual(await modelCaches(page), [old]);
  cpSync(FIXTURE, exported, { recursive: true });
  rmSync(join(exported, MISSING));
  await page.reload();
  await reads(page, "#state", /decoder\.int8\.onnx: missing; copy the whole folder again$/);
  assert.deepEqual(await modelCaches(page), [old, recent]);
  return { page, exported, stop, old, recent };
}

test("a new model takes the place of the old one, once it is whole", async (t) => {
  const { page, exported, stop, recent } = await openWithHalfOfNewModel(t);
  cpSync(join(FIXTURE, MISSING), join(exported, MISSING));
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("saved for use offline").waitFor();
  assert.deepEqual(await modelCaches(page), [recent]);
  await translate(page, "Il n'est pas ici.");
  await reads(page, "#target", "he is not here .");

  await stop();
  await page.reload();
  await page.getByText(/^Offline/).waitFor();
  await translate(page, "Il n'est pas ici.");
  await reads(page, "#target", "he is not here .");
});

test("without a network, a new model that has not arrived is none", async (t) => {
  const { page, stop, old } = await openWithHalfOfNewModel(t);
  await stop();
  await page.reload();
  await page.getByText(/^Offline/).waitFor();
  assert.deepEqual(await modelCaches(page), [old]);
  await translate(page, "Je suis en retard.");
  await reads(page, "#target", "I'm late.");
});

test("a model without int8 and without attention is shown without them", async (t) => {
  const site = copiedSite(t);
  const exported = join(site, PLACE, "exported");
  rmSync(exported, { recursive: true });
  cpSync(join(ROOT, "tests/fixtures/tiny"), exported, { recursive: true });
  const { base } = await serveUntil(t, site);
  const page = await openDemo(t, { base: `${base}/${PLACE}` });
  await translate(page, "J'ai faim.");
  assert.match((await page.locator("#target").textContent()) ?? "", /\w/);
  assert.equal(await page.getByText("Precision").isVisible(), false);
  assert.equal(await page.getByRole("heading", { name: "Attention" }).isVisible(), false);
});

/** Return a port that nothing listens on. */
async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  await new Promise((done) => server.close(done));
  return port;
}

/**
 * Fetch from a server that is starting.
 *
 * @param {URL} url
 */
async function answered(url) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await fetch(url);
    } catch (error) {
      if (tries === 50) throw error;
      await new Promise((done) => setTimeout(done, 200));
    }
  }
}

test("make demo-web prints the address of the page and serves it on this machine alone", async (t) => {
  const port = await freePort();
  const installed = ["-o", "web/node_modules/onnxruntime-web"];
  // The test may itself run under make, which would then name the folder first.
  const options = ["--no-print-directory", ...installed];
  const make = spawn("make", ["demo-web", `PORT=${port}`, ...options], { cwd: ROOT, detached: true });
  t.after(() => process.kill(-Number(make.pid)));
  const [written] = await once(make.stdout, "data");
  const address = String(written).split(" ")[0];
  assert.equal(address, `http://127.0.0.1:${port}/web/demo/`);
  for (const [path, type] of /** @type {const} */ ([
    ["", "text/html"],
    ["main.js", "text/javascript"],
    ["../node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs", "text/javascript"],
    ["../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm", "application/wasm"],
    ["../../exported/manifest.json", "application/json"],
  ])) {
    const response = await answered(new URL(path, address));
    assert.equal(response.status, 200, path);
    assert.equal(response.headers.get("content-type"), type, path);
  }
  // The machine's other addresses
  await assert.rejects(fetch(`http://127.0.0.2:${port}/`), { message: "fetch failed" });
});
