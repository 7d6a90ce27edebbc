import assert from "node:assert/strict";
import { test } from "node:test";

import { filesOf } from "#platform";
import { sha256 } from "../src/folder/checksum.js";
import { ArtefactError, S2SError, Translator } from "../src/index.js";

const FOLDER = "tests/fixtures/tiny-3";
const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);
const textOf = (/** @type {Uint8Array} */ content) => new TextDecoder().decode(content);

/**
 * Return the fixture's files with some others, or without those that are `null`.
 *
 * @param {Record<string, Uint8Array | null>} changes
 */
async function changed(changes) {
  const files = await filesOf(FOLDER);
  for (const [name, content] of Object.entries(changes)) {
    if (content === null) files.delete(name);
    else files.set(name, content);
  }
  return files;
}

/**
 * Return the fixture with an edited manifest, whose checksum is right again.
 *
 * @param {(manifest: any) => void} edit
 * @param {Record<string, Uint8Array>} [others] files whose records are made right, too
 */
async function edited(edit, others = {}) {
  const files = await changed(others);
  const manifest = JSON.parse(textOf(/** @type {Uint8Array} */ (files.get("manifest.json"))));
  for (const [name, content] of Object.entries(others)) {
    manifest.files[name] = { size: content.length, sha256: await sha256(content) };
  }
  edit(manifest);
  files.set("manifest.json", await sealed(JSON.stringify(manifest)));
  return files;
}

/** @param {string} text of a manifest */
async function sealed(text) {
  const blank = text.replace(/("manifest_sha256": *")[^"]*/, `$1${"0".repeat(64)}`);
  return bytes(blank.replace("0".repeat(64), await sha256(bytes(blank))));
}

/**
 * @param {Map<string, Uint8Array>} files
 * @param {string} name
 * @param {RegExp} message
 */
async function refused(files, name, message) {
  await assert.rejects(Translator.load(files), (error) => {
    assert.ok(error instanceof ArtefactError && error instanceof S2SError, String(error));
    assert.equal(error.name, name, error.message);
    assert.match(error.message, message);
    return true;
  });
}

test("each changed, missing or foreign file is refused with its name and the remedy", async () => {
  const original = await filesOf(FOLDER);
  for (const name of ["source.vocab", "target.vocab", "encoder.onnx", "decoder.onnx"]) {
    const content = /** @type {Uint8Array} */ (original.get(name));
    const flipped = content.slice();
    flipped[flipped.length >> 1] ^= 1;
    const where = name.replace(".", "\\.");
    await refused(
      await changed({ [name]: null }),
      "ArtefactNotFoundError",
      new RegExp(`^${where}: missing; copy`),
    );
    await refused(
      await changed({ [name]: flipped }),
      "IntegrityError",
      new RegExp(
        `^${where}: expected sha256 [0-9a-f]{64}, found [0-9a-f]{64}; the file was changed`,
      ),
    );
    await refused(
      await changed({ [name]: content.slice(0, -1) }),
      "IntegrityError",
      /is truncated/,
    );
    const longer = Uint8Array.of(...content, 0);
    await refused(
      await changed({ [name]: longer }),
      "IntegrityError",
      /^[^:]*: expected at most \d+ bytes/,
    );
    const web = bytes("<!DOCTYPE html>");
    await refused(await changed({ [name]: web }), "IntegrityError", /but it is a web page/);
    const lfs = bytes("version https://git-lfs.github.com/spec/v1\n");
    await refused(await changed({ [name]: lfs }), "IntegrityError", /but it is a git-lfs pointer/);
  }
  await refused(
    await changed({ "manifest.json": null }),
    "ArtefactNotFoundError",
    /^manifest\.json: missing/,
  );
});

test("each changed byte of the manifest is noticed", async () => {
  const content = /** @type {Uint8Array} */ ((await filesOf(FOLDER)).get("manifest.json"));
  for (let at = 3; at < content.length; at += 97) {
    const flipped = content.slice();
    flipped[at] ^= 1;
    await assert.rejects(
      Translator.load(await changed({ "manifest.json": flipped })),
      ArtefactError,
    );
  }
});

test("a manifest that is no strict JSON is refused", async () => {
  const text = textOf(/** @type {Uint8Array} */ ((await filesOf(FOLDER)).get("manifest.json")));
  /** @type {[string | Uint8Array, RegExp][]} */
  const faults = [
    ["", /^manifest\.json: it is empty/],
    ["PK\x03\x04", /it is a zip archive: unpack it/],
    ["[1]", /expected a JSON object, found array; export again/],
    [text.slice(0, -9), /not valid JSON/],
    [text.replace("{", '{"format_version": 3,'), /the key 'format_version' stands twice/],
    [text.replace(/"size": \d+/, "$&, $&"), /the key 'size' stands twice/],
    [text.replace(/"size": \d+/, '$&, "s\\u0069ze": 1'), /the key 'size' stands twice/],
    [text.replace(/"size": \d+/, '"size": NaN'), /not valid JSON/],
    [text.replace(/"language": "/, "$&\\ud800"), /half a character/],
    [Uint8Array.of(...bytes("{"), 0xff), /not UTF-8 at byte 1/],
  ];
  for (const [content, message] of faults) {
    const manifest = typeof content === "string" ? bytes(content) : content;
    await refused(await changed({ "manifest.json": manifest }), "ManifestError", message);
  }
  await Translator.load(await changed({ "manifest.json": await sealed(text) }));
});

test("a manifest that breaks a rule is refused with the field", async () => {
  /** @type {[(manifest: any) => void, RegExp][]} */
  const faults = [
    [
      (m) => (m.format_version = 4),
      /format version 4 was made by a newer release .* reads up to 3/,
    ],
    [(m) => (m.format_version = 0), /format_version: expected 1 or more/],
    [(m) => delete m.source, /^manifest\.json\.source: missing; export again/],
    [
      (m) => (m.source.max_length = "9"),
      /^manifest\.json\.source\.max_length: expected an int, found '9'/,
    ],
    [(m) => (m.source.text = "poetry"), /source\.text: expected one of tutorial, unicode/],
    [(m) => (m.target.text = "decomposed"), /target\.text: expected one of/],
    [(m) => (m.target.max_length = 0), /target\.max_length: expected 1 to 1000000/],
    [(m) => (m.special_ids.unk = 3), /special_ids: expected 0, 1 and 2 or null/],
    [(m) => (m.files["../x"] = m.files["source.vocab"]), /files: expected plain file names/],
    [(m) => (m.files["source.vocab"].sha256 = "0"), /files\.source\.vocab\.sha256: expected 64/],
    [(m) => delete m.files["encoder.onnx"], /files: expected records of/],
    [(m) => (m.golden[0].target_ids[0] = 999), /golden\[0\]\.target_ids: expected ids below/],
    [(m) => m.golden[0].log_probs.pop(), /golden\[0\]\.log_probs: expected one for each/],
    [(m) => (m.steps.encoder.reads = "all"), /steps\.encoder\.reads: expected tokens or sentence/],
    [
      (m) => (m.steps.decoder.inputs[1].dtype = "int64"),
      /steps\.decoder\.inputs: \w+: expected float32/,
    ],
    [(m) => (m.requires.onnxruntime = "new"), /requires\.onnxruntime: expected a version/],
    [
      (m) => m.int8.golden_target_ids.pop(),
      /int8\.golden_target_ids: expected one for each of golden/,
    ],
  ];
  for (const [edit, message] of faults) {
    await refused(await edited(edit), "ManifestError", message);
  }
  await Translator.load(await edited((m) => (m.a_later_field = 1)));
});

test("a vocabulary or graph that is not the manifest's is refused", async () => {
  const files = await filesOf(FOLDER);
  const vocabulary = Uint8Array.of(
    .../** @type {Uint8Array} */ (files.get("target.vocab")),
    ...bytes("zzz\n"),
  );
  await refused(
    await edited(() => {}, { "target.vocab": vocabulary }),
    "VocabularyError",
    /^target\.vocab: it has 35 tokens, the graphs were made for 34/,
  );
  const decoder = /** @type {Uint8Array} */ (files.get("decoder.onnx"));
  await refused(
    await edited(() => {}, { "encoder.onnx": decoder }),
    "GraphError",
    /^encoder\.onnx: inputs: expected tokens int64\[T, B\].*, found token int64\[B\]/,
  );
  const noise = bytes("no graph at all");
  await refused(
    await edited(() => {}, { "encoder.onnx": noise }),
    "GraphError",
    /^encoder\.onnx: ONNX Runtime cannot load it: /,
  );
});

test("a newer onnxruntime is asked for, and int8 graphs that are not there", async () => {
  const files = await edited((m) => (m.requires.onnxruntime = "99.1"));
  await assert.rejects(Translator.load(files), {
    name: "ProviderError",
    message: /^these graphs need onnxruntime-web 99\.1 or newer, found \d/,
  });
  await assert.rejects(
    Translator.load(await filesOf("tests/fixtures/tiny"), { precision: "int8" }),
    {
      name: "OptionError",
      message: "precision: this folder has no int8 graphs; export it with --precision int8",
    },
  );
  const wrong = /** @type {any} */ ({ precision: "fp16" });
  await assert.rejects(Translator.load(files, wrong), {
    name: "OptionError",
    message: "precision: expected one of 'fp32', 'int8', found 'fp16'",
  });
});

test("without crypto.subtle the page is told to be secure", async () => {
  const files = await filesOf(FOLDER);
  const { crypto } = globalThis;
  Object.defineProperty(globalThis, "crypto", { value: undefined, configurable: true });
  try {
    await assert.rejects(Translator.load(files), {
      name: "ProviderError",
      message: /https, or from localhost/,
    });
  } finally {
    Object.defineProperty(globalThis, "crypto", { value: crypto, configurable: true });
  }
});
