/**
 * The time to the first translation in a fresh process of Node, from the import on, in
 * milliseconds: `node web/benchmark/first.js FOLDER PRECISION TEXT`.
 */

const started = performance.now();
const [{ translateFirst }, { readFiles }] = await Promise.all([
  import("./timing.js"),
  import("../src/node.js"),
]);
const [folder, precision, text] = process.argv.slice(2);
await translateFirst(await readFiles(folder), /** @type {"fp32" | "int8"} */ (precision), text);
console.log(performance.now() - started);
