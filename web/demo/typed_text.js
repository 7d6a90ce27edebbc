/**
 * Typed text: when the text of a field is to be translated.
 *
 * While somebody types, after a short rest: a sentence takes some milliseconds here and no server
 * is asked, so there is nothing to save up for a button. Enter does not wait.
 */

/** Rest after a key, in milliseconds: longer than between two keys of quick typing. */
const REST = 200;

/**
 * Watch a text field.
 *
 * @param {HTMLTextAreaElement} field
 * @param {object} handlers
 * @param {() => void} handlers.onChange the text has changed: results of the old one are outdated
 * @param {(options: { atOnce: boolean }) => void} handlers.onText the text is to be translated;
 *   `atOnce` after Enter
 */
export function watchText(field, { onChange, onText }) {
  let timer = 0;
  field.addEventListener("input", () => {
    window.clearTimeout(timer);
    onChange();
    timer = window.setTimeout(() => onText({ atOnce: false }), REST);
  });
  field.addEventListener("keydown", (event) => {
    // Enter that ends the composition of a character belongs to the input method.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    window.clearTimeout(timer);
    onText({ atOnce: true });
  });
}
