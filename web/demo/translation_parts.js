/**
 * A text's translation in the parts that the page shows, as soon as each is there.
 */

/** @typedef {import("../src/index.js").Translator} Translator */
/** @typedef {import("../src/translation.js").Alternative} Alternative */
/** @typedef {import("../src/translation.js").Translation} Translation */

/** Translations that the beam search follows side by side, all of which are shown. */
export const BEAM_SIZE = 4;

/**
 * `draft`: the beginning, as it is decoded. `translation`: the whole, and the time of a greedy
 * search without pauses. `alternatives`: of the beam search, best first, and its time.
 *
 * @typedef {{ kind: "draft", text: string }
 *   | { kind: "translation", translation: Translation, milliseconds: number }
 *   | { kind: "alternatives", alternatives: Alternative[], milliseconds: number }} Part
 */

/**
 * Translate a text part by part.
 *
 * @param {Translator} translator
 * @param {string} text
 * @returns {AsyncGenerator<Part, void>}
 */
export async function* translationParts(translator, text) {
  let draft = "";
  for await (const piece of translator.stream(text)) {
    draft += piece;
    yield { kind: "draft", text: draft };
  }
  // Once more, because a stream has pauses for the page and no attention.
  const attention = translator.pipeline.hasAttention;
  const greedy = await timed(translator, text, { attention });
  yield { kind: "translation", ...greedy };
  const beam = await timed(translator, text, { beamSize: BEAM_SIZE, nBest: BEAM_SIZE });
  yield {
    kind: "alternatives",
    alternatives: beam.translation.alternatives,
    milliseconds: beam.milliseconds,
  };
}

/**
 * @param {Translator} translator
 * @param {string} text
 * @param {Parameters<Translator["translateBatch"]>[1]} options
 */
async function timed(translator, text, options) {
  const start = performance.now();
  const [translation] = await translator.translateBatch([text], options);
  return { translation, milliseconds: performance.now() - start };
}
