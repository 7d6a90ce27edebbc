import assert from "node:assert/strict";
import { test } from "node:test";

import { serveAnswers } from "#platform";
import { Translator } from "../src/index.js";

const FOLDER = "tests/fixtures/tiny-3";

test("a folder is fetched from its address", async (t) => {
  const address = await serveAnswers(t, { folders: [FOLDER] });
  for (const folder of [address, `${address}/`, new URL(address)]) {
    const translator = await Translator.load(folder);
    const [golden] = translator.manifest.golden;
    assert.equal(await translator.translate(golden.source), golden.target);
  }
});

test("what a server answers instead of a file is told", async (t) => {
  const page = `<!doctype html>${" ".repeat(20_000)}`;
  /** @type {[number | string, string, RegExp][]} */
  const answers = [
    [404, "ArtefactNotFoundError", /decoder\.onnx: missing; copy the whole folder again/],
    [503, "ArtefactError", /decoder\.onnx: cannot be read: the server answered 503/],
    [page, "IntegrityError", /decoder\.onnx: expected at most \d+ bytes.*: it is a web page/],
  ];
  for (const [answer, name, message] of answers) {
    const changed = { "decoder.onnx": answer };
    const address = await serveAnswers(t, { folders: [FOLDER], changed });
    await assert.rejects(Translator.load(address), { name, message });
  }
  await assert.rejects(Translator.load("http://127.0.0.1:1/exported/"), {
    name: "ArtefactError",
    message: /^http:.*manifest\.json: cannot be read: .*may this page fetch it/,
  });
});

test("a folder that is replaced while it is fetched is read as the new one", async (t) => {
  const address = await serveAnswers(t, { folders: ["tests/fixtures/tiny-unk", FOLDER] });
  const { manifest } = await Translator.load(address);
  assert.equal(manifest.format_version, 3);
});
