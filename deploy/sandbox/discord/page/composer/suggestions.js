/** Suggestions for an option: its fixed choices, or the bot's autocomplete. */

import { debounce } from "../dom.js";
import { BOOLEANS, OptionType } from "./command.js";

const DEBOUNCE_MS = 150;

/** Returns the choices that are known without asking the bot, or null. */
export function fixedChoices({ option, known }) {
  if (option.choices?.length) return option.choices;
  if (option.type === OptionType.BOOLEAN) return BOOLEANS;
  return known.length ? known : null;
}

/** Returns the choices that contain the text, or all of them if the text already is one. */
export function filterChoices(choices, typed) {
  const wanted = typed.trim().toLowerCase();
  if (choices.some(({ name }) => name.toLowerCase() === wanted)) return choices;
  return choices.filter(({ name }) => name.toLowerCase().includes(wanted));
}

/** Asks the bot for choices once typing pauses, and uses only the answer to the latest request. */
export class Autocomplete {
  /** @param {function(Object): Promise<{choices: Object[]}>} ask */
  constructor(ask) {
    this.latest = 0;
    this.askLater = debounce((query, done) => this.askNow(ask, query, done), DEBOUNCE_MS);
  }

  /** @param {function(Object[]|null)} done gets null if the bot did not answer */
  request(query, done) {
    this.latest += 1;
    this.askLater({ ...query, number: this.latest }, done);
  }

  /** Ignores the answer to the request under way. */
  cancel() {
    this.latest += 1;
  }

  async askNow(ask, { number, ...query }, done) {
    const current = () => number === this.latest;
    if (!current()) return;
    try {
      const { choices } = await ask(query);
      if (current()) done(choices);
    } catch {
      if (current()) done(null);
    }
  }
}
