import { CommanderError } from 'commander';
import type { CommandIo } from './command-io.ts';
import { BadUsage, CommandFailed, EXIT, ProgramEnded } from './outcome.ts';
import { programOf } from './program.ts';

/** Runs one command that does not start a gateway. Never rejects. Resolves with the exit code. */
export async function runCommand(argv: readonly string[], io: CommandIo = ofThisProcess): Promise<number> {
  const [first = 'help', ...rest] = argv;
  // The library's own `help` takes one word, and `keys create` are two.
  const words = ['help', '--help', '-h'].includes(first) ? [...rest, '--help'] : [...argv];
  try {
    await programOf(io).parseAsync(words, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof ProgramEnded) return error.exitCode;
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

const ofThisProcess: CommandIo = {
  env: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};
