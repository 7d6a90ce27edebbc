/**
 * The attention as a picture over the words. The picture is a table: what sighted people see as
 * shades, a screen reader reads cell by cell as per cents.
 */

import { element } from "./elements.js";
import { percent } from "./format.js";

/** @typedef {import("./words.js").Word} Word */
/** @typedef {import("./words.js").WordAttention} WordAttention */

/**
 * Draw attention into a table: words of the source across, words of the target down.
 *
 * @param {HTMLTableElement} table whose caption stays
 * @param {WordAttention} attention
 * @param {{ source: string, target: string }} languages for the `lang` attributes
 */
export function drawAttention(table, { source, target, weights }, languages) {
  const columns = source.map((word) => heading(word, "col", languages.source));
  const rows = target.map((word, at) => {
    const cells = weights[at].map((weight, column) => cell(weight, source[column], word));
    return element("tr", {}, heading(word, "row", languages.target), ...cells);
  });
  const corner = element("td", {});
  const head = element("thead", {}, element("tr", {}, corner, ...columns));
  table.replaceChildren(...captionOf(table), head, element("tbody", {}, ...rows));
}

/** @param {HTMLTableElement} table */
export function clearAttention(table) {
  table.replaceChildren(...captionOf(table));
}

/**
 * @param {Word} word
 * @param {"col" | "row"} scope
 * @param {string} lang
 */
function heading({ text, isEnd }, scope, lang) {
  if (isEnd) return element("th", { scope, className: "end" }, text);
  return element("th", { scope, lang }, text);
}

/**
 * @param {number} weight
 * @param {Word} source
 * @param {Word} target
 */
function cell(weight, source, target) {
  const share = percent(weight);
  const text = element("span", { className: "unseen" }, share);
  const made = element("td", { title: `${target.text}: ${share} ${source.text}` }, text);
  made.style.setProperty("--weight", weight.toFixed(3));
  return made;
}

/** @param {HTMLTableElement} table */
function captionOf(table) {
  return table.caption === null ? [] : [table.caption];
}
