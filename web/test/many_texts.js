/**
 * Many texts: their translations in Node beside those that Python wrote, token for token.
 *
 *     python web/test/expected.py texts --model exported --texts pairs.tsv --out expected.jsonl
 *     node web/test/many_texts.js exported expected.jsonl [int8]
 *
 * It exits with 1 if any translation differs that is not tied, or none was compared.
 * `browser/many_texts.js` does the same in Chromium.
 */

import { readFileSync } from "node:fs";

import { Translator } from "../src/index.js";
import { readFiles } from "../src/node.js";
import { compareTexts } from "./compare_texts.js";
import { jsonLines } from "./comparison.js";

const [folder, expectedFile, chosen = "fp32"] = process.argv.slice(2);
const precision = /** @type {"fp32" | "int8"} */ (chosen); // load refuses any other
const { pipeline, manifest } = await Translator.load(await readFiles(folder), { precision });
const cases = jsonLines(readFileSync(expectedFile, "utf-8"));
const found = await compareTexts(pipeline, precision, cases, console.log);
const modes = [manifest.source.text, manifest.target.text];
console.log(JSON.stringify({ folder, precision, modes, ...found }));
process.exitCode = found.different > 0 || found.searches === 0 ? 1 : 0;
