/**
 * Words of the attention picture: tokens joined as people read them, with their weights added up.
 */

/** @typedef {import("../src/translation.js").Attention} Attention */

/**
 * A row or a column of the picture.
 *
 * @typedef {object} Word
 * @property {string} text
 * @property {number[]} tokens positions of the tokens that it is made of
 * @property {boolean} [isEnd] whether it is the end mark and not a word
 */

/**
 * Attention, word by word.
 *
 * @typedef {object} WordAttention
 * @property {Word[]} source
 * @property {Word[]} target
 * @property {number[][]} weights for each word of the target, the share of each word of the source:
 *   between 0 and 1, in sum 1
 */

const END = "end";
const HAS_LETTER_OR_NUMBER = /[\p{L}\p{N}]/u;

/**
 * Join tokens to words. Subwords of the `natural` mode go together, and punctuation behind a word
 * stands apart from it; in the other modes each token is a word.
 *
 * @param {readonly string[]} tokens
 * @param {string} mode name of the text mode
 * @returns {Word[]}
 */
export function wordsOf(tokens, mode) {
  if (mode !== "natural") {
    return tokens.map((token, at) => ({ text: token === " " ? "space" : token, tokens: [at] }));
  }
  /** @type {Word[]} */
  const words = [];
  for (const [at, token] of tokens.entries()) {
    const last = words.at(-1);
    if (last === undefined || token.startsWith(" ") || endsWord(tokens, at)) {
      words.push({ text: token.trim(), tokens: [at] });
    } else {
      last.text += token;
      last.tokens.push(at);
    }
  }
  return words;
}

/**
 * Tell whether a token begins the punctuation with which a word ends.
 *
 * @param {readonly string[]} tokens
 * @param {number} at
 */
function endsWord(tokens, at) {
  if (HAS_LETTER_OR_NUMBER.test(tokens[at - 1]) === HAS_LETTER_OR_NUMBER.test(tokens[at])) {
    return false;
  }
  let next = at;
  while (next < tokens.length && !tokens[next].startsWith(" ")) {
    if (HAS_LETTER_OR_NUMBER.test(tokens[next])) return false;
    next += 1;
  }
  return true;
}

/**
 * Sum attention up to words: the weights of a source word's tokens are added, those of a target
 * word's tokens averaged.
 *
 * @param {Attention} attention
 * @param {readonly string[]} tokens of the translation
 * @param {{ source: string, target: string }} modes names of the text modes
 * @returns {WordAttention}
 */
export function attentionOfWords(attention, tokens, modes) {
  const source = withEnd(wordsOf(attention.source.slice(0, -1), modes.source));
  const words = wordsOf(tokens, modes.target);
  const target = attention.weights.length > tokens.length ? withEnd(words) : words;
  const weights = target.map((row) =>
    source.map((column) => {
      const all = row.tokens.flatMap((t) => column.tokens.map((s) => attention.weights[t][s]));
      return all.reduce((one, other) => one + other, 0) / row.tokens.length;
    }),
  );
  return { source, target, weights };
}

/**
 * @param {Word[]} words
 * @returns {Word[]}
 */
function withEnd(words) {
  const length = words.reduce((sum, word) => sum + word.tokens.length, 0);
  return [...words, { text: END, tokens: [length], isEnd: true }];
}
