/**
 * Announcer: tells a screen reader what is finished, and nothing that is still changing.
 */

/** Quiet time after which a result is told while somebody types, in milliseconds. */
const QUIET = 1000;

/** Writes into a live region, the latest alone. */
export class Announcer {
  #timer = 0;

  /** @param {HTMLElement} region with the role `status` */
  constructor(region) {
    this.region = region;
  }

  /**
   * Tell something, unless something newer comes first.
   *
   * @param {string} text
   * @param {{ atOnce?: boolean }} [options]
   */
  tell(text, { atOnce = false } = {}) {
    this.cancel();
    // A region that already says so is silent: it is empty for a moment.
    this.region.textContent = "";
    this.#timer = window.setTimeout(() => {
      this.region.textContent = text;
    }, atOnce ? 50 : QUIET);
  }

  /** Forget what was not told yet. */
  cancel() {
    window.clearTimeout(this.#timer);
  }
}
