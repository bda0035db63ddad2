/** Settings and errors of the commands that use the data directory and the database directly. */
import { type Config, readConfig } from '../settings/config.ts';
import type { CommandIo } from './command-io.ts';
import { BadUsage, CommandFailed } from './outcome.ts';

/** Returns the settings of a command line, which are those of the gateway. Throws BadUsage. */
export function configOf(io: CommandIo, settings: readonly string[]): Config {
  try {
    return readConfig(io.env, settings);
  } catch (error) {
    throw new BadUsage((error as Error).message);
  }
}

/** Turns an error that an operator can fix into one line. Any other error stays as it is and shows its stack. */
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
  'MigrationBlocked',
  'WrongMasterKey',
  'StoreUnavailable',
  'UnusableServer',
  'NotCopied',
  'NotRotated',
  'BadArchive',
  'NotCsv',
]);
