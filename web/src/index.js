/**
 * s2s-export-web: reads an exported folder of s2s-export in browsers and in Node.
 */

export * from "./errors.js";
export { Translator } from "./translator.js";
