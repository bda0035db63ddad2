import { parseArgs } from 'node:util';
import type { Command, Flag, Given } from './command.ts';
import { BadUsage } from './outcome.ts';

/** Reads the arguments after a command's words. Throws BadUsage with a message of one line. */
export function parseArguments(command: Command, common: readonly Flag[], argv: readonly string[]): Given {
  const { values, positionals } = parsed([...command.flags, ...common], argv);
  if (positionals.length > command.operands.length)
    throw new BadUsage(`${positionals[command.operands.length]}: not expected here.`);
  const flag = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
  return {
    operand: (name) => {
      const value = positionals[command.operands.indexOf(name)];
      if (value === undefined || value === '') throw new BadUsage(`<${name}> is missing.`);
      return value;
    },
    flag,
    required: (name) => {
      const value = flag(name);
      if (value === undefined || value === '') throw new BadUsage(`--${name} is needed.`);
      return value;
    },
    whole: (name) => wholeOf(name, flag(name)),
    list: (name) =>
      flag(name)
        ?.split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    has: (name) => values[name] !== undefined,
  };
}

function parsed(flags: readonly Flag[], argv: readonly string[]) {
  const options = Object.fromEntries(
    flags.map(({ name, value }) => [name, { type: value === null ? 'boolean' : 'string' } as const]),
  );
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new BadUsage((error as Error).message.split(/\. |\n/, 1)[0] ?? 'the arguments cannot be read');
  }
}

function wholeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new BadUsage(`--${name} wants a whole number, not ${JSON.stringify(text)}.`);
  return Number(text);
}
