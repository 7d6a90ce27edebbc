import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { openPage } from "./chromium.js";
import { serve } from "./server.js";

/**
 * Write files into a new folder, which is removed after the test.
 *
 * @param {import("node:test").TestContext} t
 * @param {Record<string, string>} files
 */
function folderOf(t, files) {
  const folder = mkdtempSync(join(tmpdir(), "pages-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/**
 * Return the status of an answer; unlike `fetch`, `get` sends the path as it is.
 *
 * @param {string} base
 * @param {string} path
 * @returns {Promise<number | undefined>}
 */
function statusOf(base, path) {
  const { hostname, port } = new URL(base);
  return new Promise((done, failed) => {
    get({ hostname, port, path }, (response) => {
      response.resume();
      done(response.statusCode);
    }).on("error", failed);
  });
}

test("files are served with their types", async (t) => {
  const types = {
    "a.css": "text/css; charset=utf-8",
    "a.html": "text/html; charset=utf-8",
    "a.js": "text/javascript; charset=utf-8",
    "a.json": "application/json; charset=utf-8",
    "a.mjs": "text/javascript; charset=utf-8",
    "a.onnx": "application/octet-stream",
    "a.vocab": "text/plain; charset=utf-8",
    "a.wasm": "application/wasm",
    "é b.html": "text/html; charset=utf-8",
  };
  const names = Object.keys(types);
  const base = await serve(t, folderOf(t, Object.fromEntries(names.map((n) => [n, `of ${n}`]))));
  assert.match(base, /^http:\/\/127\.0\.0\.1:\d+$/);
  for (const [name, type] of Object.entries(types)) {
    const response = await fetch(`${base}/${name}?query`);
    assert.equal(response.headers.get("content-type"), type);
    assert.equal(await response.text(), `of ${name}`);
  }
});

test("a folder is its index.html; what is not there or outside is status 404", async (t) => {
  const folder = folderOf(t, { "secret.txt": "secret" });
  const root = join(folder, "root");
  mkdirSync(root);
  mkdirSync(`${root}-beside`);
  writeFileSync(join(root, "index.html"), "index");
  writeFileSync(join(`${root}-beside`, "a.txt"), "beside");
  symlinkSync(join(folder, "secret.txt"), join(root, "link.txt"));
  const base = await serve(t, root);
  assert.equal(await statusOf(base, "/"), 200);
  for (const path of [
    "/none.html",
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/../root-beside/a.txt",
    "/link.txt",
    "/%ff",
    "/index.html%00",
    "/index.html/",
    "//",
  ]) {
    assert.equal(await statusOf(base, path), path === "//" ? 200 : 404, path);
  }
});

test("a page runs in Chromium", async (t) => {
  const base = await serve(t, folderOf(t, { "a.html": "<!doctype html><title>a</title>" }));
  const page = await openPage(t, `${base}/a.html`);
  assert.equal(await page.title(), "a");
  assert.match(await page.evaluate(() => navigator.userAgent), /Chrome\/\d+/);
});

test("a page that is not there is an error", async (t) => {
  const base = await serve(t, folderOf(t, {}));
  await assert.rejects(openPage(t, `${base}/a.html`, { allowed: /status of 404/ }), {
    message: `${base}/a.html: the server answered 404`,
  });
});

test("errors of a page fail its test, those that are allowed do not", async (t) => {
  const faults = {
    "thrown.html": "<script>throw new Error('in a script')</script>",
    "rejected.html": "<script>Promise.reject(new Error('in a promise'))</script>",
    "written.html": "<script>console.error('on the console')</script>",
    "missing.html": "<script type=module src=none.js></script>",
    "syntax.html": "<script type=module>import { none } from './a.js'</script>",
  };
  const messages = [
    /page error: Error: in a script/,
    /page error: Error: in a promise/,
    /console error: on the console/,
    /console error: .* status of 404 .*none\.js/,
    /page error: SyntaxError: .* does not provide an export named 'none'/,
  ];
  const base = await serve(t, folderOf(t, { ...faults, "a.js": "" }));
  for (const [index, name] of Object.keys(faults).entries()) {
    const message = messages[index];
    await assert.rejects(visited(`${base}/${name}`), { message });
    await visited(`${base}/${name}`, { allowed: message });
  }
});

/**
 * Open a page as a test of its own, which ends at once.
 *
 * @param {string} url
 * @param {{ allowed?: RegExp }} [options]
 */
async function visited(url, options) {
  /** @type {(() => Promise<void>)[]} */
  const hooks = [];
  const test = /** @type {any} */ ({ after: (/** @type {any} */ hook) => hooks.push(hook) });
  await openPage(test, url, options);
  for (const hook of hooks) await hook();
}
