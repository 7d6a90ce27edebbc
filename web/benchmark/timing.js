/**
 * What `benchmarks.web` times, in Node and in a page.
 */

import { Translator } from "../src/index.js";

/**
 * Return the milliseconds that texts take one by one, greedily.
 *
 * @param {Translator} translator
 * @param {string[]} texts
 */
export async function oneByOne(translator, texts) {
  const started = performance.now();
  for (const text of texts) await translator.translate(text);
  return performance.now() - started;
}

/**
 * Load a folder and translate its first text.
 *
 * @param {Parameters<typeof Translator.load>[0]} folder
 * @param {"fp32" | "int8"} precision
 * @param {string} text
 */
export async function translateFirst(folder, precision, text) {
  const translator = await Translator.load(folder, { precision });
  await translator.translate(text);
  return translator;
}
