/**
 * Tensors: the few operations on arrays of several axes that decoding needs. The batch is on axis 1
 * of every state tensor.
 */

/**
 * Numbers with a shape, the last axis running fastest.
 *
 * @typedef {object} FloatTensor
 * @property {Float32Array} data
 * @property {readonly number[]} shape
 */

/** State tensors by name. @typedef {Record<string, FloatTensor>} State */

/**
 * Return zeros of a shape.
 *
 * @param {readonly number[]} shape
 * @returns {FloatTensor}
 */
export function zeros(shape) {
  return { data: new Float32Array(product(shape)), shape };
}

/**
 * Return some rows of a tensor, in the given order; a row may come several times.
 *
 * @param {FloatTensor} tensor `[n, B, …]`
 * @param {readonly number[]} rows R of them
 * @returns {FloatTensor} `[n, R, …]`
 */
export function takeRows({ data, shape: [first, count, ...rest] }, rows) {
  const size = product(rest);
  const taken = zeros([first, rows.length, ...rest]);
  for (let block = 0; block < first; block += 1) {
    for (const [to, row] of rows.entries()) {
      const from = (block * count + row) * size;
      taken.data.set(data.subarray(from, from + size), (block * rows.length + to) * size);
    }
  }
  return taken;
}

/**
 * Put a tensor into some rows of another, from a position of axis 0 on.
 *
 * @param {FloatTensor} whole `[n, B, …]`, changed
 * @param {FloatTensor} part `[m, R, …]`
 * @param {readonly number[]} rows R of the B
 * @param {number} [start] of the m positions among the n
 */
export function putRows(whole, part, rows, start = 0) {
  const [length, , ...rest] = part.shape;
  const size = product(rest);
  for (let block = 0; block < length; block += 1) {
    for (const [from, row] of rows.entries()) {
      const at = (block * rows.length + from) * size;
      const to = ((start + block) * whole.shape[1] + row) * size;
      whole.data.set(part.data.subarray(at, at + size), to);
    }
  }
}

/**
 * Return the numbers of one row.
 *
 * @param {FloatTensor} tensor `[n, B, …]`
 * @param {number} row
 * @returns {Float32Array}
 */
export function rowOf(tensor, row) {
  return takeRows(tensor, [row]).data;
}

/**
 * Apply a function to each tensor of a state.
 *
 * @param {State} state
 * @param {(tensor: FloatTensor) => FloatTensor} change
 * @returns {State}
 */
export function mapState(state, change) {
  return Object.fromEntries(Object.entries(state).map(([name, t]) => [name, change(t)]));
}

/**
 * Tell whether all numbers are finite.
 *
 * @param {FloatTensor} tensor
 */
export function isFinite(tensor) {
  return tensor.data.every(Number.isFinite);
}

/** @param {readonly number[]} sizes */
export function product(sizes) {
  return sizes.reduce((one, other) => one * other, 1);
}
