/**
 * State of the page: downloading, ready, offline, or why it is not.
 */

import { byId } from "./elements.js";
import { megabytes } from "./format.js";

const READY = "Ready";
const SAVED = "Ready, saved for use offline";
const OFFLINE = "Offline; the model is on this device";

/** The line that tells the state. */
export class State {
  #line = byId("state");
  #bar = /** @type {HTMLProgressElement} */ (byId("progress"));
  #retry = byId("retry");
  #isReady = false;
  #isSaved = false;
  #isUnreachable = false;

  /** @param {() => void} onRetry the download is to be tried again */
  constructor(onRetry) {
    this.#retry.addEventListener("click", onRetry);
    for (const change of ["online", "offline"]) {
      window.addEventListener(change, () => this.#tell());
    }
  }

  /** @param {{ loaded: number, total: number }} progress in bytes */
  downloading({ loaded, total }) {
    this.#isReady = false;
    this.#bar.max = total;
    this.#bar.value = loaded;
    const done = megabytes(loaded).replace(" MB", "");
    this.#show("loading", `Downloading ${done} of ${megabytes(total)}`);
  }

  /** The model can be used. */
  ready() {
    this.#isReady = true;
    this.#tell();
  }

  /**
   * @param {object} kept
   * @param {boolean} kept.isSaved whether the page works without a network from now on
   * @param {boolean} kept.isUnreachable whether the model's server could not be reached
   */
  kept({ isSaved, isUnreachable }) {
    this.#isSaved = isSaved;
    this.#isUnreachable = isUnreachable;
    this.#tell();
  }

  /** @param {string} message why there is no model */
  failed(message) {
    this.#isReady = false;
    this.#show("failed", message);
  }

  #tell() {
    if (!this.#isReady) return;
    const isOffline = this.#isUnreachable || !navigator.onLine;
    if (isOffline) this.#show("offline", OFFLINE);
    else this.#show("ready", this.#isSaved ? SAVED : READY);
  }

  /**
   * @param {"loading" | "ready" | "offline" | "failed"} kind
   * @param {string} text
   */
  #show(kind, text) {
    document.documentElement.dataset.state = kind;
    this.#line.textContent = text;
    this.#retry.hidden = kind !== "failed";
  }
}
