/**
 * Many texts: their translations here beside those that Python wrote, token for token.
 *
 *     python web/test/expected.py texts --model exported --texts pairs.tsv --out expected.jsonl
 *     node web/test/many_texts.js exported expected.jsonl [int8]
 *
 * It exits with 1 if any translation differs that is not tied.
 */

import { Translator } from "../src/index.js";
import { readFiles } from "../src/node.js";
import { MARGINS, areTied, largestDifference, recorded } from "./comparison.js";
import { TOLERANCE, jsonLines } from "./shared.js";

const [folder, expectedFile, precision = "fp32"] = process.argv.slice(2);
if (precision !== "fp32" && precision !== "int8")
  throw new Error(`no such precision: ${precision}`);
const translator = await Translator.load(await readFiles(folder), { precision });
const { pipeline, manifest } = translator;
const counts = { texts: 0, empty: 0, refused: 0, searches: 0, identical: 0, tied: 0, different: 0 };
let [largest, near] = [0, 0];

for (const { text, ids, unknown, searches = [] } of jsonLines(expectedFile)) {
  counts.texts += 1;
  let encoding;
  try {
    encoding = pipeline.source.encode(text);
  } catch (error) {
    encoding = { ids: /** @type {Error} */ (error).name, unknownTokens: [] };
  }
  if (JSON.stringify([encoding.ids, encoding.unknownTokens]) !== JSON.stringify([ids, unknown])) {
    counts.different += 1;
    console.log(`different ids: ${JSON.stringify(text)}`);
  } else if (typeof ids === "string") counts.refused += 1;
  else if (ids.length === 0) counts.empty += 1;
  for (const { beamSize, lengthPenalty, hypotheses } of searches) {
    const search = { beamSize, nBest: beamSize, lengthPenalty };
    const [hypothesesHere] = await pipeline.decode([ids], search);
    const found = recorded(hypothesesHere);
    const difference = largestDifference(found, hypotheses);
    counts.searches += 1;
    if (difference !== Infinity) {
      counts.identical += 1;
      near += difference <= TOLERANCE ? 1 : 0;
      largest = Math.max(largest, difference);
      continue;
    }
    const tied = await areTied(pipeline, ids, search, found, hypotheses, MARGINS[precision]);
    counts[tied ? "tied" : "different"] += 1;
    console.log(`${tied ? "tied" : "different"}, beam of ${beamSize}: ${JSON.stringify(text)}`);
  }
}
const { source, target } = manifest;
console.log(
  JSON.stringify({
    folder,
    precision,
    modes: [source.text, target.text],
    ...counts,
    largest,
    near,
  }),
);
process.exitCode = counts.different > 0 ? 1 : 0;
