/**
 * Greedy decoding: a chooser that takes the most probable token of each row. It is the default.
 */

/** @typedef {import("./hypotheses.js").Continuation} Continuation */
/** @typedef {import("./tensors.js").FloatTensor} FloatTensor */

/**
 * Choose the most probable token of each row, of equal ones the first; a chooser.
 *
 * @param {FloatTensor} logProbs `[R, V]`
 * @returns {Continuation[]}
 */
export function mostProbable({ data, shape: [rows, size] }) {
  return Array.from({ length: rows }, (_, parent) => {
    const start = parent * size;
    let best = start;
    for (let at = start + 1; at < start + size; at += 1) if (data[at] > data[best]) best = at;
    return { parent, token: best - start, logProb: data[best] };
  });
}
