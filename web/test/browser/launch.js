/**
 * Real headless Chromium, Debian's, driven by playwright-core.
 */

import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

/** @typedef {import("playwright-core").Browser} Browser */

const PROGRAM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
  "--no-sandbox", // it refuses to be root's
];

/**
 * Start Chromium, headless and with a new profile.
 *
 * @returns {Promise<Browser>} to be closed by the caller
 */
export async function launch() {
  if (!existsSync(PROGRAM)) {
    throw new Error(
      `${PROGRAM}: no such program; install Debian's package chromium, or name another in CHROMIUM`,
    );
  }
  return chromium.launch({ executablePath: PROGRAM, args: ARGUMENTS, headless: true });
}

/**
 * Run a program that is no test, and close in the end what it opened, last things first.
 *
 * @template T
 * @param {(t: { after: (close: () => Promise<void>) => void }) => Promise<T>} body
 * @returns {Promise<T>}
 */
export async function closing(body) {
  /** @type {(() => Promise<void>)[]} */
  const hooks = [];
  try {
    return await body({ after: (close) => void hooks.push(close) });
  } finally {
    for (const close of hooks.reverse()) await close();
  }
}
