/**
 * UTF-8: bytes to text, or the place of the first byte that is none.
 */

/**
 * Decode a file's bytes. A byte order mark stays: it is a character like others.
 *
 * @template {import("../errors.js").ArtefactError} E
 * @param {Uint8Array} content
 * @param {string} name of the file in messages
 * @param {new (message: string) => E} Kind of error to throw
 * @returns {string}
 */
export function decodeUtf8(content, name, Kind) {
  const decoded = decode(content);
  if (decoded !== null) return decoded;
  throw new Kind(`${name}: not UTF-8 at byte ${firstFault(content)}; export again`);
}

/**
 * @param {Uint8Array} content
 * @param {boolean} [isBeginning] whether it may stop in the middle of a character
 */
function decode(content, isBeginning = false) {
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return decoder.decode(content, { stream: isBeginning });
  } catch {
    return null;
  }
}

/**
 * Return the position of the first byte that belongs to no character.
 *
 * @param {Uint8Array} content that is not UTF-8
 */
function firstFault(content) {
  let [good, bad] = [0, content.length + 1]; // lengths of beginnings
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decode(content.subarray(0, middle), true) === null) bad = middle;
    else good = middle;
  }
  while (good > 0 && decode(content.subarray(0, good)) === null) good -= 1;
  return good;
}
