/**
 * A static server for pages under test: the files of a folder, on localhost alone.
 */

import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, sep } from "node:path";

import { ROOT } from "../shared.js";

/** @type {Record<string, string>} */
const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".onnx": "application/octet-stream",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * Serve a folder while a test runs.
 *
 * @param {{ after: (close: () => Promise<void>) => void }} t the test's context
 * @param {string} [root] the folder; the repository's root where none is named
 * @returns {Promise<string>} the address, `http://127.0.0.1:PORT`
 */
export async function serve(t, root = ROOT) {
  const server = createServer((request, response) => {
    void answer(request, response, root);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  t.after(async () => {
    server.closeAllConnections(); // a browser keeps them open
    await new Promise((done) => server.close(done));
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}`;
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 * @param {string} root
 */
async function answer(request, response, root) {
  const file = await fileOf(request.url ?? "/", root);
  if (file === null) {
    response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("not found\n");
    return;
  }
  response.writeHead(200, {
    "content-type": TYPES[extname(file.path)] ?? "text/plain; charset=utf-8",
    "content-length": file.size,
    // Another server of the same test may have the page.
    "access-control-allow-origin": "*",
  });
  createReadStream(file.path).on("error", () => response.destroy()).pipe(response);
}

/**
 * Return the file that an address names, a folder's `index.html` included; `null` for none, and
 * for one outside the root, by `..` or by a link.
 *
 * @param {string} url path and query
 * @param {string} root
 */
async function fileOf(url, root) {
  try {
    const name = decodeURIComponent(url.split(/[?#]/)[0]);
    const inside = await realpath(root);
    const path = await realpath(join(root, name, name.endsWith("/") ? "index.html" : ""));
    const found = await stat(path);
    return found.isFile() && path.startsWith(inside + sep) ? { path, size: found.size } : null;
  } catch {
    return null; // no such file, or no valid address
  }
}
