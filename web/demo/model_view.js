/**
 * The model on the page: names of its languages, its sizes and its facts.
 */

import { sizeOf } from "../src/folder/reader.js";
import { byId, element } from "./elements.js";
import { factsOf } from "./facts.js";
import { languageName, languageTag, megabytes } from "./format.js";

/** @typedef {import("../src/folder/manifest.js").Manifest} Manifest */
/** @typedef {import("./models.js").Loaded} Loaded */

/**
 * Show which model is in use.
 *
 * @param {Loaded} loaded
 * @param {string} folder the address that it came from
 */
export function describeModel({ translator, precision }, folder) {
  const { manifest, pipeline } = translator;
  nameLanguages(manifest);
  showPrecisions(manifest, precision);
  byId("attention-panel").hidden = !pipeline.hasAttention;
  byId("facts").replaceChildren(
    ...factsOf(manifest, precision, folder).map(({ term, description }) =>
      element("div", {}, element("dt", {}, term), element("dd", {}, description)),
    ),
  );
}

/** @param {Manifest} manifest */
function nameLanguages({ source, target }) {
  const [from, to] = [languageName(source.language), languageName(target.language)];
  document.title = byId("title").textContent = `${from} to ${to}`;
  byId("source-name").textContent = from;
  byId("target-name").textContent = to;
  byId("source").lang = languageTag(source.language);
  byId("target").lang = languageTag(target.language);
}

/**
 * @param {Manifest} manifest
 * @param {import("../src/folder/reader.js").Precision} inUse
 */
function showPrecisions(manifest, inUse) {
  byId("precision").hidden = manifest.int8 === null;
  if (manifest.int8 === null) return;
  for (const precision of /** @type {const} */ (["int8", "fp32"])) {
    byId(`size-${precision}`).textContent = megabytes(sizeOf(manifest, precision));
  }
  /** @type {HTMLInputElement} */ (byId(`precision-${inUse}`)).checked = true;
}
