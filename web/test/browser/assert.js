/**
 * `node:assert/strict` for pages: the assertions that the tests use, as strict as Node's.
 *
 * Where it does not know an answer it throws, so that no comparison is taken for equal unseen;
 * `assert.test.js` compares its verdicts with Node's.
 */

/** An assertion that does not hold. */
export class AssertionError extends Error {
  name = "AssertionError";
}

/** How many assertions were made: a test without any proves nothing. */
export let assertions = 0;

/**
 * @param {unknown} holds
 * @param {string | undefined} message
 * @param {() => string} otherwise the message where none is given
 */
function check(holds, message, otherwise) {
  assertions += 1;
  if (!holds) throw new AssertionError([message, otherwise()].filter(Boolean).join("\n"));
}

/** @param {unknown} value @param {string} [message] */
function ok(value, message) {
  check(value, message, () => `expected something true, found ${shown(value)}`);
}

/** @param {unknown} actual @param {unknown} expected @param {string} [message] */
function equal(actual, expected, message) {
  check(Object.is(actual, expected), message, () => unequal(actual, expected));
}

/** @param {unknown} actual @param {unknown} expected @param {string} [message] */
function deepEqual(actual, expected, message) {
  check(areEqual(actual, expected), message, () => unequal(actual, expected));
}

/** @param {string} text @param {RegExp} pattern @param {string} [message] */
function match(text, pattern, message) {
  check(pattern.test(text), message, () => `expected ${pattern}, found ${shown(text)}`);
}

/** @param {() => unknown} call @param {Expectation} expected */
function throws(call, expected) {
  let result;
  try {
    result = call();
  } catch (error) {
    return checkError(error, expected);
  }
  check(false, undefined, () => `expected an error, found ${shown(result)}`);
}

/** @param {Promise<unknown>} promise @param {Expectation} expected */
async function rejects(promise, expected) {
  let result;
  try {
    result = await promise;
  } catch (error) {
    return checkError(error, expected);
  }
  check(false, undefined, () => `expected an error, found ${shown(result)}`);
}

/**
 * What is expected of an error: the values of its properties, with patterns for texts; or a test; or
 * its class.
 *
 * @typedef {Record<string, unknown> | ((error: unknown) => boolean) | (new () => Error)} Expectation
 */

/** @param {unknown} error @param {Expectation} expected */
function checkError(error, expected) {
  if (typeof expected === "function") {
    // Classes cannot be called, tests have no prototype with Error's.
    const isClass = expected === Error || expected.prototype instanceof Error;
    const holds = isClass
      ? error instanceof expected
      : /** @type {any} */ (expected)(error) === true;
    return check(holds, undefined, () => `unexpected error: ${error}`);
  }
  for (const [name, value] of Object.entries(expected)) {
    const actual = /** @type {any} */ (error)[name];
    const holds =
      value instanceof RegExp && typeof actual === "string"
        ? value.test(actual)
        : areEqual(actual, value);
    check(holds, undefined, () => `${name} of the error: ${unequal(actual, value)}`);
  }
}

/**
 * Compare values of the kinds that JSON has, `undefined`, and arrays of numbers.
 *
 * @param {any} one
 * @param {any} other
 * @returns {boolean}
 */
function areEqual(one, other) {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  const kind = Object.getPrototypeOf(one);
  if (kind !== Object.getPrototypeOf(other)) return false;
  if (kind !== Object.prototype && !Array.isArray(one) && !ArrayBuffer.isView(one)) {
    throw new TypeError(`no comparison of ${shown(one)}`);
  }
  const [names, others] = [Object.keys(one), Object.keys(other)];
  return (
    names.length === others.length &&
    one.length === other.length &&
    names.every((name) => Object.hasOwn(other, name) && areEqual(one[name], other[name]))
  );
}

/** @param {unknown} actual @param {unknown} expected */
function unequal(actual, expected) {
  return `expected ${shown(expected)}, found ${shown(actual)}`;
}

/** @param {unknown} value */
function shown(value) {
  const text = value instanceof RegExp ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 1_000 ? `${text.slice(0, 1_000)}…` : text;
}

const assert = { AssertionError, deepEqual, equal, match, ok, rejects, throws };
export default assert;
