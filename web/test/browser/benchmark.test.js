import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

import { ROOT } from "../platform.js";

const PROGRAM = join(ROOT, "web/benchmark/requests.js");
const FOLDER = join(ROOT, "tests/fixtures/tiny-3");

test("the benchmark's requests are answered with times and with the files of a page", () => {
  const requests = [
    ["node", "fp32", ["je suis"]],
    ["chromium", "int8", ["je suis", "elle est"]],
    ["chromium", "int8", ["je suis"]],
    ["first in node", "int8", ["je suis"]],
    ["first in chromium", "fp32", ["je suis"]],
    ["files", "int8", ["je suis"]],
  ];
  const input = requests.map((request) => `${JSON.stringify(request)}\n`).join("");
  const output = execFileSync(process.execPath, [PROGRAM, FOLDER], { input, encoding: "utf-8" });
  const answers = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(answers.length, requests.length);
  const files = answers.pop();
  for (const milliseconds of answers) assert.ok(milliseconds > 0, output);
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const [part, size, byGzip] of files) {
    assert.ok(size > 0 && byGzip > 0);
    counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  const { "the reader": reader, ...others } = Object.fromEntries(counts);
  assert.ok(reader > 20);
  assert.deepEqual(others, {
    "onnxruntime-web, JavaScript": 1,
    "onnxruntime-web, WebAssembly": 1,
    "the folder, int8": 5, // the manifest, two vocabularies, two graphs
    "the page": 2,
  });
});
