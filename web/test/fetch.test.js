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
 * @param {(name: string) => Uint8Array | number} answer bytes, or the status of an error
 * @returns {Promise<string>} the address
 */
async function served(t, answer) {
  const server = createServer((request, response) => {
    const found = answer(request.url?.split("/").at(-1) ?? "");
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
