/**
 * Pipeline: from text to a translation, over any two steps.
 */

import { decodeBatches } from "./decoding/batches.js";
import { runEncoder } from "./decoding/encoder.js";
import { mostProbable } from "./decoding/greedy.js";
import { runDecoder } from "./decoding/loop.js";
import { OptionError } from "./errors.js";
import { EOS, SOS } from "./text/vocabulary.js";
import { ATTENTION, assembled, empty } from "./translation.js";

/** @typedef {import("./decoding/options.js").SearchOptions} SearchOptions */
/** @typedef {import("./decoding/steps.js").Steps} Steps */
/** @typedef {import("./text/tokenizer.js").Encoding} Encoding */
/** @typedef {import("./text/tokenizer.js").Tokenizer} Tokenizer */
/** @typedef {import("./translation.js").Translation} Translation */

/** The most rows that pay side by side; a text has one for each hypothesis of its beam. */
const LARGEST_BATCH = 128;

/** Two tokenizers and two steps, which together translate texts. */
export class Pipeline {
  /**
   * @param {Steps} steps
   * @param {Tokenizer} source
   * @param {Tokenizer} target
   * @param {number} maxLength the most tokens of a translation, EOS included
   */
  constructor(steps, source, target, maxLength) {
    this.steps = steps;
    this.source = source;
    this.target = target;
    this.maxLength = maxLength;
  }

  /** Whether the decoder step returns its attention, `float32[S, B, 1]`. */
  get hasAttention() {
    const output = this.steps.decoder.spec.outputs.find(({ name }) => name === ATTENTION);
    return output !== undefined && output.shape.join() === "S,B,1";
  }

  /**
   * Refuse attention where the model has none.
   *
   * @param {boolean} attention whether it is asked for
   */
  checkAttention(attention) {
    if (attention && !this.hasAttention) {
      throw new OptionError(
        "attention: this model has none; train one with " +
          "'python -m training.fit --recipe attention'",
      );
    }
  }

  /**
   * Translate encoded texts.
   *
   * @param {readonly Encoding[]} encodings
   * @param {object} options
   * @param {SearchOptions} options.search
   * @param {number} options.batchSize texts that the steps get at a time
   * @param {boolean} options.attention also return the attention
   * @returns {Promise<Translation[]>} one for each text, in their order; an empty one for a text
   *   without ids
   */
  async translate(encodings, { search, batchSize, attention }) {
    const members = encodings.filter(({ ids }) => ids.length > 0);
    const sources = members.map(({ ids }) => ids);
    const found = await this.decode(sources, search, batchSize, attention ? [ATTENTION] : []);
    const hypotheses = new Map(members.map((encoding, index) => [encoding, found[index]]));
    return encodings.map((encoding) => {
      const ofText = hypotheses.get(encoding);
      if (ofText === undefined) return empty(encoding);
      return assembled(encoding, ofText, this.source, this.target, search.lengthPenalty);
    });
  }

  /**
   * Decode token ids.
   *
   * @param {readonly (readonly number[])[]} sources token ids of each sentence, EOS included
   * @param {SearchOptions} search
   * @param {number} [batchSize]
   * @param {readonly string[]} [extraOutputs] of the decoder step, to keep
   * @returns the best hypotheses for each source, best first
   */
  decode(sources, search, batchSize = 1, extraOutputs = []) {
    const most = Math.max(1, Math.floor(LARGEST_BATCH / search.beamSize));
    const options = this.#options(extraOutputs);
    return decodeBatches(this.steps, sources, options, search, Math.min(batchSize, most));
  }

  /**
   * Translate one encoded text and yield its pieces as they are decoded.
   *
   * @param {Encoding} encoding
   * @returns {AsyncGenerator<string, void>} pieces that join to the text of `translate`
   */
  async *stream(encoding) {
    if (encoding.ids.length === 0) return;
    const encoded = await runEncoder(this.steps.encoder, [encoding.ids]);
    /** @type {number[]} */
    const ids = [];
    let written = 0;
    const decoder = this.steps.decoder;
    for await (const step of runDecoder(decoder, encoded, 1, this.#options([]), mostProbable)) {
      if (step.live.length === 0) return;
      ids.push(step.choice[0].token);
      const text = this.target.decode(ids);
      yield text.slice(written);
      written = text.length;
    }
  }

  /** @param {readonly string[]} extraOutputs */
  #options(extraOutputs) {
    return { sos: SOS, eos: EOS, maxLength: this.maxLength, extraOutputs };
  }
}
