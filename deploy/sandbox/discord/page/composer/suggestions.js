/** What may be picked for an option: its choices, or what the bot answers while one types. */

import { debounce } from "../dom.js";
import { BOOLEANS, OptionType } from "./command.js";

const DEBOUNCE_MS = 150;

/** Choices of an option that need no question to the bot, or null. */
export function fixedChoices({ option, known }) {
  if (option.choices?.length) return option.choices;
  if (option.type === OptionType.BOOLEAN) return BOOLEANS;
  return known.length ? known : null;
}

/** Choices that fit what was typed; all of them where the text is one of them already. */
export function narrowed(choices, typed) {
  const wanted = typed.trim().toLowerCase();
  if (choices.some(({ name }) => name.toLowerCase() === wanted)) return choices;
  return choices.filter(({ name }) => name.toLowerCase().includes(wanted));
}

/** Asks the bot, not for every key, and keeps only the answer to the last question. */
export class Autocomplete {
  /** @param {function(Object): Promise<{choices: Object[]}>} ask */
  constructor(ask) {
    this.asked = 0;
    this.later = debounce((question, done) => this.now(ask, question, done), DEBOUNCE_MS);
  }

  /** @param {function(Object[]|null)} done is given null where the bot did not answer */
  request(question, done) {
    this.asked += 1;
    this.later({ ...question, number: this.asked }, done);
  }

  /** Forgets the question under way. */
  cancel() {
    this.asked += 1;
  }

  async now(ask, { number, ...question }, done) {
    const current = () => number === this.asked;
    if (!current()) return;
    try {
      const { choices } = await ask(question);
      if (current()) done(choices);
    } catch {
      if (current()) done(null);
    }
  }
}
