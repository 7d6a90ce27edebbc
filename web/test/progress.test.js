import assert from "node:assert/strict";
import { test } from "node:test";

import { Translator } from "../src/index.js";
import { filesOf } from "#platform";

const FOLDER = "/answered/";

/** @typedef {{ loaded: number, total: number }} Progress */

/**
 * Load a folder by its address, with answers instead of a server's.
 *
 * @param {(name: string) => Promise<Uint8Array> | Uint8Array | undefined} answer `undefined`: not
 *   there
 * @param {import("../src/translator.js").LoadOptions} options
 */
async function loadAnswered(answer, options) {
  const { fetch } = globalThis;
  globalThis.fetch = async (address, init) => {
    if (!String(address).startsWith(FOLDER)) return fetch(address, init); // the WebAssembly
    const content = await answer(String(address).split("/").at(-1) ?? "");
    const body = /** @type {Uint8Array<ArrayBuffer> | undefined} */ (content);
    return body === undefined ? new Response(null, { status: 404 }) : new Response(body);
  };
  try {
    return await Translator.load(FOLDER, options);
  } finally {
    globalThis.fetch = fetch;
  }
}

test("the progress of a download is told in bytes", async () => {
  const files = await filesOf("exported");
  const needed = [...files].filter(([name]) => /int8|vocab$|merges$/.test(name));
  const total = needed.reduce((sum, [, content]) => sum + content.length, 0);
  /** @type {Progress[]} */
  const told = [];
  const options = { precision: "int8", onProgress: (/** @type {Progress} */ now) => told.push(now) };
  for (const load of [
    () => loadAnswered((name) => files.get(name), /** @type {any} */ (options)),
    () => Translator.load(files, /** @type {any} */ (options)),
  ]) {
    told.length = 0;
    await load();
    assert.ok(told.length >= needed.length);
    assert.deepEqual(told.at(-1), { loaded: total, total });
    for (const [at, now] of told.entries()) {
      assert.equal(now.total, total);
      assert.ok(now.loaded > (told[at - 1]?.loaded ?? 0));
    }
  }
});

test("the progress of a download ends with the first file that fails", async () => {
  const files = await filesOf("tests/fixtures/tiny-3");
  /** @type {(content: Uint8Array) => void} */
  let release = () => assert.fail("nobody asked for encoder.onnx");
  const answer = (/** @type {string} */ name) => {
    if (name === "decoder.onnx") return undefined;
    if (name !== "encoder.onnx") return files.get(name);
    return /** @type {Promise<Uint8Array>} */ (new Promise((done) => (release = done)));
  };
  /** @type {Progress[]} */
  const told = [];
  const loading = loadAnswered(answer, { onProgress: (now) => told.push(now) });
  await assert.rejects(loading, { name: "ArtefactNotFoundError" });
  await new Promise((done) => setTimeout(done, 50)); // the vocabularies are there by now
  const before = told.length;
  release(files.get("encoder.onnx") ?? new Uint8Array());
  await new Promise((done) => setTimeout(done, 50));
  assert.equal(told.length, before);
});

test("an onProgress that is no function is refused", async () => {
  const onProgress = /** @type {any} */ (1);
  await assert.rejects(Translator.load(new Map(), { onProgress }), {
    name: "OptionError",
    message: "onProgress: expected a function, found 1",
  });
});
