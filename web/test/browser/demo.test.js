/**
 * The demo page in Chromium: what it makes of a text.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Translator } from "../../src/index.js";
import { filesOf } from "../platform.js";
import { LONG, SENTENCE, openDemo, reads, translate } from "./demo.js";
import { serve } from "./server.js";


test("a typed sentence is translated, without Enter", async (t) => {
  const page = await openDemo(t);
  await page.getByLabel("French", { exact: true }).pressSequentially("Je suis en retard.");
  await reads(page, "#target", "I'm late.");
  await reads(page, "#time", /^\d+\.\d ms, 6 tokens read, 6 written; \d+\.\d ms with a beam of 4$/);
  assert.equal(await page.locator("#target").getAttribute("lang"), "en");
});

test("the translation is shown as it is decoded", async (t) => {
  const page = await openDemo(t);
  await page.evaluate(() => {
    const target = /** @type {HTMLElement} */ (document.querySelector("#target"));
    const shown = Object.assign(window, { shown: /** @type {string[]} */ ([]) }).shown;
    const options = { childList: true };
    new MutationObserver(() => shown.push(target.textContent ?? "")).observe(target, options);
  });
  await translate(page, SENTENCE);
  const shown = await page.evaluate(() => /** @type {string[]} */ (/** @type {any} */ (window).shown));
  assert.deepEqual(shown.slice(0, 4), ["Can", "Can you", "Can you help", "Can you help me"]);
  assert.equal(shown.at(-1), "Can you help me carry these suitcases?");
});

test("alternatives and their scores are those of the translator", async (t) => {
  const page = await openDemo(t);
  await translate(page, SENTENCE);
  const translator = await Translator.load(await filesOf("exported"), { precision: "int8" });
  const [expected] = await translator.translateBatch([SENTENCE], { beamSize: 4, nBest: 4 });
  const items = await page.getByRole("list").locator("li").allTextContents();
  assert.equal(items.length, 4);
  for (const [at, { text, score }] of expected.alternatives.entries()) {
    assert.equal(items[at], `${text}, score ${score.toFixed(2).replace("-", "−")}`);
  }
  assert.equal(await page.locator("li[aria-current]").count(), 1);
});

test("the attention is a table with the words at its edges and a share in each cell", async (t) => {
  const page = await openDemo(t);
  await translate(page, SENTENCE);
  const table = page.getByRole("table", { name: /Share of each word of the text/ });
  const columns = await table.getByRole("columnheader").allTextContents();
  assert.equal(columns.join(" "), "est-ce que tu peux m'aider à porter ces valises ? end");
  const rows = await table.getByRole("rowheader").allTextContents();
  assert.equal(rows.join(" "), "Can you help me carry these suitcases ? end");
  const row = table.getByRole("row", { name: "suitcases" });
  const shares = (await row.getByRole("cell").allTextContents()).map(Number.parseFloat);
  assert.equal(shares.length, columns.length);
  assert.equal(columns[shares.indexOf(Math.max(...shares))], "valises");
  const sum = shares.reduce((one, other) => one + other);
  assert.ok(Math.abs(sum - 100) <= shares.length / 2, `${sum} per cent`);
  const cell = row.getByRole("cell").nth(columns.indexOf("valises"));
  const weight = await cell.evaluate((td) => Number(td.style.getPropertyValue("--weight")));
  assert.equal(Math.round(weight * 100), Math.max(...shares));
});

test("the facts are those of the manifest, for each precision", async (t) => {
  const page = await openDemo(t);
  const facts = () => page.locator("#facts").innerText();
  for (const fact of [
    "French to English",
    `4.6 MB from ${new URL(page.url()).host}/exported/`,
    "BLEU 51.9 on 2,837 held-out sentences",
    "5,306 of 5,667 sentences",
    "137,119 pairs from www.manythings.org/anki and tatoeba.org, CC BY 2.0",
    "ONNX Runtime, 14.2 MB",
  ]) {
    assert.ok((await facts()).includes(fact), fact);
  }
  await translate(page, "Je suis en retard.");
  await page.getByLabel("float32").check();
  await page.getByText("14.1 MB from").waitFor();
  assert.match(await facts(), /float32: the tokens are those of PyTorch/);
  await reads(page, "#target", "I'm late.");
});

test("texts that cannot be translated are told why", async (t) => {
  const page = await openDemo(t);
  const field = page.getByLabel("French", { exact: true });
  await translate(page, "Je suis en retard.");
  await field.fill(LONG);
  const message = "The text has 99 tokens, the model takes at most 86: split it into shorter sentences";
  await reads(page, "#problem", message);
  await reads(page, "#announcement", message);
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  assert.equal(await page.locator("#target").textContent(), "");
  assert.equal(await page.locator("#alternatives li, #attention td").count(), 0);
  await field.fill("🦆🦆");
  await reads(page, "#problem", "The model knows no word of this text.");
  await field.fill("Je suis en retard.");
  await reads(page, "#target", "I'm late.");
  assert.equal(await page.locator("#problem").textContent(), "");
  await field.fill(" ");
  await reads(page, "#target", "");
  assert.equal(await page.locator("#alternatives li, #attention td").count(), 0);
  await field.fill("J'ai vu un 🦆.");
  await reads(page, "#unknown", "Unknown to the model: 🦆");
});

test("a result of an older text is never shown", async (t) => {
  const page = await openDemo(t);
  const old = "Il pleut depuis ce matin, et j'ai oublié mon parapluie à la maison hier soir, mon ami.";
  await page.evaluate(async (text) => {
    const field = /** @type {HTMLTextAreaElement} */ (document.querySelector("#source"));
    const target = /** @type {HTMLElement} */ (document.querySelector("#target"));
    const type = (/** @type {string} */ typed) => {
      field.value = typed;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", cancelable: true }));
    };
    /** @param {() => boolean} holds */
    const until = async (holds) => {
      while (!holds()) await new Promise((done) => setTimeout(done));
    };
    type(text);
    await until(() => (target.textContent ?? "").length > 8); // in the middle of it
    /** @type {string[]} */
    const shown = [];
    Object.assign(window, { shown });
    const results = () => {
      const found = document.querySelectorAll("#target, #alternatives, #attention");
      return Array.from(found, ({ textContent }) => textContent).join(" / ");
    };
    const options = { childList: true, characterData: true, subtree: true };
    new MutationObserver(() => shown.push(results())).observe(document.body, options);
    Object.assign(window, { beginning: target.textContent });
    type("Je suis en retard.");
  }, old);
  await page.getByText("with a beam of 4").waitFor();
  await page.waitForTimeout(500); // of silence, in which nothing old may come
  const { shown, beginning } = await page.evaluate(() => {
    const { shown, beginning } = /** @type {any} */ (window);
    return { shown, beginning };
  });
  assert.match(beginning, /rain|has been/);
  assert.ok(shown.length > 2);
  const late = shown.filter((/** @type {string} */ text) => /umbrella|friend|rain|has been|pluie/.test(text));
  assert.deepEqual(late, []);
  await reads(page, "#target", "I'm late.");
});

test("typing sends nothing, and the page may ask no other server", async (t) => {
  const page = await openDemo(t, { allowed: /Content Security Policy/ });
  /** @type {string[]} */
  const requests = [];
  page.context().on("request", (request) => requests.push(request.url()));
  await translate(page, SENTENCE);
  assert.deepEqual(requests, []);
  const other = await serve(t);
  const asked = page.evaluate((address) => fetch(address).then(() => "answered"), `${other}/LICENSE`);
  await assert.rejects(asked, /Failed to fetch/);
});
