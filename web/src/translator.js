/**
 * Translator: text in, text out, for web pages and programs in Node.
 */

import { MOST_TOKENS, requireInteger, requireKnown, searchOptions } from "./decoding/options.js";
import { InputTypeError, OptionError, TextError, quoted } from "./errors.js";
import { readFolder } from "./folder/reader.js";
import { Pipeline } from "./pipeline.js";
import { openSteps } from "./runtime/onnx_steps.js";
import { Tokenizer } from "./text/tokenizer.js";

/** @typedef {import("./folder/reader.js").FolderContent} FolderContent */
/** @typedef {import("./translation.js").Translation} Translation */

/**
 * @typedef {object} LoadOptions
 * @property {import("./folder/reader.js").Precision} [precision] `"fp32"`, whose tokens are
 *   PyTorch's; or `"int8"`, smaller and quicker, where the folder has such graphs
 * @property {import("./text/tokenizer.js").UnknownWords | null} [unknownWords] `"unk"`: words that
 *   training has not seen are read as another form of the word, or as the token for unknown words;
 *   `"skip"`: they are left out; `"error"`: they are an error. By default `"unk"` where the model
 *   has learned it, else `"error"`
 * @property {number | null} [maxLength] the most tokens of a translation, the end mark included; by
 *   default as many as the longest in training
 * @property {import("./folder/reader.js").OnProgress} [onProgress] called while the files arrive,
 *   with `{ loaded, total }` in bytes
 */

/**
 * @typedef {object} SearchChoices
 * @property {number} [beamSize] translations followed side by side, 1 to 1,000; 1 is greedy
 * @property {number} [lengthPenalty] exponent of the length in the score, which ranks the
 *   alternatives, 0 to 10: 1 for the mean log-probability of a token, 0 for the sum
 */

/**
 * @typedef {object} BatchChoices
 * @property {number} [batchSize] texts that the graphs get at a time; up to 128 rows, a text having
 *   `beamSize` of them
 * @property {number} [nBest] `alternatives` of each translation, `beamSize` at most
 * @property {boolean} [attention] also return the attention
 */

const LOAD_OPTIONS = ["precision", "unknownWords", "maxLength", "onProgress"];
const SEARCH_OPTIONS = ["beamSize", "lengthPenalty"];
const BATCH_OPTIONS = [...SEARCH_OPTIONS, "nBest", "batchSize", "attention"];

/**
 * Translate sentences with an exported folder.
 *
 *     const translator = await Translator.load("/exported/");
 *     await translator.translate("Je suis en retard."); // "I'm late."
 *
 * Loading reads and checks the whole folder: keep the Translator and use it for every sentence.
 * Calls may overlap.
 */
export class Translator {
  /**
   * Load an exported folder.
   *
   * @param {string | URL | import("./folder/files.js").FilesByName} folder its address, which is
   *   fetched; or its files by name
   * @param {LoadOptions} [options]
   */
  static async load(folder, options = {}) {
    requireKnown(options, LOAD_OPTIONS);
    const { precision = "fp32", unknownWords = null, maxLength = null, onProgress } = options;
    if (maxLength !== null) {
      requireInteger("maxLength", maxLength, MOST_TOKENS, `1 to ${MOST_TOKENS}`);
    }
    if (onProgress !== undefined && typeof onProgress !== "function") {
      throw new OptionError(`onProgress: expected a function, found ${quoted(onProgress)}`);
    }
    const { manifest, ...content } = await readFolder(folder, precision, onProgress);
    const source = new Tokenizer(content.source.mode, content.source.vocabulary, {
      unknownWords,
      maxLength: manifest.source.max_length,
    });
    const target = new Tokenizer(content.target.mode, content.target.vocabulary);
    const steps = await openSteps({ manifest, ...content });
    const longest = maxLength ?? manifest.target.max_length;
    return new Translator(manifest, new Pipeline(steps, source, target, longest));
  }

  /**
   * Use `Translator.load`.
   *
   * @param {FolderContent["manifest"]} manifest
   * @param {Pipeline} pipeline
   */
  constructor(manifest, pipeline) {
    /** The folder's manifest: languages, sizes, metrics, versions. */
    this.manifest = manifest;
    /** The two tokenizers and the two steps. */
    this.pipeline = pipeline;
  }

  /**
   * Translate one sentence.
   *
   * @param {string} text
   * @param {SearchChoices} [options]
   * @returns {Promise<string>} the translation; `""` for a text in which the model knows no word
   */
  async translate(text, options = {}) {
    requireKnown(options, SEARCH_OPTIONS);
    const search = searchOptions(options);
    const encoding = this.pipeline.source.encode(text);
    const one = { search, batchSize: 1, attention: false };
    const [translation] = await this.pipeline.translate([encoding], one);
    return translation.text;
  }

  /**
   * Translate several sentences, quicker than one by one.
   *
   * @param {Iterable<string>} texts
   * @param {SearchChoices & BatchChoices} [options]
   * @returns {Promise<Translation[]>} one translation for each text, in their order. If a text
   *   cannot be translated, none is: the error's `index` says which one
   */
  async translateBatch(texts, options = {}) {
    requireKnown(options, BATCH_OPTIONS);
    const { batchSize = 64, attention = false } = options;
    const search = searchOptions(options);
    requireInteger("batchSize", batchSize, Infinity, "1 on");
    if (typeof attention !== "boolean") {
      throw new OptionError(`attention: expected true or false, found ${quoted(attention)}`);
    }
    this.pipeline.checkAttention(attention);
    const encodings = this.#encodeAll(texts);
    return this.pipeline.translate(encodings, { search, batchSize, attention });
  }

  /**
   * Translate one sentence and yield its pieces as they are decoded.
   *
   * @param {string} text that cannot be translated: the error is thrown at once, not with the first
   *   piece
   * @returns {AsyncGenerator<string, void>} pieces that join to the text of `translate`
   */
  stream(text) {
    return this.pipeline.stream(this.pipeline.source.encode(text));
  }

  /**
   * Return the tokens of a text that the model was not trained on, in their order, each once.
   *
   * @param {string} text
   */
  unknownWords(text) {
    const { source } = this.pipeline;
    return source.vocabulary.unknown(source.tokens(text));
  }

  /** @param {Iterable<string>} texts */
  #encodeAll(texts) {
    if (typeof texts === "string") {
      throw new InputTypeError("expected several texts, found one string; use translate");
    }
    return Array.from(texts, (text, index) => {
      try {
        return this.pipeline.source.encode(text);
      } catch (error) {
        if (error instanceof TextError) {
          error.index = index;
          error.message += ` (it is the text with index ${index})`;
        }
        throw error;
      }
    });
  }
}
