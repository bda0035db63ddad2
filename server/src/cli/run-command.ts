import { openApi } from './api.ts';
import type { Command, Given } from './command.ts';
import type { CommandIo } from './command-io.ts';
import { COMMANDS, COMMON_FLAGS, recoveryCommandOf, SERVER_COMMANDS } from './commands.ts';
import { completionScript, SHELLS } from './completion.ts';
import { commandHelp, groupHelp, help } from './help.ts';
import { BadUsage, CommandFailed, EXIT } from './outcome.ts';
import { parseArguments } from './parse-arguments.ts';

/** Runs one command that does not start a gateway. Never rejects. Resolves with the exit code. */
export async function runCommand(argv: readonly string[], io: CommandIo = ofThisProcess): Promise<number> {
  try {
    await run(argv, io);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof BadUsage) {
      io.err(`headgate: ${error.message}\nSee: headgate help\n`);
      return EXIT.usage;
    }
    if (error instanceof CommandFailed) {
      io.err(`headgate: ${error.message}\n`);
      return error.exitCode;
    }
    io.err(`headgate: ${(error as Error).stack ?? String(error)}\n`);
    return EXIT.failed;
  }
}

/** Commands that load the server's code and use the database directly. */
const ON_DATABASE: Readonly<Record<string, () => Promise<(argv: readonly string[], io: CommandIo) => Promise<void>>>> = {
  move: async () => (await import('./move.ts')).move,
  'rotate-master-key': async () => (await import('./rotate-master-key.ts')).rotateMasterKey,
  'replace-lost-master-key': async () => (await import('./replace-lost-master-key.ts')).replaceLostMasterKey,
};

const ofThisProcess: CommandIo = {
  env: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

async function run(argv: readonly string[], io: CommandIo): Promise<void> {
  const [first = 'help', ...rest] = argv;
  if (['help', '--help', '-h'].includes(first)) return io.out(rest.length === 0 ? help() : helpOf(rest));
  if (first === 'completion') return io.out(completionOf(rest));
  const recovery = recoveryCommandOf(argv);
  if (recovery !== null && !rest.includes('--help')) {
    const { recover } = await import('./recovery.ts'); // Commands over HTTP do not load the server's code.
    return recover(recovery, argv.slice(recovery.split(' ').length), io);
  }
  const onDatabase = rest.includes('--help') ? undefined : ON_DATABASE[first];
  if (onDatabase !== undefined) return (await onDatabase())(rest, io);
  const command = commandOf(argv);
  if (argv.includes('--help') || argv.includes('-h')) return io.out(command === null ? helpOf(argv) : commandHelp(command));
  if (command === null) throw unknown(argv);
  const given = parseArguments(command, COMMON_FLAGS, argv.slice(command.words.length));
  await command.run(given, sessionOf(given, command, io));
}

function sessionOf(given: Given, command: Command, io: CommandIo) {
  for (const operand of command.operands) given.operand(operand);
  return {
    // Opened on first use, so that errors on the command line are reported before a missing token.
    get api() {
      return openApi({ url: given.flag('url'), tokenFile: given.flag('token-file'), env: io.env });
    },
    isJson: given.has('json'),
    print: (text: string) => io.out(`${text}\n`),
    note: (text: string) => io.err(`${text}\n`),
  };
}

function commandOf(argv: readonly string[]): Command | null {
  return COMMANDS.find(({ words }) => words.every((word, at) => argv[at] === word)) ?? null;
}

/** Returns the help for one command, or for all that begin with a word. */
function helpOf(words: readonly string[]): string {
  const command = commandOf(words);
  if (command !== null) return commandHelp(command);
  if (SERVER_COMMANDS.some((one) => one.words[0] === words[0])) return help();
  const group = COMMANDS.filter((one) => one.words[0] === words[0]);
  if (group.length === 0) throw unknown(words);
  return groupHelp(group);
}

function unknown(argv: readonly string[]): BadUsage {
  const group = [...COMMANDS, ...SERVER_COMMANDS]
    .filter(({ words }) => words[0] === argv[0] && words.length > 1)
    .map(({ words }) => words.slice(1).join(' '));
  if (group.length === 0) return new BadUsage(`${argv[0]}: there is no such command.`);
  return new BadUsage(`${argv.slice(0, 2).join(' ')}: say which of ${group.join(', ')}.`);
}

function completionOf([shell = '', ...rest]: readonly string[]): string {
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined || rest.length > 0) throw new BadUsage(`completion wants one of ${SHELLS.join(', ')}.`);
  return completionScript(known);
}
