/**
 * Take the picture of the demo page in docs/: `node test/browser/picture.js ../docs/demo.png`, in
 * web/. The time in it is this machine's, so let it do nothing else meanwhile.
 */

import { launch } from "./launch.js";
import { isReady, reads, translate } from "./demo.js";
import { serve } from "./server.js";

const TEXT = "Tu peux m'aider à porter ces valises ?";

/** @type {(() => Promise<void>)[]} */
const closers = [];
const base = await serve({ after: (close) => void closers.push(close) });
const browser = await launch();
closers.push(() => browser.close());
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
await page.goto(`${base}/web/demo/`);
await isReady(page);
await translate(page, TEXT); // the first is slower
await page.keyboard.press("Enter");
await reads(page, "#time", /with a beam of 4$/);
await page.mouse.move(0, 0);
await page.screenshot({ path: process.argv[2], fullPage: true });
for (const close of closers.reverse()) await close();
