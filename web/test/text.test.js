import assert from "node:assert/strict";
import { test } from "node:test";

import { engine, expected, expectedLines, filesOf, skip } from "#platform";
import { Merges } from "../src/text/bpe.js";
import { compareCodePoints } from "../src/text/characters.js";
import { TEXT_MODES, textMode } from "../src/text/modes.js";
import { Tokenizer } from "../src/text/tokenizer.js";
import { Vocabulary } from "../src/text/vocabulary.js";
import { differences } from "./unicode.js";

/**
 * Code points that Unicode 14.0 and 17.0 both assign, to different categories: a letter of another
 * kind, and a mark that now has a width.
 */
const RECLASSIFIED = new Set(["\u0295", "\u{1171e}"]);

test("code points differ where a Unicode version does not assign them yet", { skip }, async (t) => {
  const found = [...(await differences()).values()];
  const { version, python } = await expected("unicode.json");
  t.diagnostic(
    `${found.length} of 1,114,112 code points: Python ${python} has Unicode ${version}, ` +
      `${engine}`,
  );
  const others = found.filter(({ character, python: one, here }) => {
    return !one.startsWith("Cn") && !here.startsWith("Cn") && !RECLASSIFIED.has(character);
  });
  assert.deepEqual(others, []);
});

test("25,000 texts have Python's tokens in every mode", { skip }, async (t) => {
  const texts = await expectedLines("texts.jsonl");
  assert.equal(texts.length, 25_000);
  const unlike = await differences();
  const comparable = texts.map((text) => !Array.from(text).some((c) => unlike.has(c)));
  const excluded = comparable.filter((same) => !same).length;
  assert.ok(excluded < 2_500, `${excluded} excluded`);
  const files = await filesOf("exported");
  const merges = Merges.fromBytes(
    /** @type {Uint8Array} */ (files.get("source.merges")),
    "source.merges",
  );
  let compared = 0;
  for (const name of TEXT_MODES) {
    for (const foldCase of [false, true]) {
      const mode = textMode(name, { merges, foldCase });
      const lines = await expectedLines(`tokens-${name}${foldCase ? "-folded" : ""}.jsonl`);
      assert.equal(lines.length, texts.length);
      for (const [index, [tokens, joined]] of lines.entries()) {
        if (!comparable[index]) continue;
        const found = mode.tokens(texts[index]);
        const where = `${name} ${foldCase ? "folded " : ""}${JSON.stringify(texts[index])}`;
        assert.deepEqual(found, tokens, where);
        assert.equal(mode.text(found), joined, where);
        compared += 1;
      }
    }
  }
  t.diagnostic(
    `${compared} token lists equal; ${excluded} of 25,000 texts left out, which have code points ` +
      "that one side does not know",
  );
});

test("sorting is by code points, not by UTF-16 units", () => {
  const words = ["\u{1f600}a", "\uff5ea", "b", "\u{1f600}", "a\u{20000}", "a\uffee", "", "ab"];
  const byCodePoint = [
    "",
    "ab",
    "a\uffee",
    "a\u{20000}",
    "b",
    "\uff5ea",
    "\u{1f600}",
    "\u{1f600}a",
  ];
  assert.deepEqual(words.sort(compareCodePoints), byCodePoint);
});

test("of equal merges the leftmost goes first, and none joins numbers", () => {
  const merges = new Merges([
    ["a", "a"],
    ["1", "2"],
    [" ", "1"],
    ["a", "!"],
  ]);
  assert.deepEqual(merges.apply(" aaa"), [" ", "aa", "a"]);
  assert.deepEqual(merges.apply(" 12a!"), [" 1", "2", "a", "!"]);
});

test("joiners are letters: a merge may join them", () => {
  const merges = new Merges([["a", "\u200c"]]);
  assert.deepEqual(merges.apply(" a\u200cb"), [" ", "a\u200c", "b"]);
});

test("joiners stay between letters of one or two units, with their marks", () => {
  const mode = textMode("unicode");
  const [letter, mark] = ["\u{1e900}", "\u0301"]; // Adlam; its lower case is U+1E922
  for (const [text, token] of [
    [`a\u200c${letter}`, "a\u200c\u{1e922}"],
    [`${letter}\u200da`, "\u{1e922}\u200da"],
    [`${letter}\u200c\u200d${letter}`, "\u{1e922}\u200c\u200d\u{1e922}"],
    [`${letter}${mark}\u200ca`, `\u{1e922}${mark}\u200ca`],
    [`${letter}\u200c`, "\u{1e922}"],
    [`\u200c${letter}`, "\u{1e922}"],
    [`${letter}\u200c1`, "\u{1e922}1"],
  ]) {
    assert.deepEqual(mode.tokens(text), [token], JSON.stringify(text));
  }
});

test("a related form has the stem; numbers have none, nor modes without word forms", () => {
  const words = ["chapter", "chapter1", "seventy", "nation", "nations"];
  const { forms } = new Vocabulary(words, { unk: true });
  assert.equal(forms.closest("chapters"), "chapter");
  assert.equal(forms.closest("chapter2"), null);
  assert.equal(forms.closest("seventeen"), null);
  assert.equal(forms.closest("nationa"), "nation"); // "nations" is as near, and comes later
  const exact = new Vocabulary(words, { unk: true, wordForms: false });
  assert.deepEqual(exact.encode(["chapters"]), [2, 1]);
});

test("half a character is refused with its position in characters", () => {
  const tokenizer = new Tokenizer(textMode("characters"), new Vocabulary(["a"]));
  assert.throws(() => tokenizer.tokens("\u{1f600}a\ud83d b"), {
    name: "MalformedTextError",
    message:
      "half a character (U+D83D, a lone surrogate) at position 2: decode the text with its right " +
      "encoding",
  });
  assert.throws(() => tokenizer.tokens("\ude00"), { name: "MalformedTextError" });
});

test("the length is counted in characters and in tokens", () => {
  const vocabulary = new Vocabulary(["a"]);
  const tokenizer = new Tokenizer(textMode("characters"), vocabulary, { maxLength: 3 });
  assert.deepEqual(tokenizer.encode("aa").ids, [2, 2, 1]);
  assert.throws(() => tokenizer.encode("aaa"), {
    name: "TextTooLongError",
    message: "the text has 4 tokens, the model takes at most 3: split it into shorter sentences",
  });
  // 10,000 characters of two units each are not too many; one more is.
  const spaces = new Tokenizer(textMode("spaces"), vocabulary, { maxLength: 3 });
  assert.equal(spaces.tokens("\u{1f600}".repeat(10_000)).length, 1);
  assert.throws(() => spaces.tokens("\u{1f600}".repeat(10_001)), {
    name: "TextTooLongError",
    length: 10_001,
    limit: 10_000,
    unit: "characters",
  });
});

test("unknown words are listed, or left out, or an error", () => {
  const vocabulary = new Vocabulary(["one", "two"]);
  const mode = textMode("spaces");
  assert.throws(() => new Tokenizer(mode, vocabulary).encode("one six two ten six"), {
    name: "UnknownWordError",
    words: ["six", "ten"],
    message:
      "unknown words: 'six', 'ten'; the model was not trained on them: rephrase, or train on " +
      "pairs that contain them",
  });
  const skipping = new Tokenizer(mode, vocabulary, { unknownWords: "skip" });
  assert.deepEqual(skipping.encode("one six two"), { ids: [2, 3, 1], unknownTokens: ["six"] });
  assert.throws(() => new Tokenizer(mode, vocabulary, { unknownWords: "unk" }), {
    name: "OptionError",
    message: /has not learned 'unk'/,
  });
  const wrong = /** @type {any} */ ("guess");
  assert.throws(() => new Tokenizer(mode, vocabulary, { unknownWords: wrong }), {
    name: "OptionError",
    message: "unknownWords: expected one of 'unk', 'skip', 'error', found 'guess'",
  });
});

test("what is no string is refused", () => {
  const tokenizer = new Tokenizer(textMode("spaces"), new Vocabulary(["a"]));
  for (const [value, kind] of [
    [null, "null"],
    [["a"], "array"],
    [1, "number"],
  ]) {
    assert.throws(() => tokenizer.tokens(/** @type {any} */ (value)), {
      name: "InputTypeError",
      message: `expected a string, found ${kind}; for several texts there is translateBatch`,
    });
  }
});

test("vocabularies and merges are read strictly", () => {
  const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);
  const vocabulary = (/** @type {string} */ text) => Vocabulary.fromBytes(bytes(text), "v");
  assert.deepEqual(vocabulary("<sos>\n<eos>\na\n b\n \n").words, ["a", " b", " "]);
  const faults = {
    "<sos>\n<eos>\na": /^v: expected one token a line, <sos> and <eos> first/,
    "<eos>\n<sos>\n": /<sos> and <eos> first/,
    "<sos>\r\n<eos>\r\n": /its line ends were changed \(CRLF\)/,
    "<sos>\n<eos>\na\na\n": /^v: the word 'a' stands in the vocabulary twice; export again/,
    "<sos>\n<eos>\na b\n": /'a b' is no token/,
    "<sos>\n<eos>\n  \n": /is no token/,
    "<sos>\n<eos>\n\n": /'' is no token/,
  };
  for (const [text, message] of Object.entries(faults)) {
    assert.throws(() => vocabulary(text), { name: "VocabularyError", message });
  }
  const latin = Uint8Array.of(...bytes("<sos>\n<eos>\né"), 0xe9, 0x0a);
  assert.throws(() => Vocabulary.fromBytes(latin, "v"), {
    name: "VocabularyError",
    message: "v: not UTF-8 at byte 14; export again",
  });
  for (const text of ["a\tb", "a\tb\na\tb\n", "ab\n", "a\t\n", "a\tb\tc\n", "a\tb\r\n"]) {
    assert.throws(() => Merges.fromBytes(bytes(text), "m"), { name: "VocabularyError" });
  }
});
