/**
 * Numbers and names as the page writes them.
 */

const LANGUAGE = "en";
const BYTES_OF_MEGABYTE = 1e6;

const oneDigit = new Intl.NumberFormat(LANGUAGE, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const twoDigits = new Intl.NumberFormat(LANGUAGE, {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});

/** @param {number} bytes */
export function megabytes(bytes) {
  return `${oneDigit.format(bytes / BYTES_OF_MEGABYTE)} MB`;
}

/** @param {number} value */
export function milliseconds(value) {
  return `${oneDigit.format(value)} ms`;
}

/** @param {number} share between 0 and 1 */
export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/** @param {number} value a BLEU, for example */
export function decimal(value) {
  return oneDigit.format(value);
}

/** @param {number} value of a hypothesis */
export function score(value) {
  return twoDigits.format(value).replace("-", "−");
}

/** @param {number} value */
export function count(value) {
  return value.toLocaleString(LANGUAGE);
}

/**
 * Return the English name of a language; of something else (phones, actions) the name as it is.
 *
 * @param {string} code
 */
export function languageName(code) {
  const tag = languageTag(code);
  return (tag && new Intl.DisplayNames([LANGUAGE], { type: "language" }).of(tag)) || code;
}

/**
 * Return the shortest tag of a language, for `lang` attributes; `""` if it is none.
 *
 * @param {string} code of two or three letters, such as `fra`
 */
export function languageTag(code) {
  try {
    return Intl.getCanonicalLocales(code)[0] ?? "";
  } catch {
    return "";
  }
}
