/**
 * Texts, their ids and their translations, beside those that Python wrote: equal, or a proven tie.
 */

import { MARGINS, TOLERANCE, areTied, largestDifference, recorded } from "./comparison.js";

/** @typedef {import("../src/pipeline.js").Pipeline} Pipeline */
/** @typedef {"fp32" | "int8"} Precision */

/**
 * What `expected.py` wrote of a text.
 *
 * @typedef {object} Case
 * @property {string} text
 * @property {number[] | string} ids or the name of the error
 * @property {string[]} unknown tokens
 * @property {string | null} translation the greedy one; `null` without ids
 * @property {Search[]} [searches] none without ids
 *
 * @typedef {object} Search
 * @property {number} beamSize
 * @property {number} lengthPenalty
 * @property {import("./comparison.js").Recorded[]} hypotheses
 */

/**
 * Compare the translations of texts with Python's.
 *
 * @param {Pipeline} pipeline
 * @param {Precision} precision of its graphs
 * @param {Case[]} cases
 * @param {(line: string) => void} print each search that is not identical
 * @returns counts, and of identical searches the largest difference of a log-probability and the
 *   number of those within the tolerance
 */
export async function compareTexts(pipeline, precision, cases, print) {
  const counts = { texts: 0, empty: 0, refused: 0, searches: 0 };
  const verdicts = { identical: 0, tied: 0, different: 0 };
  let [largest, near] = [0, 0];
  for (const { text, ids, unknown, translation, searches = [] } of cases) {
    counts.texts += 1;
    if (JSON.stringify(encoded(pipeline.source, text)) !== JSON.stringify([ids, unknown])) {
      verdicts.different += 1;
      print(`different ids: ${JSON.stringify(text)}`);
    } else if (typeof ids === "string") counts.refused += 1;
    else if (ids.length === 0) counts.empty += 1;
    for (const search of searches) {
      const source = /** @type {number[]} */ (ids);
      const found = await compareSearch(pipeline, precision, source, search, translation);
      counts.searches += 1;
      verdicts[found.verdict] += 1;
      if (found.verdict === "identical") {
        largest = Math.max(largest, found.difference);
        near += found.difference <= TOLERANCE ? 1 : 0;
      } else print(`${found.verdict}, beam of ${search.beamSize}: ${JSON.stringify(text)}`);
    }
  }
  return { ...counts, ...verdicts, largest, near };
}

/**
 * @param {Pipeline} pipeline
 * @param {Precision} precision
 * @param {number[]} source ids
 * @param {Search} expected
 * @param {string | null} translation that belongs to a beam of 1
 * @returns {Promise<{ verdict: "identical" | "tied" | "different", difference: number }>}
 */
async function compareSearch(pipeline, precision, source, expected, translation) {
  const { beamSize, lengthPenalty, hypotheses } = expected;
  const search = { beamSize, nBest: beamSize, lengthPenalty };
  const [decoded] = await pipeline.decode([source], search);
  const found = recorded(decoded);
  const difference = largestDifference(found, hypotheses);
  if (difference === Infinity) {
    const tied = await areTied(pipeline, source, search, found, hypotheses, MARGINS[precision]);
    return { verdict: tied ? "tied" : "different", difference };
  }
  const sameText = beamSize > 1 || pipeline.target.decode(decoded[0].ids) === translation;
  return { verdict: sameText ? "identical" : "different", difference };
}

/**
 * Return what Python records of an encoding: the ids, or the name of the error, and the unknown
 * tokens.
 *
 * @param {import("../src/text/tokenizer.js").Tokenizer} tokenizer
 * @param {string} text
 * @returns {[number[] | string, string[]]}
 */
export function encoded(tokenizer, text) {
  try {
    const { ids, unknownTokens } = tokenizer.encode(text);
    return [ids, unknownTokens];
  } catch (error) {
    return [/** @type {Error} */ (error).name, []];
  }
}
