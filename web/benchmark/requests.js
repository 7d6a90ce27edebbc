/**
 * The JavaScript side of `python -m benchmarks.web`: `node web/benchmark/requests.js FOLDER`
 * answers requests, one a line of JSON, in their order.
 *
 * `["node" | "chromium", precision, texts]` is answered with the milliseconds that the texts take
 * one by one; the Translator stays loaded. `["first in node" | "first in chromium", precision,
 * [text]]` is answered with those to the translation in a fresh process, or in a fresh page with an
 * empty cache. `["files", precision, [text]]` is answered with the files that a page gets, each as
 * its part, its bytes and its bytes by gzip.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { readFiles } from "../src/node.js";
import { closing, launch } from "../test/browser/launch.js";
import { serve } from "../test/browser/server.js";
import { ROOT } from "../test/platform.js";
import { oneByOne, translateFirst } from "./timing.js";

/** @typedef {import("playwright-core").Browser} Browser */
/** @typedef {"fp32" | "int8"} Precision */
/** @typedef {(precision: Precision, texts: string[]) => Promise<unknown>} Answer */

const FIRST = fileURLToPath(new URL("first.js", import.meta.url));
/** @type {[RegExp, string][]} by the path of a file */
const PARTS = [
  [/\.wasm$/, "onnxruntime-web, WebAssembly"],
  [/\/node_modules\//, "onnxruntime-web, JavaScript"],
  [/^\/web\/src\//, "the reader"],
  [/^\/web\/benchmark\//, "the page"],
];

const [folder] = process.argv.slice(2);
await closing(async (t) => {
  const browser = await launch();
  t.after(() => browser.close());
  const [base, address] = [await serve(t), await serve(t, folder)];
  const pages = pagesOf(browser, base, address);
  /** @type {Record<string, Answer>} */
  const answers = {
    node: inNode(),
    chromium: inChromium(pages),
    "first in node": async (precision, [text]) => {
      return Number(execFileSync(process.execPath, [FIRST, folder, precision, text]));
    },
    "first in chromium": async (precision, [text]) => {
      const { page, first } = await pages(precision, text);
      await page.context().close();
      return first;
    },
    files: async (precision, [text]) => {
      const { page, urls } = await pages(precision, text);
      await page.context().close();
      return urls.map((url) => {
        const { origin, pathname } = new URL(url);
        const path = decodeURIComponent(pathname);
        return origin === base
          ? sizes(join(ROOT, path), PARTS.find(([pattern]) => pattern.test(path))?.[1] ?? path)
          : sizes(join(folder, path), `the folder, ${precision}`);
      });
    },
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const [what, precision, texts] = JSON.parse(line);
    console.log(JSON.stringify(await answers[what](precision, texts)));
  }
});

/** @returns {Answer} */
function inNode() {
  /** @type {Map<Precision, import("../src/index.js").Translator>} */
  const loaded = new Map();
  return async (precision, texts) => {
    const translator =
      loaded.get(precision) ?? (await translateFirst(await readFiles(folder), precision, texts[0]));
    loaded.set(precision, translator);
    return oneByOne(translator, texts);
  };
}

/**
 * @param {ReturnType<typeof pagesOf>} pages
 * @returns {Answer}
 */
function inChromium(pages) {
  /** @type {Map<Precision, import("playwright-core").Page>} */
  const loaded = new Map();
  return async (precision, texts) => {
    const page = loaded.get(precision) ?? (await pages(precision, texts[0])).page;
    loaded.set(precision, page);
    return page.evaluate((texts) => /** @type {any} */ (window).benchmark.oneByOne(texts), texts);
  };
}

/**
 * Return a function that opens a page which translates a text, with an empty cache.
 *
 * @param {Browser} browser
 * @param {string} base the address of the repository
 * @param {string} address of the folder
 */
function pagesOf(browser, base, address) {
  return async (/** @type {Precision} */ precision, /** @type {string} */ text) => {
    const page = await (await browser.newContext()).newPage();
    /** @type {string[]} */
    const urls = [];
    page.on("requestfinished", (request) => void urls.push(request.url()));
    const query = new URLSearchParams({ folder: address, precision, text });
    await page.goto(`${base}/web/benchmark/page.html?${query}`);
    await page.waitForFunction(() => "benchmark" in window, null, { polling: 100 });
    const first = await page.evaluate(() => /** @type {any} */ (window).benchmark.first);
    return { page, urls, first };
  };
}

/**
 * @param {string} path of a file
 * @param {string} part that it belongs to
 * @returns {[string, number, number]} the part, the bytes, and those by gzip
 */
function sizes(path, part) {
  const content = readFileSync(path);
  return [part, content.length, gzipSync(content, { level: 9 }).length];
}
