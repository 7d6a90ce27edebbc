/**
 * Types of JSON fields, put together to the types of records: a field of the file has exactly the
 * type that is written down for it.
 *
 * A type is a function of a parsed value and its path in the file. It returns the value as that
 * type, or throws a `ManifestError` with the path, the expected type and the value.
 */

import { ManifestError } from "../errors.js";
import { shownValue } from "./json.js";

/**
 * @template T
 * @typedef {(value: unknown, where: string) => T} Type
 */

/**
 * The value that a type returns.
 *
 * @template F
 * @typedef {F extends Type<infer T> ? T : never} Of
 */

/** @type {Type<string>} */
export const text = (value, where) => {
  return typeof value === "string" ? value : mismatch(where, "a string", value);
};

/** @type {Type<boolean>} */
export const bool = (value, where) => {
  return typeof value === "boolean" ? value : mismatch(where, "a bool", value);
};

/** @type {Type<number>} */
export const integer = (value, where) => {
  return Number.isInteger(value) ? Number(value) : mismatch(where, "an int", value);
};

/** @type {Type<number>} */
export const float = (value, where) => {
  if (typeof value !== "number") return mismatch(where, "a float", value);
  // A number that is too large for float64 is read as infinity.
  return Number.isFinite(value) ? value : mismatch(where, "a finite number", value);
};

/** Any of the free-form facts. @type {Type<string | number | null>} */
export const fact = (value, where) => {
  if (typeof value === "string" || value === null) return value;
  return typeof value === "number" ? float(value, where) : mismatch(where, "a fact", value);
};

/** A size of a tensor, or the name of one that varies. @type {Type<number | string>} */
export const size = (value, where) => {
  return typeof value === "string" ? value : integer(value, where);
};

/**
 * A type, or null.
 *
 * @template T
 * @param {Type<T>} type
 * @returns {Type<T | null>}
 */
export const nullable = (type) => (value, where) => (value === null ? null : type(value, where));

/**
 * A list of values of one type.
 *
 * @template T
 * @param {Type<T>} type
 * @returns {Type<T[]>}
 */
export const list = (type) => (value, where) => {
  if (!Array.isArray(value)) return mismatch(where, "a list", value);
  return value.map((item, index) => type(item, `${where}[${index}]`));
};

/**
 * An object with any names, whose values have one type.
 *
 * @template T
 * @param {Type<T>} type
 * @returns {Type<Map<string, T>>}
 */
export const mapping = (type) => (value, where) => {
  const entries = Object.entries(asObject(value, where));
  return new Map(entries.map(([name, item]) => [name, type(item, `${where}.${name}`)]));
};

/**
 * An object with certain fields. Others are ignored, so that a later release may add some.
 *
 * @template {Record<string, Type<any>>} R
 * @template {Record<string, Type<any>>} [O = {}]
 * @param {R} required
 * @param {O} [optional] those that may be missing, since an earlier release did not write them
 * @returns {Type<{ [K in keyof R]: Of<R[K]> } & { [K in keyof O]?: Of<O[K]> }>}
 */
export const record = (required, optional) => (value, where) => {
  const object = asObject(value, where);
  const types = Object.entries({ ...required, ...optional });
  const fields = types.flatMap(([name, type]) => {
    if (Object.hasOwn(object, name)) return [[name, type(object[name], `${where}.${name}`)]];
    if (Object.hasOwn(required, name)) throw missing(`${where}.${name}`);
    return [];
  });
  return Object.fromEntries(fields);
};

/**
 * Return the error for a field that is not there.
 *
 * @param {string} where
 */
export function missing(where) {
  return new ManifestError(`${where}: missing; export again`);
}

/**
 * @param {unknown} value
 * @param {string} where
 * @returns {Record<string, unknown>}
 */
function asObject(value, where) {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return /** @type {Record<string, unknown>} */ (value);
  }
  return mismatch(where, "an object", value);
}

/**
 * @param {string} where
 * @param {string} expected
 * @param {unknown} found
 * @returns {never}
 */
function mismatch(where, expected, found) {
  throw new ManifestError(
    `${where}: expected ${expected}, found ${shownValue(found)}; export again`,
  );
}
