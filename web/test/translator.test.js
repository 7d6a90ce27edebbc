import assert from "node:assert/strict";
import { test } from "node:test";

import { expected, filesOf, skip } from "#platform";
import { Translator } from "../src/index.js";
import { compareTexts, encoded } from "./compare_texts.js";
import { MARGINS, TOLERANCE, largestDifference, recorded } from "./comparison.js";
import { differences } from "./unicode.js";

const FIXTURES = [
  "tiny",
  "tiny-3",
  "tiny-attention",
  "tiny-conditional",
  "tiny-natural",
  "tiny-unk",
];
const FOLDERS = [...FIXTURES.map((name) => `tests/fixtures/${name}`), "exported"];
const GREEDY = { beamSize: 1, nBest: 1, lengthPenalty: 1 };

for (const folder of FOLDERS) {
  test(`${folder}: golden sentences, text to text, and their beams`, async (t) => {
    const translator = await Translator.load(await filesOf(folder));
    const { pipeline, manifest } = translator;
    let [largest, beams] = [0, 0];
    for (const golden of manifest.golden) {
      assert.deepEqual(pipeline.source.encode(golden.source).ids, golden.source_ids);
      assert.equal(await translator.translate(golden.source), golden.target);
      const [found] = await pipeline.decode([golden.source_ids], GREEDY);
      const ids = { ids: golden.target_ids, logProbs: golden.log_probs };
      largest = Math.max(largest, largestDifference(recorded(found), [ids]));
      if (golden.beam === undefined) continue;
      beams += 1;
      const { beam_size: size, length_penalty: lengthPenalty, hypotheses } = golden.beam;
      const search = { beamSize: size, nBest: size, lengthPenalty };
      const [alternatives] = await pipeline.decode([golden.source_ids], search);
      const records = hypotheses.map((h) => ({ ids: h.target_ids, logProbs: h.log_probs }));
      largest = Math.max(largest, largestDifference(recorded(alternatives), records));
      const texts = alternatives.map((hypothesis) => pipeline.target.decode(hypothesis.ids));
      assert.deepEqual(
        texts,
        hypotheses.map((hypothesis) => hypothesis.target),
      );
    }
    assert.ok(largest <= TOLERANCE, `log-probabilities differ by ${largest}`);
    t.diagnostic(
      `${manifest.golden.length} sentences, ${beams} beams, differences up to ${largest}`,
    );
  });

  test(`${folder}: golden sentences of the int8 graphs, in one batch`, async (t) => {
    const files = await filesOf(folder);
    const { manifest } = await Translator.load(files);
    if (manifest.int8 === null) return t.skip("it has no int8 graphs");
    const { pipeline } = await Translator.load(files, { precision: "int8" });
    const sources = manifest.golden.map((golden) => golden.source_ids);
    const found = await pipeline.decode(sources, GREEDY, 64);
    const ids = found.map((hypotheses) => recorded(hypotheses)[0].ids);
    assert.deepEqual(ids, manifest.int8.golden_target_ids);
  });
}

test("each folder's encodings and translations are Python's", { skip }, async (t) => {
  const unlike = await differences();
  const comparable = (/** @type {string} */ text) => !Array.from(text).some((c) => unlike.has(c));
  const cases = await expected("folders.json");
  assert.deepEqual(cases.map((/** @type {any} */ one) => one.folder).sort(), [...FOLDERS].sort());
  let [encodings, identical] = [0, 0];
  const largest = { fp32: 0, int8: 0 };
  /** @type {string[]} */
  const ties = [];
  for (const one of cases) {
    const files = await filesOf(one.folder);
    const { source } = (await Translator.load(files)).pipeline;
    const skipping = await Translator.load(files, { unknownWords: "skip" });
    for (const [tokenizer, list] of [
      [source, one.encodings],
      [skipping.pipeline.source, one.skipped],
    ]) {
      for (const [text, ids, unknown] of list) {
        if (!comparable(text)) continue;
        assert.deepEqual(encoded(tokenizer, text), [ids, unknown], `${one.folder}: ${text}`);
        encodings += 1;
      }
    }
    for (const precision of /** @type {const} */ (["fp32", "int8"])) {
      if (one.translations[precision] === undefined) continue;
      const { pipeline } = await Translator.load(files, { precision });
      /** @type {string[]} */
      const unequal = [];
      const print = (/** @type {string} */ line) => unequal.push(line);
      const found = await compareTexts(pipeline, precision, one.translations[precision], print);
      assert.equal(found.different, 0, `${one.folder}, ${precision}: ${unequal.join("; ")}`);
      ties.push(...unequal.map((line) => `${one.folder}, ${precision}, ${line}`));
      identical += found.identical;
      largest[precision] = Math.max(largest[precision], found.largest);
    }
  }
  assert.ok(encodings > 20_000 && identical > 1_000, `${encodings}, ${identical}`);
  assert.ok(largest.fp32 <= TOLERANCE, `log-probabilities differ by ${largest.fp32}`);
  assert.ok(largest.int8 <= MARGINS.int8, `log-probabilities differ by ${largest.int8}`);
  assert.ok(ties.length * 100 <= identical, "ties are rare");
  const counts = `${encodings} encodings and ${identical} searches identical`;
  t.diagnostic(`${counts}, log-probabilities within ${JSON.stringify(largest)}`);
  t.diagnostic(`ties: ${JSON.stringify(ties)}`);
});

test("the attention of a batch is Python's", { skip }, async () => {
  /** @type {{ folder: string, attention: [string, [string[], number[][]] | null][] }[]} */
  const cases = (await expected("folders.json")).filter(
    (/** @type {any} */ one) => one.attention !== null,
  );
  assert.ok(cases.length >= 3);
  for (const { folder, attention } of cases) {
    const translator = await Translator.load(await filesOf(folder));
    const options = { attention: true };
    const found = await translator.translateBatch(
      attention.map(([text]) => text),
      options,
    );
    for (const [index, [text, python]] of attention.entries()) {
      const here = found[index].attention;
      assert.equal(here === null, python === null, text);
      if (here === null || python === null) continue;
      assert.deepEqual(here.source, python[0]);
      assert.equal(here.weights.length, python[1].length);
      for (const [step, row] of python[1].entries()) {
        assert.equal(here.weights[step].length, row.length);
        for (const [token, weight] of row.entries()) {
          assert.ok(Math.abs(here.weights[step][token] - weight) < TOLERANCE);
        }
      }
    }
  }
});

test("pieces join to the translation", async () => {
  for (const folder of ["exported", "tests/fixtures/tiny-3"]) {
    const translator = await Translator.load(await filesOf(folder));
    for (const { source, target } of translator.manifest.golden) {
      const pieces = [];
      for await (const piece of translator.stream(source)) pieces.push(piece);
      assert.equal(pieces.join(""), target);
      assert.ok(pieces.length > 1);
    }
  }
});

test("a batch has the translations of its texts, an empty one where no word is known", async () => {
  const translator = await Translator.load(await filesOf("exported"));
  const texts = translator.manifest.golden.map((golden) => golden.source);
  const mixed = [texts[0], "", ...texts.slice(1), "\u{1f600}"];
  const targets = translator.manifest.golden.map((golden) => golden.target);
  const found = await translator.translateBatch(mixed, { batchSize: 4 });
  assert.deepEqual(
    found.map(({ text }) => text),
    [targets[0], "", ...targets.slice(1), ""],
  );
  const together = await Promise.all(texts.map((text) => translator.translate(text)));
  assert.deepEqual(together, targets);
});

test("a translation is cut at maxLength, and says so", async () => {
  const translator = await Translator.load(await filesOf("exported"), { maxLength: 2 });
  const [translation] = await translator.translateBatch(["Je suis en retard."]);
  assert.equal(translation.tokens.length, 2);
  assert.equal(translation.finished, false);
});

test("wrong options are refused, and errors of a batch name the text", async () => {
  const translator = await Translator.load(await filesOf("tests/fixtures/tiny-unk"));
  const any = (/** @type {unknown} */ value) => /** @type {any} */ (value);
  const wrong = [
    [{ beamSize: 0 }, "beamSize: expected an integer from 1 to 1000, found 0"],
    [{ beamSize: 2, nBest: 3 }, "nBest: expected an integer from 1 to the beamSize, 2, found 3"],
    [{ lengthPenalty: NaN }, "lengthPenalty: expected a number from 0 to 10, found NaN"],
    [{ batchSize: 0.5 }, "batchSize: expected an integer from 1 on, found 0.5"],
    [{ beam_size: 2 }, /^beam_size: no such option; there are beamSize, /],
    [{ attention: true }, /^attention: this model has none/],
    [{ attention: "yes" }, "attention: expected true or false, found 'yes'"],
  ];
  for (const [options, message] of wrong) {
    const call = translator.translateBatch(["je suis"], any(options));
    await assert.rejects(call, { name: "OptionError", message: any(message) });
  }
  await assert.rejects(translator.translateBatch(["je suis", any(3)]), {
    name: "InputTypeError",
    index: 1,
    message: /found number; .*\(it is the text with index 1\)$/,
  });
  await assert.rejects(translator.translateBatch(any("je suis")), { name: "InputTypeError" });
  assert.throws(() => translator.stream("\ud800"), { name: "MalformedTextError" });
});
