/** What the commands share that work on the data directory and the database themselves. */
import { type Config, readConfig } from '../settings/config.ts';
import type { CommandIo } from './command-io.ts';
import { BadUsage, CommandFailed } from './outcome.ts';

/** The settings of a command line, which are the gateway's. Throws BadUsage. */
export function configOf(io: CommandIo, settings: readonly string[]): Config {
  try {
    return readConfig(io.env, settings);
  } catch (error) {
    throw new BadUsage((error as Error).message);
  }
}

/** What an operator can mend is one line. Errors of our own kinds carry that line; anything else shows where it came from. */
export function asFailure(error: unknown): unknown {
  if (error instanceof BadUsage || error instanceof CommandFailed || !(error instanceof Error)) return error;
  return MENDABLE.has(error.constructor.name) ? new CommandFailed(error.message) : error;
}

const MENDABLE: ReadonlySet<string> = new Set([
  'BadSetting',
  'UnusableDataDirectory',
  'UnusableDatabase',
  'DirectoryInUse',
  'NewerSchema',
  'WrongMasterKey',
  'StoreUnavailable',
  'NotCopied',
  'NotRotated',
]);
