/**
 * JSON, parsed more strictly than `JSON.parse` does: a key that stands twice and half a character
 * are refused.
 */

import { ManifestError, kindOfValue, quoted } from "../errors.js";
import { halfCharacter } from "../text/characters.js";
import { decodeUtf8 } from "../text/utf8.js";

/** A string; or a brace, bracket, colon or comma. What lies between is no matter of keys. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

/**
 * Parse a JSON object.
 *
 * @param {Uint8Array} content
 * @param {string} name of the file in messages
 * @returns {Record<string, unknown>}
 */
export function parseObject(content, name) {
  const text = decodeUtf8(content, name, ManifestError);
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(name, error instanceof Error ? error.message : String(error));
  }
  checkStrings(text, name);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ManifestError(
      `${name}: expected a JSON object, found ${shownValue(value)}; export again`,
    );
  }
  return value;
}

/**
 * Return a JSON value as messages show it.
 *
 * @param {unknown} value
 */
export function shownValue(value) {
  const short = quoted(value);
  return short.length <= 60 ? short : kindOfValue(value);
}

/**
 * Refuse keys that stand twice in an object, and half characters, which escapes let in.
 *
 * @param {string} text valid JSON
 * @param {string} name
 */
function checkStrings(text, name) {
  /** Of each object or list around, the keys so far. @type {Set<string>[]} */
  const around = [];
  let last = "";
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") around.push(new Set());
    else if (token === "}" || token === "]") around.pop();
    else if (token === ":") {
      const keys = around[around.length - 1];
      if (keys.has(last)) throw invalid(name, `the key ${quoted(last)} stands twice`);
      keys.add(last);
    } else if (token.startsWith('"')) {
      last = JSON.parse(token);
      if (halfCharacter(last) !== null) throw invalid(name, "it holds half a character");
    }
  }
}

/**
 * @param {string} name
 * @param {string} reason
 */
function invalid(name, reason) {
  return new ManifestError(`${name}: not valid JSON (${reason}); export again`);
}
