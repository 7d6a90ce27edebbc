/**
 * Files: the bytes of an exported folder by name, from an address or from memory.
 */

import {
  ArtefactError,
  ArtefactNotFoundError,
  IntegrityError,
  OptionError,
  quoted,
} from "../errors.js";
import { kindOf } from "./file_kind.js";

/**
 * The files of a folder, by name.
 *
 * @typedef {Map<string, Uint8Array> | Record<string, Uint8Array>} FilesByName
 */

/**
 * Called with the number of bytes that have arrived since the call before.
 *
 * @typedef {(bytes: number) => void} OnBytes
 */

/**
 * A way to the bytes of a folder's files.
 *
 * @typedef {object} Files
 * @property {string} place of the folder in messages, with a separator at its end
 * @property {boolean} mayChange whether another read may give other bytes
 * @property {(name: string, limit: number, onBytes?: OnBytes) => Promise<Uint8Array>} read a file of
 *   at most `limit` bytes
 */

/**
 * Return the way to the files of a folder.
 *
 * @param {string | URL | FilesByName} folder its address, or its files by name
 * @returns {Files}
 */
export function filesOf(folder) {
  if (typeof folder === "string" || folder instanceof URL) return filesAt(String(folder));
  if (typeof folder !== "object" || folder === null) {
    throw new OptionError(
      `expected the address of a folder or its files by name, found ${quoted(folder)}`,
    );
  }
  return filesInMemory(folder instanceof Map ? folder : new Map(Object.entries(folder)));
}

/**
 * @param {Map<string, Uint8Array>} files
 * @returns {Files}
 */
function filesInMemory(files) {
  return {
    place: "",
    mayChange: false,
    read: async (name, limit, onBytes) => {
      const content = files.get(name);
      if (content === undefined) throw notThere(name);
      if (!(content instanceof Uint8Array)) {
        throw new OptionError(`${name}: expected a Uint8Array, found ${quoted(content)}`);
      }
      if (content.length > limit) throw tooLong(name, limit, content.length, content);
      onBytes?.(content.length);
      return content;
    },
  };
}

/**
 * @param {string} address of the folder, with or without a slash at its end
 * @returns {Files}
 */
function filesAt(address) {
  const place = address.endsWith("/") ? address : `${address}/`;
  return {
    place,
    mayChange: true,
    read: (name, limit, onBytes) => fetched(place + name, limit, onBytes),
  };
}

/**
 * @param {string} address
 * @param {number} limit
 * @param {OnBytes} [onBytes]
 */
async function fetched(address, limit, onBytes) {
  try {
    // A cached graph beside a new manifest would be a mix: the cache is asked whether it is fresh.
    const response = await fetch(address, { cache: "no-cache" });
    if (response.status === 404 || response.status === 410) throw notThere(address);
    if (!response.ok || response.body === null) {
      throw new ArtefactError(
        `${address}: cannot be read: the server answered ${response.status} ${response.statusText}`,
      );
    }
    return await collected(response.body, address, limit, onBytes);
  } catch (error) {
    if (error instanceof ArtefactError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ArtefactError(
      `${address}: cannot be read: ${reason}; is it the folder's address, and may this page ` +
        "fetch it?",
      { cause: error },
    );
  }
}

/**
 * Collect a stream of at most `limit` bytes; of a longer one no more is read than that.
 *
 * @param {ReadableStream<Uint8Array>} stream
 * @param {string} address
 * @param {number} limit
 * @param {OnBytes} [onBytes]
 */
async function collected(stream, address, limit, onBytes) {
  const reader = stream.getReader();
  const parts = [];
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    length += next.value.length;
    if (length > limit) {
      await reader.cancel();
      throw tooLong(address, limit, length, parts[0]);
    }
    onBytes?.(next.value.length);
  }
  const content = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    content.set(part, at);
    at += part.length;
  }
  return content;
}

/** @param {string} where */
function notThere(where) {
  return new ArtefactNotFoundError(`${where}: missing; copy the whole folder again`);
}

/**
 * @param {string} where
 * @param {number} limit
 * @param {number} found
 * @param {Uint8Array} beginning
 */
function tooLong(where, limit, found, beginning) {
  const kind = kindOf(beginning);
  const remedy = kind === null ? "; copy the folder again" : `: it is ${kind}`;
  return new IntegrityError(
    `${where}: expected at most ${limit} bytes, found ${found} or more${remedy}`,
  );
}
