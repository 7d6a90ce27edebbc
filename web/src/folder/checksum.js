/**
 * Checksums, by the browser's own cryptography.
 */

import { ProviderError } from "../errors.js";

/**
 * Return the sha256 of bytes, in hexadecimal.
 *
 * @param {Uint8Array} content
 * @returns {Promise<string>}
 */
export async function sha256(content) {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) {
    throw new ProviderError(
      "the checksums need crypto.subtle, which browsers have in secure contexts alone: serve the " +
        "page by https, or from localhost",
    );
  }
  const digest = await subtle.digest("SHA-256", /** @type {Uint8Array<ArrayBuffer>} */ (content));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
