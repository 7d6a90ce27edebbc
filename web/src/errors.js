/**
 * Every error that the reader raises on purpose, as one family: the names, kinds and messages are
 * those of the Python package.
 *
 *     S2SError
 *     ├── TextError                  the text cannot be translated
 *     │   ├── InputTypeError         … it is not a string
 *     │   ├── UnknownWordError       … it has words that the model never saw
 *     │   ├── TextTooLongError       … it has too many tokens
 *     │   └── MalformedTextError     … it holds half a character
 *     ├── OptionError                an option has a wrong value
 *     ├── NonFiniteError             a graph returned NaN or infinity
 *     ├── ArtefactError              the folder cannot be used
 *     │   ├── ArtefactNotFoundError  … it, or a file of it, is not there
 *     │   ├── IntegrityError         … its bytes are not the recorded ones
 *     │   ├── ManifestError          … its manifest is not valid
 *     │   ├── VocabularyError        … its vocabulary is not valid
 *     │   ├── SpecError              … a step's description is not valid
 *     │   └── GraphError             … its graph breaks the contract
 *     └── ProviderError              the browser lacks what is needed
 *
 * A message says where, the expected value, the value found, and what to do next.
 */

/** Base of all errors of this package. `name` is that of the class, in minified code too. */
export class S2SError extends Error {
  static kind = "S2SError";

  /** @param {string} message @param {ErrorOptions} [options] */
  constructor(message, options) {
    super(message, options);
    this.name = /** @type {typeof S2SError} */ (this.constructor).kind;
  }
}

/** The text given cannot be translated. */
export class TextError extends S2SError {
  static kind = "TextError";

  /**
   * Which one it is of several texts, counted from 0; `null` for a single one.
   * @type {number | null}
   */
  index = null;
}

/** The value given as a text is not a string. */
export class InputTypeError extends TextError {
  static kind = "InputTypeError";
}

/** The text has words that are not in the vocabulary. */
export class UnknownWordError extends TextError {
  static kind = "UnknownWordError";

  /** @param {readonly string[]} words all of them, in the order of the text, each once */
  constructor(words) {
    const [noun, pronoun] = words.length === 1 ? ["word", "it"] : ["words", "them"];
    super(
      `unknown ${noun}: ${words.map(quoted).join(", ")}; the model was not trained on ` +
        `${pronoun}: rephrase, or train on pairs that contain ${pronoun}`,
    );
    this.words = [...words];
  }
}

/** The text is longer than any that the model was trained on. */
export class TextTooLongError extends TextError {
  static kind = "TextTooLongError";

  /**
   * @param {number} length of the text
   * @param {number} limit the most that the model takes
   * @param {"tokens" | "characters"} [unit] of both; words, punctuation and the end mark are tokens
   */
  constructor(length, limit, unit = "tokens") {
    super(
      `the text has ${length} ${unit}, the model takes at most ${limit}: ` +
        "split it into shorter sentences",
    );
    this.length = length;
    this.limit = limit;
    this.unit = unit;
  }
}

/** The text is no sequence of characters: it holds half of one. */
export class MalformedTextError extends TextError {
  static kind = "MalformedTextError";
}

/** An option has a value that it cannot have. */
export class OptionError extends S2SError {
  static kind = "OptionError";
}

/** A graph returned NaN or infinity; the largest number of them would be fluent nonsense. */
export class NonFiniteError extends S2SError {
  static kind = "NonFiniteError";
}

/** An exported folder, or a file of one, cannot be used. */
export class ArtefactError extends S2SError {
  static kind = "ArtefactError";
}

/** The folder, or a file that belongs in it, is not there. */
export class ArtefactNotFoundError extends ArtefactError {
  static kind = "ArtefactNotFoundError";
}

/** A file's size or sha256 is not the one that the manifest records. */
export class IntegrityError extends ArtefactError {
  static kind = "IntegrityError";
}

/** `manifest.json` cannot be read, or says something that it may not say. */
export class ManifestError extends ArtefactError {
  static kind = "ManifestError";
}

/** A vocabulary file is not one token a line, each once, in UTF-8. */
export class VocabularyError extends ArtefactError {
  static kind = "VocabularyError";
}

/** The description of an encoder step or a decoder step breaks the contract. */
export class SpecError extends ArtefactError {
  static kind = "SpecError";
}

/** A graph does not keep the contract of an encoder step or a decoder step. */
export class GraphError extends ArtefactError {
  static kind = "GraphError";
}

/** The browser lacks something that is needed: checksums, or WebAssembly. */
export class ProviderError extends S2SError {
  static kind = "ProviderError";
}

/**
 * Return a value as messages show it: text in quotation marks, and nothing endless.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function quoted(value) {
  if (typeof value === "string") return `'${value}'`;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return kindOfValue(value);
}

/**
 * Return the kind of a value in a word.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function kindOfValue(value) {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
