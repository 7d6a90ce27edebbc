import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { readFiles } from "../src/node.js";
import { ROOT } from "./platform.js";

test("the first example of the documentation prints what it says", () => {
  const page = readFileSync(join(ROOT, "docs/web.md"), "utf-8");
  const code = page.match(/```js\n(.*?)```/s)?.[1] ?? "";
  const promised = code.match(/\/\/ (.*)\n$/)?.[1];
  // In web/, where the package's own name is known.
  const folder = mkdtempSync(join(ROOT, "web/test/.example-"));
  try {
    const file = join(folder, "example.js");
    writeFileSync(file, code);
    assert.equal(
      execFileSync(process.execPath, [file], { cwd: ROOT, encoding: "utf-8" }),
      `${promised}\n`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a folder that is not there is told", async () => {
  await assert.rejects(readFiles("no/such/folder"), {
    name: "ArtefactNotFoundError",
    message: /^no\/such\/folder: no such folder: /,
  });
});
