/**
 * What the tests need of the platform they run on: this is a page's, `../platform.js` Node's.
 *
 * The page's address says with `expected` where the files of `expected.py` are served.
 */

import { jsonLines } from "../comparison.js";

/** @typedef {import("../platform.js").Answers} Answers */

const EXPECTED = new URL(location.href).searchParams.get("expected");
export const skip = EXPECTED === null ? "EXPECTED names no folder; see make test-web" : false;

/** The program whose Unicode is compared, for the report. */
export const engine = /Chrome\/\S+/.exec(navigator.userAgent)?.[0] ?? navigator.userAgent;

/**
 * Serve a folder with some answers changed while a test runs. `reader.test.js` puts the function
 * into the page.
 *
 * @param {unknown} _t the whole file of tests ends it
 * @param {Answers} answers
 * @returns {Promise<string>} the address
 */
export function serveAnswers(_t, answers) {
  return /** @type {any} */ (window).serveAnswers(answers);
}

/**
 * @param {string} folder of the checkout
 * @returns {Promise<Map<string, Uint8Array>>} its files by name
 */
export async function filesOf(folder) {
  const { files } = await (await answered(`/${folder}/manifest.json`)).json();
  const names = ["manifest.json", ...Object.keys(files)];
  const contents = names.map(async (name) => (await answered(`/${folder}/${name}`)).arrayBuffer());
  const found = await Promise.all(contents);
  return new Map(names.map((name, index) => [name, new Uint8Array(found[index])]));
}

/**
 * @param {string} name of a JSON file that `expected.py` wrote
 * @returns {Promise<any>}
 */
export async function expected(name) {
  return (await answered(`${EXPECTED}/${name}`)).json();
}

/**
 * @param {string} name of a file of JSON lines that `expected.py` wrote
 * @returns {Promise<any[]>}
 */
export async function expectedLines(name) {
  return jsonLines(await (await answered(`${EXPECTED}/${name}`)).text());
}

/** @param {string} address */
async function answered(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: the server answered ${response.status}`);
  return response;
}
