/**
 * The code points that this JavaScript and the Python of `expected.py` know differently: those that
 * one version of Unicode assigns and the other does not yet.
 */

import { expected } from "#platform";
import { isSpace, hasLetterOrNumber } from "../src/text/characters.js";

const CATEGORIES =
  "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn"
    .split(" ")
    .map((name) => /** @type {const} */ ([name, new RegExp(`^\\p{${name}}$`, "u")]));

/** @typedef {{ character: string, python: string, here: string }} Difference */

/**
 * Compare every code point's category, white space, letters and numbers, lower case, and canonical
 * forms.
 *
 * @returns {Promise<Map<string, Difference>>} by character
 */
export async function differences() {
  const { runs, changed } = await expected("unicode.json");
  const found = new Map();
  for (const [index, [start, properties]] of runs.entries()) {
    const stop = runs[index + 1]?.[0] ?? 0x110000;
    const pattern = patternOf(properties.split(" ")[0]);
    for (let number = start; number < stop; number += 1) {
      const character = String.fromCodePoint(number);
      const forms = number >= 0xd800 && number < 0xe000 ? null : changed[character];
      const python = shown(properties, forms ?? [character, character, character]);
      const category = pattern.test(character) ? properties.split(" ")[0] : categoryOf(character);
      const space = isSpace(character) ? " space" : "";
      const letter = hasLetterOrNumber(character) ? " alnum" : "";
      const here = shown(`${category}${space}${letter}`, [
        character.toLowerCase(),
        character.normalize("NFC"),
        character.normalize("NFD"),
      ]);
      if (python !== here) found.set(character, { character, python, here });
    }
  }
  return found;
}

/** @param {string} category */
function patternOf(category) {
  return CATEGORIES.find(([name]) => name === category)?.[1] ?? /$^/;
}

/** @param {string} character */
function categoryOf(character) {
  return CATEGORIES.find(([, pattern]) => pattern.test(character))?.[0] ?? "none";
}

/**
 * @param {string} properties
 * @param {string[]} forms
 */
function shown(properties, forms) {
  return [properties, ...forms].join("|");
}
