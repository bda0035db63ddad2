import { SETTINGS } from '../settings/settings.ts';
import type { Command, Flag } from './command.ts';
import { COMMANDS, COMMON_FLAGS, SERVER_COMMANDS } from './commands.ts';

/** Returns the list of commands, the exit codes, and every setting with its default. */
export function help(): string {
  return [
    'headgate [serve] [settings]                             the gateway and its admin API',
    'headgate seed [--organizations n] [--keys n] [--requests n] [--days n] [settings]   load-size data',
    ...lines(SERVER_COMMANDS.slice(2).map((command) => [`headgate ${usageOf(command)} [settings]`, command.summary])),
    '',
    'Over HTTP, to a gateway that runs (HEADGATE_URL, HEADGATE_ADMIN_TOKEN):',
    '',
    ...lines(COMMANDS.map((command) => [`headgate ${usageOf(command)}`, command.summary])),
    ...lines([['headgate completion bash|zsh|fish', 'a script for the shell to load']]),
    '',
    '`headgate <command> --help` lists its flags. Every one takes:',
    '',
    ...flagLines(COMMON_FLAGS),
    '',
    'Exit codes: 0 done, 1 failed, 2 the command line is wrong, 3 not allowed or not found, 4 the gateway is out of reach.',
    '',
    'Settings are environment variables, or flags of the same name: HEADGATE_PORT=4100 is --port 4100.',
    '',
    ...lines(
      SETTINGS.map(({ name, default: standard, about }) => [name, `${about}${standard === '' ? '' : ` [${standard}]`}`] as const),
    ),
    '',
  ].join('\n');
}

export function commandHelp(command: Command): string {
  const flags = flagLines([...command.flags, ...COMMON_FLAGS]);
  const notes = command.notes === undefined ? [] : ['', ...command.notes.map((line) => `  ${line}`)];
  return [`headgate ${usageOf(command)} [flags]`, '', `  ${command.summary}`, '', ...flags, ...notes, ''].join('\n');
}

/** Returns the help for commands that share their first word. */
export function groupHelp(commands: readonly Command[]): string {
  return [...lines(commands.map((command) => [`headgate ${usageOf(command)}`, command.summary])), ''].join('\n');
}

function usageOf({ words, operands }: { readonly words: readonly string[]; readonly operands: readonly string[] }): string {
  return [...words, ...operands.map((operand) => `<${operand}>`)].join(' ');
}

function flagLines(flags: readonly Flag[]): readonly string[] {
  return lines(flags.map(({ name, value, about }) => [`--${name}${value === null ? '' : ` <${value}>`}`, about]));
}

function lines(pairs: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...pairs.map(([left]) => left.length)) + 2;
  return pairs.map(([left, right]) => `  ${left.padEnd(width)}${right}`);
}
