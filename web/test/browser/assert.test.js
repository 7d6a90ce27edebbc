import node from "node:assert/strict";
import { test } from "node:test";

import page from "./assert.js";

/** @param {() => unknown} assertion */
async function holds(assertion) {
  try {
    await assertion();
    return true;
  } catch (error) {
    // Both have a class of this name for what does not hold; other errors are faults.
    node.ok(error instanceof Error);
    node.equal(error.name, "AssertionError", error.stack);
    return false;
  }
}

const VALUES = [
  ...[undefined, null, true, false, 0, -0, 1, NaN, Infinity, "", "a", "0", "é", "e\u0301"],
  ...[[], [1], [1, 2], ["1"], [[1]], [undefined], [null], [NaN], [0], [-0]],
  ...[{}, { a: 1 }, { a: 1, b: 2 }, { b: 2, a: 1 }, { a: undefined }, { a: { b: [1] } }, { 0: 1 }],
  ...[{ length: 0 }, { a: { b: [2] } }, Float32Array.of(1), Float64Array.of(1), Uint8Array.of()],
  ...[Float32Array.of(1, 2), Float32Array.of(NaN), Float32Array.of(), Uint8Array.of(1)],
];

test("assertions of pages hold where those of Node do", async () => {
  let equal = 0;
  for (const one of VALUES) {
    node.equal(await holds(() => page.ok(one)), Boolean(one));
    for (const other of VALUES.map((value) => structuredClone(value))) {
      for (const name of /** @type {const} */ (["equal", "deepEqual"])) {
        const verdict = await holds(() => node[name](one, other));
        const where = `${name}: ${JSON.stringify([one, other])}`;
        node.equal(await holds(() => page[name](one, other)), verdict, where);
        equal += verdict ? 1 : 0;
      }
    }
  }
  node.ok(equal > VALUES.length);
  node.equal(await holds(() => page.match("abc", /b/)), true);
  node.equal(await holds(() => page.match("abc", /d/)), false);
});

test("what pages cannot compare is an error", () => {
  for (const make of [() => new Map(), () => new Set([1]), () => /a/, () => new Date(0)]) {
    node.throws(() => page.deepEqual(make(), make()), { message: /^no comparison of / });
  }
});

test("errors are expected in pages as in Node", async () => {
  const error = Object.assign(new TypeError("wrong: 'a'"), { words: ["a"], index: 1 });
  const expectations = [
    { name: "TypeError" },
    { name: "Error" },
    { name: /Type/ },
    { message: "wrong: 'a'" },
    { message: "wrong" },
    { message: /^wrong/ },
    { message: /right/ },
    { name: "TypeError", words: ["a"], index: 1 },
    { name: "TypeError", words: ["b"], index: 1 },
    { index: "1" },
    { limit: 3 },
    TypeError,
    Error,
    () => true,
  ];
  for (const expected of /** @type {any[]} */ (expectations)) {
    const verdict = await holds(() => node.throws(() => thrown(error), expected));
    node.equal(await holds(() => page.throws(() => thrown(error), expected)), verdict);
    node.equal(await holds(() => page.rejects(Promise.reject(error), expected)), verdict);
  }
  node.equal(await holds(() => page.throws(() => 1, { name: "TypeError" })), false);
  node.equal(await holds(() => page.rejects(Promise.resolve(1), { name: "TypeError" })), false);
  node.equal(await holds(() => page.throws(() => thrown(error), RangeError)), false);
  node.equal(await holds(() => page.throws(() => thrown(error), () => false)), false);
});

/** @param {unknown} error */
function thrown(error) {
  throw error;
}
