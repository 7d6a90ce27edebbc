/**
 * Start of the page: the worker first, so that all the rest is fetched through it.
 */

import { startWorker } from "./offline.js";

const folder = String(new URL(document.documentElement.dataset.model ?? "", document.baseURI));
await startWorker(folder);
try {
  const { App } = await import("./app.js");
  await new App(folder).start();
} catch (error) {
  document.documentElement.dataset.state = "failed";
  const reason = error instanceof Error ? error.message : String(error);
  const state = document.getElementById("state");
  if (state) state.textContent = `The page cannot start: ${reason}; was npm ci run in web/?`;
}
