/**
 * Results: the translation, its time, its alternatives and its attention on the page.
 */

import { clearAttention, drawAttention } from "./attention.js";
import { byId, element } from "./elements.js";
import { languageTag, milliseconds, score } from "./format.js";
import { BEAM_SIZE } from "./translation_parts.js";
import { attentionOfWords } from "./words.js";

/** @typedef {import("../src/index.js").Translator} Translator */
/** @typedef {import("../src/translation.js").Alternative} Alternative */
/** @typedef {import("../src/translation.js").Translation} Translation */
/** @typedef {import("./translation_parts.js").Part} Part */

const NOTHING_KNOWN = "The model knows no word of this text.";

/** Shows the parts of a translation. */
export class Results {
  #target = byId("target");
  #unknown = byId("unknown");
  #time = byId("time");
  #alternatives = byId("alternatives");
  #attention = /** @type {HTMLTableElement} */ (byId("attention"));
  #problem = byId("problem");

  /**
   * Show a part.
   *
   * @param {Part} part
   * @param {Translator} translator that it is from
   * @returns {string | null} the text that a screen reader is told, if the part brings one
   */
  show(part, translator) {
    if (part.kind === "draft") {
      this.#showProblem("");
      this.#fresh(this.#target).textContent = part.text;
    } else if (part.kind === "translation") {
      if (part.translation.tokens.length === 0) return this.fail(NOTHING_KNOWN);
      this.#showTranslation(part.translation, part.milliseconds);
      this.#showAttention(part.translation, translator);
      return part.translation.text;
    } else {
      this.#showAlternatives(part.alternatives, part.milliseconds);
    }
    return null;
  }

  /** Mark all that is shown as that of another text, until something else is shown. */
  outdate() {
    for (const result of this.#all()) result.classList.add("outdated");
  }

  /** Show nothing. */
  clear() {
    this.#showProblem("");
    for (const result of this.#all()) this.#fresh(result);
    for (const result of [this.#target, this.#unknown, this.#time, this.#alternatives]) {
      result.replaceChildren();
    }
    clearAttention(this.#attention);
  }

  /**
   * Show why a text has no translation.
   *
   * @param {string} message
   */
  fail(message) {
    this.clear();
    this.#showProblem(message);
    return message;
  }

  /**
   * @param {Translation} translation
   * @param {number} time
   */
  #showTranslation({ text, tokens, unknownWords, attention }, time) {
    this.#fresh(this.#target).textContent = text;
    const unknown = unknownWords.join(", ");
    this.#fresh(this.#unknown).textContent = unknown && `Unknown to the model: ${unknown}`;
    const read = attention?.source.length;
    const counts = read === undefined ? "" : `, ${read} tokens read, ${tokens.length + 1} written`;
    this.#fresh(this.#time).textContent = `${milliseconds(time)}${counts}`;
  }

  /**
   * @param {Translation} translation
   * @param {Translator} translator
   */
  #showAttention({ attention, tokens }, { manifest: { source, target } }) {
    const table = this.#attention;
    this.#fresh(table);
    if (attention === null) {
      clearAttention(table);
      return;
    }
    const modes = { source: source.text, target: target.text };
    const languages = {
      source: languageTag(source.language),
      target: languageTag(target.language),
    };
    drawAttention(table, attentionOfWords(attention, tokens, modes), languages);
  }

  /**
   * @param {Alternative[]} alternatives
   * @param {number} time of the beam search
   */
  #showAlternatives(alternatives, time) {
    const shown = this.#target.textContent;
    const items = alternatives.filter(({ tokens }) => tokens.length > 0);
    this.#fresh(this.#alternatives).replaceChildren(
      ...items.map((item) => alternativeItem(item, item.text === shown)),
    );
    if (items.length > 0) {
      this.#time.append(`; ${milliseconds(time)} with a beam of ${BEAM_SIZE}`);
    }
  }

  /** @param {string} message */
  #showProblem(message) {
    this.#problem.textContent = message;
    byId("source").setAttribute("aria-invalid", String(message !== ""));
  }

  /**
   * @template {HTMLElement} T
   * @param {T} result
   */
  #fresh(result) {
    result.classList.remove("outdated");
    return result;
  }

  #all() {
    return [this.#target, this.#unknown, this.#time, this.#alternatives, this.#attention];
  }
}

/**
 * @param {Alternative} alternative
 * @param {boolean} isShown whether it is the translation above
 */
function alternativeItem({ text, score: value }, isShown) {
  const bar = element("span", { className: "bar", ariaHidden: "true" });
  bar.style.setProperty("--share", Math.exp(value).toFixed(3));
  const item = element(
    "li",
    { className: isShown ? "shown" : "" },
    element("span", { className: "text", lang: byId("target").lang }, text),
    element("span", { className: "unseen" }, ", score "),
    element("span", { className: "score" }, score(value)),
    bar,
  );
  if (isShown) item.ariaCurrent = "true";
  return item;
}
