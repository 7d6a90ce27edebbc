/**
 * The parts of the demo page that need no browser.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { languageName, languageTag, megabytes, percent, score } from "../demo/format.js";
import { Newest } from "../demo/newest.js";
import { attentionOfWords, wordsOf } from "../demo/words.js";

/** @param {string[]} tokens @param {string} [mode] */
const joined = (tokens, mode = "natural") => wordsOf(tokens, mode).map(({ text }) => text);

test("subwords are joined to words, punctuation behind a word stands apart", () => {
  assert.deepEqual(joined([" J", "'", "aimer", "ais", " ret", "ard", ".", "."]), [
    "J'aimerais",
    "retard",
    "..",
  ]);
  assert.deepEqual(joined([" Est", "-", "ce", " ?"]), ["Est-ce", "?"]);
  assert.deepEqual(joined([" «", "Non", "!", "»", " 3", ".", "5"]), ["«Non", "!»", "3.5"]);
  assert.deepEqual(joined([" ", "<unk>", "."]), ["<unk>", "."]);
  assert.deepEqual(joined([]), []);
});

test("tokens of the other text modes are words as they are", () => {
  assert.deepEqual(joined(["je", "suis", "."], "tutorial"), ["je", "suis", "."]);
  assert.deepEqual(joined(["a", " ", "b"], "characters"), ["a", "space", "b"]);
});

test("attention of words: source tokens are added, target tokens averaged", () => {
  const source = [" je", " ret", "ard", "<eos>"];
  const weights = [
    [0.5, 0.25, 0.125, 0.125],
    [0, 0.5, 0.25, 0.25],
    [0, 0, 0, 1],
  ].map((row) => Float32Array.from(row));
  const modes = { source: "natural", target: "natural" };
  const found = attentionOfWords({ source, weights }, [" la", "te"], modes);
  assert.deepEqual(found.source.map(({ text }) => text), ["je", "retard", "end"]);
  assert.deepEqual(found.target.map(({ text }) => text), ["late", "end"]);
  assert.deepEqual(found.weights, [
    [0.25, 0.5625, 0.1875],
    [0, 0, 1],
  ]);
  // Stopped at the maximal length, a translation has no end.
  const cut = attentionOfWords({ source, weights }, [" la", "te", "st"], modes);
  assert.deepEqual(cut.target.map(({ text }) => text), ["latest"]);
});

test("what an older work brings, or its error, is dropped", async () => {
  /** @type {string[]} */
  const shown = [];
  const views = {
    show: (/** @type {string} */ part) => void shown.push(part),
    fail: (/** @type {unknown} */ error) => void shown.push(String(error)),
    pause: async () => {},
  };
  /** @type {((value?: unknown) => void)[]} */
  const release = [];
  async function* slow(/** @type {string} */ name, /** @type {boolean} */ fails) {
    yield `${name} 1`;
    await new Promise((done) => release.push(done));
    if (fails) throw new Error(`${name} failed`);
    yield `${name} 2`;
  }
  async function* quick() {
    yield "quick";
  }
  const newest = new Newest();
  const old = [newest.run(slow("a", false), views), newest.run(slow("b", true), views)];
  await new Promise((done) => setTimeout(done));
  await newest.run(quick(), views);
  for (const done of release) done();
  await Promise.all(old);
  assert.equal(release.length, 1, "a was stopped at its first pause");
  assert.deepEqual(shown, ["b 1", "quick"]);
  await newest.run(slow("c", false), { ...views, pause: async () => newest.cancel() });
  assert.deepEqual(shown, ["b 1", "quick", "c 1"]);
});

test("an error of the newest work is told", async () => {
  async function* failing() {
    yield "beginning";
    throw new RangeError("too much");
  }
  /** @type {unknown[]} */
  const told = [];
  const show = (/** @type {string} */ part) => void told.push(part);
  const fail = (/** @type {any} */ error) => void told.push(error.message);
  await new Newest().run(failing(), { show, fail, pause: async () => {} });
  assert.deepEqual(told, ["beginning", "too much"]);
});

test("numbers and names are written for people", () => {
  assert.equal(megabytes(4_609_629), "4.6 MB");
  assert.equal(percent(0.625), "63 %");
  assert.equal(score(-0.2249), "−0.22");
  assert.deepEqual([languageName("fra"), languageTag("fra")], ["French", "fr"]);
  assert.deepEqual([languageName("phones (ARPA)"), languageTag("phones (ARPA)")], [
    "phones (ARPA)",
    "",
  ]);
});
