/** Parses slash commands and the values of their options. Does not use the page. */

/** Discord's option types. https://discord.com/developers/docs/interactions/application-commands */
export const OptionType = {
  SUBCOMMAND: 1, GROUP: 2, STRING: 3, INTEGER: 4, BOOLEAN: 5, USER: 6, CHANNEL: 7, ROLE: 8, MENTIONABLE: 9,
  NUMBER: 10, ATTACHMENT: 11,
};
/** One character of a name: https://docs.discord.com/developers/interactions/application-commands (naming) */
const LETTER = String.raw`[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]`;
/** What may be the beginning of a command: a slash, and a name or more of a name, perhaps with a subcommand. */
export const BEGINNING = new RegExp(`^/((?:${LETTER}| )*)$`, "u");
const COMMAND_LINE = new RegExp(`^/${LETTER}`, "u");
const NAMED = new RegExp(String.raw`(?:^|\s)(${LETTER}+):(?:\s*"(?:[^"\\]|\\.)*"(?=\s|$))?`, "gu");
const LOOKS_NAMED = new RegExp(String.raw`\s(${LETTER}+):`, "u");
const KINDS = { 4: "a whole number", 5: "True or False", 6: "a person", 7: "a channel", 8: "a role", 10: "a number" };
export const BOOLEANS = [{ name: "True", value: true }, { name: "False", value: false }];

/**
 * A command as a person types it. Every subcommand is a command here.
 * @typedef {{name: string, description: string, options: Object[], applicationId: string}} Command
 */

/** @param {Object[]} registered commands as Discord returns them @returns {Command[]} */
export function flatten(registered) {
  return registered.filter((command) => (command.type ?? 1) === 1).flatMap((command) => leaves(command, command.name, command));
}

function leaves(node, name, { application_id: applicationId }) {
  const nested = (node.options ?? []).filter((option) => option.type <= OptionType.GROUP);
  if (nested.length) return nested.flatMap((option) => leaves(option, `${name} ${option.name}`, { application_id: applicationId }));
  return [{ name, description: node.description, options: node.options ?? [], applicationId }];
}

/** Whether a line is meant as a command. */
export function isCommand(line) {
  return COMMAND_LINE.test(line);
}

/** Returns the commands that match the text after the slash; those that start with it come first. */
export function matchingCommands(commands, typed) {
  const wanted = typed.toLowerCase();
  const starts = commands.filter((command) => command.name.startsWith(wanted));
  return [...starts, ...commands.filter((command) => !starts.includes(command) && command.name.includes(wanted))];
}

/**
 * Finds the command whose full name and a space start a line.
 * @returns {{command: Command, rest: string}|null} the longest name wins
 */
export function findCommand(line, commands) {
  const found = commands
    .filter((command) => line.startsWith(`/${command.name}`) && /^\s/.test(line.slice(command.name.length + 1)))
    .sort((a, b) => b.name.length - a.name.length)[0];
  return found ? { command: found, rest: line.slice(found.name.length + 2) } : null;
}

/**
 * Splits `words branch:main lr:0.1` at the option names. A value ends at the next name, or is quoted.
 * @param {string[]} names the option names to recognize
 * @returns {{words: string, values: Array<[string, string]>}} `words`: the text before the first name
 */
export function splitOptions(text, names) {
  const free = new Set(names);
  const marks = [];
  for (const found of text.matchAll(NAMED)) {
    const [whole, name] = found;
    if (free.delete(name)) marks.push({ name, start: found.index, from: found.index + whole.indexOf(":") + 1 });
  }
  const values = marks.map(({ name, from }, at) => {
    const next = marks[at + 1];
    return [name, unquote(next ? text.slice(from, next.start).trim() : text.slice(from).trimStart())];
  });
  return { words: marks.length ? text.slice(0, marks[0].start) : text, values };
}

function unquote(value) {
  const quoted = /^"((?:[^"\\]|\\.)*)"\s*$/.exec(value);
  return quoted ? quoted[1].replace(/\\(.)/g, "$1") : value;
}

/** Quotes a value if `splitOptions` needs that to read it back. */
export function quote(value) {
  return value.startsWith('"') || LOOKS_NAMED.test(value) ? JSON.stringify(value) : value;
}

/** Describes the values that an option takes: "a number, 0 to 1". */
export function describeKind(option) {
  const parts = [KINDS[option.type]];
  const { min_value: min, max_value: max } = option;
  if (min !== undefined && max !== undefined) parts.push(`${min} to ${max}`);
  else if (min !== undefined) parts.push(`at least ${min}`);
  else if (max !== undefined) parts.push(`at most ${max}`);
  return parts.filter(Boolean).join(", ");
}

/**
 * Converts the text of an option to its value.
 * @param {Array<{name: string, value: *}>} known people, channels or roles, if the option takes one
 * @returns {{value: *}|{error: string}}
 */
export function coerce(option, typed, known = []) {
  const text = typed.trim();
  if (!text) return { error: "This option is required." };
  if (option.choices?.length) return oneOf(option.choices, text);
  if (option.type === OptionType.BOOLEAN) return oneOf(BOOLEANS, text);
  if (option.type === OptionType.INTEGER || option.type === OptionType.NUMBER) return number(option, text);
  if (option.type === OptionType.STRING) return string(option, text);
  if (option.type === OptionType.ATTACHMENT) return { error: "Files cannot be attached to commands here." };
  return oneOf(known, text.replace(/^[@#]/, ""));
}

function oneOf(choices, text) {
  const wanted = text.toLowerCase();
  const found = choices.find(({ name }) => name.toLowerCase() === wanted)
    ?? choices.find(({ value }) => String(value).toLowerCase() === wanted);
  if (found) return { value: found.value };
  return { error: `"${text}" is not one of ${choices.map(({ name }) => name).join(", ")}.` };
}

/**
 * As in an English client, which drops commas: 0,1 is 1. https://github.com/discord/discord-api-docs/issues/6107
 */
function number(option, text) {
  const whole = option.type === OptionType.INTEGER;
  const digits = text.replaceAll(",", "");
  const value = Number(digits);
  const fits = (whole ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i).test(digits);
  if (!fits || value < (option.min_value ?? -Infinity) || value > (option.max_value ?? Infinity)) {
    const unknown = LOOKS_NAMED.exec(text);
    return { error: `"${text}" is not ${describeKind(option)}.${unknown ? ` There is no option ${unknown[1]}.` : ""}` };
  }
  return { value };
}

function string(option, text) {
  const { min_length: min = 0, max_length: max = 6000 } = option;
  if (text.length >= min && text.length <= max) return { value: text };
  return { error: `This has ${text.length} characters; it takes ${min} to ${max}.` };
}
