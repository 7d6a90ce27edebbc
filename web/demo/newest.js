/**
 * The newest work alone: what an older one still brings is dropped.
 */

/** Runs work in parts, of which each is shown only while no newer work has begun. */
export class Newest {
  #number = 0;

  /** Let whatever is under way end without effect. */
  cancel() {
    this.#number += 1;
  }

  /**
   * Run work, in place of what is under way.
   *
   * @template T
   * @param {AsyncIterable<T>} parts
   * @param {object} views
   * @param {(part: T) => void} views.show
   * @param {(error: unknown) => void} views.fail
   * @param {() => Promise<void>} views.pause between two parts: input is handled, the page painted
   */
  async run(parts, { show, fail, pause }) {
    this.cancel();
    const number = this.#number;
    const isOutdated = () => number !== this.#number;
    try {
      for await (const part of parts) {
        if (isOutdated()) return;
        show(part);
        await pause();
        if (isOutdated()) return;
      }
    } catch (error) {
      if (!isOutdated()) fail(error);
    }
  }
}
