/**
 * The demo page in Chromium for everybody: by keyboard, by ear, in windows of any width, in light
 * and in dark.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { LONG, SENTENCE, isReady, openDemo, reads, translate } from "./demo.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf-8");

test("a finished translation is announced once somebody rests, what comes before never", async (t) => {
  const page = await openDemo(t);
  await page.evaluate((text) => {
    const region = /** @type {HTMLElement} */ (document.querySelector("[role=status]"));
    const told = Object.assign(window, { told: /** @type {string[]} */ ([]) }).told;
    const options = { childList: true };
    new MutationObserver(() => told.push(region.textContent ?? "")).observe(region, options);
    const field = /** @type {HTMLTextAreaElement} */ (document.querySelector("#source"));
    const type = (/** @type {string} */ typed) => {
      field.value = typed;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const time = /** @type {HTMLElement} */ (document.querySelector("#time"));
    const observer = new MutationObserver(() => {
      observer.disconnect();
      type(text); // as soon as the translation of its beginning is there
    });
    observer.observe(time, options);
    type(text.slice(0, 20));
  }, SENTENCE);
  await reads(page, "[role=status]", "Can you help me carry these suitcases?");
  const told = await page.evaluate(() => /** @type {any} */ (window).told.filter(Boolean));
  assert.deepEqual(told, ["Can you help me carry these suitcases?"]);
  assert.equal(await page.locator("[aria-live], output, [role=alert]").count(), 0);
});

test("the keyboard is enough, and the focus is always seen", async (t) => {
  const page = await openDemo(t);
  const focused = () =>
    page.evaluate(() => {
      const element = /** @type {HTMLElement} */ (document.activeElement);
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const name = element.id || element.textContent || element.getAttribute("aria-labelledby");
      return { name, outline: `${outlineStyle} ${outlineWidth}` };
    });
  const press = async (/** @type {string} */ key) => {
    await page.keyboard.press(key);
    const { name, outline } = await focused();
    assert.equal(outline, "solid 2px", `${name}`);
    return `${name}`;
  };
  assert.equal(await press("Tab"), "source");
  await page.keyboard.type("Où est la gare ?");
  await press("Enter");
  await reads(page, "#target", "Where's the station?");
  assert.equal(await page.getByLabel("French", { exact: true }).inputValue(), "Où est la gare ?");
  assert.equal(await press("Tab"), "Je suis en retard.");
  await press("Enter");
  await reads(page, "#target", "I'm late.");
  /** @type {string[]} */
  const after = [];
  for (let at = 0; at < 6; at += 1) after.push(await press("Tab"));
  assert.deepEqual(after.slice(4), ["precision-int8", "picture"]);
  await press("Shift+Tab");
  await page.keyboard.press("ArrowRight");
  await page.getByText("14.1 MB from").waitFor();
});

for (const width of [320, 1400]) {
  test(`a window of ${width} pixels`, async (t) => {
    const page = await openDemo(t, { size: { width, height: 740 } });

    await t.test("nothing moves while the page loads", async () => {
      await page.reload();
      await isReady(page);
      assert.deepEqual(await page.evaluate(layoutShifts), []);
    });

    await t.test("nothing is wider than the window", async () => {
      await translate(page, "Il pleut depuis ce matin, et j'ai oublié mon parapluie à la maison.");
      const { scrollWidth, clientWidth } = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return { scrollWidth, clientWidth };
      });
      assert.equal(scrollWidth, clientWidth);
    });

    await t.test("axe finds no fault, in light and in dark", async () => {
      await page.emulateMedia({ reducedMotion: "reduce" });
      await page.evaluate(axe);
      for (const [text, selector, shown] of /** @type {const} */ ([
        ["", "#target", ""],
        ["J'ai vu un 🦆 dans le jardin.", "#time", /with a beam of 4/],
        [LONG, "#problem", /99 tokens/],
      ])) {
        await page.getByLabel("French", { exact: true }).fill(text);
        await reads(page, selector, shown);
        for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
          await page.emulateMedia({ colorScheme });
          assert.deepEqual(await page.evaluate(violations), [], `${colorScheme}, ${selector}`);
        }
      }
    });
  });
}

/** Return what moved by more than a thousandth of the window, without somebody's doing. */
function layoutShifts() {
  return new Promise((done) => {
    /** @type {unknown[]} */
    const moved = [];
    new PerformanceObserver((list) => {
      for (const { value, sources } of /** @type {any[]} */ (list.getEntries())) {
        const where = sources.map((/** @type {any} */ { node }) => node?.id || node?.nodeName);
        if (value > 0.001) moved.push([value, ...where]);
      }
    }).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done(moved), 300);
  });
}

/** Return the faults that axe finds. */
async function violations() {
  const found = await /** @type {any} */ (window).axe.run();
  return found.violations.map((/** @type {any} */ { id, nodes }) => [
    id,
    ...nodes.map((/** @type {any} */ { html }) => html),
  ]);
}
