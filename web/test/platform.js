/**
 * What the tests need of the platform they run on: this is Node's, `browser/platform.js` a page's.
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { readFiles } from "../src/node.js";
import { jsonLines } from "./comparison.js";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Where `expected.py cases` wrote; tests that need it skip where it is not named. */
export const EXPECTED = process.env.EXPECTED;
export const skip = EXPECTED === undefined ? "EXPECTED names no folder; see make test-web" : false;

/** The program whose Unicode is compared, for the report. */
export const engine = `Node ${process.versions.node} has Unicode ${process.versions.unicode}`;

/**
 * @param {string} folder of the checkout
 * @returns {Promise<Map<string, Uint8Array>>} its files by name
 */
export function filesOf(folder) {
  return readFiles(join(ROOT, folder));
}

/**
 * @param {string} name of a JSON file that `expected.py` wrote
 * @returns {Promise<any>}
 */
export async function expected(name) {
  return JSON.parse(readFileSync(join(EXPECTED ?? "", name), "utf-8"));
}

/**
 * @param {string} name of a file of JSON lines that `expected.py` wrote
 * @returns {Promise<any[]>}
 */
export async function expectedLines(name) {
  return jsonLines(readFileSync(join(EXPECTED ?? "", name), "utf-8"));
}

/**
 * @typedef {object} Answers
 * @property {string[]} folders of the checkout: the first request is answered from the first one,
 *   the next from the next, and all others from the last
 * @property {Record<string, number | string>} [changed] by file name, the status or the text that
 *   is answered instead of the file
 */

/**
 * Serve folders with some answers changed while a test runs.
 *
 * @param {{ after: (close: () => void) => void }} t the test's context
 * @param {Answers} answers
 * @returns {Promise<string>} the address
 */
export async function serveAnswers(t, { folders, changed = {} }) {
  const contents = await Promise.all(folders.map(filesOf));
  let requests = 0;
  const server = createServer((request, response) => {
    const name = request.url?.split("/").at(-1) ?? "";
    const files = contents[Math.min(requests, contents.length - 1)];
    requests += 1;
    const answer = changed[name] ?? files.get(name) ?? 404;
    response.setHeader("access-control-allow-origin", "*"); // the page has another port
    if (typeof answer === "number") response.writeHead(answer).end();
    else response.end(answer);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}/exported`;
}
