import type { Command as CommandParser } from 'commander';
import type { Given } from './command.ts';
import { BadUsage } from './outcome.ts';

/** Returns the operands and flags that were given to a command, after they were read. */
export function givenTo(parser: CommandParser): Given {
  const values = new Map(
    parser.options.map((option) => {
      const value = parser.getOptionValue(option.attributeName()) as unknown;
      // The library keeps `--no-browser` as a `browser` that is true unless it was given.
      return [option.name(), option.negate ? (value === false ? true : undefined) : value] as const;
    }),
  );
  const flag = (name: string) => values.get(name) as string | undefined;
  return {
    operand: (name) => parser.processedArgs[parser.registeredArguments.findIndex((one) => one.name() === name)] as string,
    rest: () => parser.processedArgs.find((one): one is string[] => Array.isArray(one)) ?? [],
    flag,
    required: (name) => {
      const value = flag(name);
      if (value === undefined || value === '') throw new BadUsage(`--${name} is needed.`);
      return value;
    },
    whole: (name) => {
      const text = flag(name);
      if (text === undefined) return undefined;
      if (!/^\d{1,15}$/.test(text)) throw new BadUsage(`--${name} wants a whole number, not ${JSON.stringify(text)}.`);
      return Number(text);
    },
    list: (name) =>
      flag(name)
        ?.split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    has: (name) => values.get(name) !== undefined,
  };
}
