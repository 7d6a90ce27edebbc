/**
 * The page: text field, model and results put together.
 */

import { Announcer } from "./announcer.js";
import { byId } from "./elements.js";
import { describeModel } from "./model_view.js";
import { Models } from "./models.js";
import { Newest } from "./newest.js";
import { keepForOffline } from "./offline.js";
import { Results } from "./results.js";
import { State } from "./state.js";
import { translationParts } from "./translation_parts.js";
import { watchText } from "./typed_text.js";

/** @typedef {import("../src/folder/reader.js").Precision} Precision */
/** @typedef {import("./translation_parts.js").Part} Part */

/** The parts of the page, and what passes between them. */
export class App {
  #field = /** @type {HTMLTextAreaElement} */ (byId("source"));
  #announcer = new Announcer(byId("announcement"));
  #results = new Results();
  #newest = new Newest();
  #models;
  #state;
  /** The model in use. @type {import("./models.js").Loaded | null} */
  #loaded = null;
  /** The precision asked for last; `null` for the smallest that there is. @type {Precision | null} */
  #wanted = null;

  /** @param {string} folder address of the exported folder */
  constructor(folder) {
    this.#models = new Models(folder);
    this.#state = new State(() => this.#load());
  }

  /** Listen to people, and load the model. */
  start() {
    watchText(this.#field, {
      onChange: () => {
        this.#newest.cancel();
        this.#announcer.cancel();
        this.#results.outdate();
      },
      onText: (options) => this.#translate(options),
    });
    for (const example of byId("examples").querySelectorAll("button")) {
      example.addEventListener("click", () => {
        this.#field.value = example.textContent ?? "";
        this.#translate({ atOnce: true });
      });
    }
    byId("precision").addEventListener("change", (event) => {
      const { value } = /** @type {HTMLInputElement} */ (event.target);
      this.#wanted = /** @type {Precision} */ (value);
      this.#load();
    });
    return this.#load();
  }

  /**
   * Translate the text of the field.
   *
   * @param {{ atOnce: boolean }} options whether the result is announced without waiting for a rest
   */
  async #translate({ atOnce }) {
    if (this.#loaded === null) return; // as soon as there is one, it reads the field
    const { translator } = this.#loaded;
    const text = this.#field.value;
    if (text.trim() === "") {
      this.#newest.cancel();
      this.#results.clear();
      return;
    }
    await this.#newest.run(translationParts(translator, text), {
      show: (part) => {
        const told = this.#results.show(part, translator);
        if (told !== null) this.#announcer.tell(told, { atOnce });
      },
      fail: (error) => {
        this.#results.fail(messageOf(error));
        this.#announcer.tell(messageOf(error), { atOnce });
      },
      pause,
    });
  }

  /** Load the precision that is wanted; the one before stays in use until it is there. */
  async #load() {
    const wanted = this.#wanted;
    const isOutdated = () => wanted !== this.#wanted;
    try {
      const loaded = await this.#models.load(wanted, (progress) => {
        if (!isOutdated()) this.#state.downloading(progress);
      });
      if (isOutdated()) return;
      this.#loaded = loaded;
    } catch (error) {
      if (isOutdated()) return;
      this.#state.failed(messageOf(error));
      this.#announcer.tell(messageOf(error), { atOnce: true });
      return;
    } finally {
      // After a failure too: the precision that is marked is the one in use.
      if (this.#loaded !== null) describeModel(this.#loaded, this.#models.folder);
    }
    this.#state.ready();
    this.#announcer.tell("The model is ready", { atOnce: true });
    await this.#translate({ atOnce: false });
    this.#state.kept(await keepForOffline());
  }
}

/** Let the browser handle input and paint. */
function pause() {
  return new Promise((/** @type {(value?: undefined) => void} */ done) => setTimeout(done));
}

/**
 * Return an error's message as a sentence of the page. What begins with an address or the name of a
 * file stays as it is.
 *
 * @param {unknown} error
 */
function messageOf(error) {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^[a-z]+ /, (word) => word[0].toUpperCase() + word.slice(1));
}
