import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { Translator } from "../src/index.js";
import { filesOf } from "./shared.js";

const FOLDER = "tests/fixtures/tiny-3";
const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);

/**
 * Serve answers by file name while a test runs.
 *
 * @param {import("node:test").TestContext} t
 * @param {(name: string) => Uint8Array | number | Promise<Uint8Array>} answer bytes, or the status
 *   of an error
 * @returns {Promise<string>} the address
 */
async function served(t, answer) {
  const server = createServer(async (request, response) => {
    const found = await answer(request.url?.split("/").at(-1) ?? "");
    if (typeof found === "number") response.writeHead(found).end();
    else response.end(found);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  t.after(() => server.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}/exported`;
}

test("a folder is fetched from its address", async (t) => {
  const files = await filesOf(FOLDER);
  const address = await served(t, (name) => files.get(name) ?? 404);
  for (const folder of [address, `${address}/`, new URL(address)]) {
    const translator = await Translator.load(folder);
    const [golden] = translator.manifest.golden;
    assert.equal(await translator.translate(golden.source), golden.target);
  }
});

test("what a server answers instead of a file is told", async (t) => {
  const files = await filesOf(FOLDER);
  const page = bytes(`<!doctype html>${" ".repeat(20_000)}`);
  /** @type {[number | Uint8Array, string, RegExp][]} */
  const answers = [
    [404, "ArtefactNotFoundError", /decoder\.onnx: missing; copy the whole folder again/],
    [503, "ArtefactError", /decoder\.onnx: cannot be read: the server answered 503/],
    [page, "IntegrityError", /decoder\.onnx: expected at most \d+ bytes.*: it is a web page/],
  ];
  for (const [answer, name, message] of answers) {
    const address = await served(t, (file) =>
      file === "decoder.onnx" ? answer : (files.get(file) ?? 404),
    );
    await assert.rejects(Translator.load(address), { name, message });
  }
  await assert.rejects(Translator.load("http://127.0.0.1:1/exported/"), {
    name: "ArtefactError",
    message: /^http:.*manifest\.json: cannot be read: .*may this page fetch it/,
  });
});

test("a folder that is replaced while it is fetched is read as the new one", async (t) => {
  const [old, recent] = [await filesOf("tests/fixtures/tiny-unk"), await filesOf(FOLDER)];
  let requests = 0;
  const address = await served(t, (name) => (requests++ === 0 ? old : recent).get(name) ?? 404);
  const { manifest } = await Translator.load(address);
  assert.equal(manifest.format_version, 3);
});

test("the progress of a download is told in bytes", async (t) => {
  const files = await filesOf("exported");
  const address = await served(t, (name) => files.get(name) ?? 404);
  for (const [folder, fewest] of /** @type {const} */ ([[address, 7], [files, 6]])) {
    /** @type {{ loaded: number, total: number }[]} */
    const told = [];
    await Translator.load(folder, { precision: "int8", onProgress: (now) => told.push(now) });
    const needed = [...files].filter(([name]) => /int8|vocab$|merges$/.test(name));
    const total = needed.reduce((sum, [, content]) => sum + content.length, 0);
    assert.ok(told.length >= fewest, `${told.length} calls`);
    assert.deepEqual(told.at(-1), { loaded: total, total });
    for (const [at, now] of told.entries()) {
      assert.equal(now.total, total);
      assert.ok(now.loaded > (told[at - 1]?.loaded ?? 0));
    }
  }
  const onProgress = /** @type {any} */ (1);
  await assert.rejects(Translator.load(files, { onProgress }), {
    name: "OptionError",
    message: "onProgress: expected a function, found 1",
  });
});

test("the progress of a download ends with the first file that fails", async (t) => {
  const files = await filesOf(FOLDER);
  /** @type {(content: Uint8Array) => void} */
  let release = () => {};
  const address = await served(t, (name) => {
    if (name === "decoder.onnx") return 404;
    if (name === "encoder.onnx") return new Promise((done) => (release = done));
    return files.get(name) ?? 404;
  });
  const told = [];
  const loading = Translator.load(address, { onProgress: (now) => told.push(now) });
  await assert.rejects(loading, { name: "ArtefactNotFoundError" });
  const before = told.length;
  release(files.get("encoder.onnx") ?? new Uint8Array());
  await new Promise((done) => setTimeout(done, 200));
  assert.equal(told.length, before);
});
