/**
 * Many texts: their translations in Chromium beside those that Python wrote, token for token.
 *
 *     node web/test/browser/many_texts.js exported expected.jsonl [int8]
 *
 * As `../many_texts.js` in Node: the same comparison, in a page, which loads the folder from its
 * address.
 */

import { basename, dirname } from "node:path";

import { closing, launch } from "./launch.js";
import { serve } from "./server.js";

/** @typedef {import("../../src/index.js").Translator} Translator */

const [folder, expectedFile, precision = "fp32"] = process.argv.slice(2);
await closing(async (t) => {
  const browser = await launch();
  t.after(() => browser.close());
  const page = await browser.newPage();
  page.on("console", (message) => {
    if (message.type() === "log") console.log(message.text());
  });
  await page.goto(`${await serve(t)}/web/test/browser/page.html`);
  const found = await page.evaluate(compare, {
    address: await serve(t, folder),
    cases: `${await serve(t, dirname(expectedFile))}/${basename(expectedFile)}`,
    precision: /** @type {"fp32" | "int8"} */ (precision),
  });
  console.log(JSON.stringify({ folder, precision, browser: browser.version(), ...found }));
  process.exitCode = found.different > 0 || found.searches === 0 ? 1 : 0;
});

/**
 * Compare in the page; Chromium gets this function's source.
 *
 * @param {{ address: string, cases: string, precision: "fp32" | "int8" }} options
 */
async function compare({ address, cases, precision }) {
  const names = ["/web/src/index.js", "/web/test/compare_texts.js", "/web/test/comparison.js"];
  const [reader, { compareTexts }, { jsonLines }] = await Promise.all(
    names.map((name) => import(name)),
  );
  /** @type {Translator} */
  const { pipeline, manifest } = await reader.Translator.load(address, { precision });
  const lines = jsonLines(await (await fetch(cases)).text());
  const found = await compareTexts(pipeline, precision, lines, console.log);
  return { modes: [manifest.source.text, manifest.target.text], ...found };
}
