/**
 * Models: the translators of the exported folder, one for each precision, each loaded once.
 */

import { OptionError, Translator } from "../src/index.js";

/** @typedef {import("../src/folder/reader.js").OnProgress} OnProgress */
/** @typedef {import("../src/folder/reader.js").Precision} Precision */

/** @typedef {{ translator: Translator, precision: Precision }} Loaded */

/** The translators of a folder. */
export class Models {
  /** @type {Map<Precision, Translator>} */
  #loaded = new Map();

  /** @param {string} folder its address */
  constructor(folder) {
    this.folder = folder;
  }

  /**
   * Return the translator of a precision; it is downloaded at the first call.
   *
   * @param {Precision | null} precision `null` for int8, or float32 of a folder that has no int8
   * @param {OnProgress} onProgress
   * @returns {Promise<Loaded>}
   */
  async load(precision, onProgress) {
    if (precision !== null) return this.#loadOne(precision, onProgress);
    try {
      return await this.#loadOne("int8", onProgress);
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      return this.#loadOne("fp32", onProgress);
    }
  }

  /**
   * @param {Precision} precision
   * @param {OnProgress} onProgress
   */
  async #loadOne(precision, onProgress) {
    const translator =
      this.#loaded.get(precision) ?? (await Translator.load(this.folder, { precision, onProgress }));
    this.#loaded.set(precision, translator);
    return { translator, precision };
  }
}
