/** Explains a failed start to the person who started it. */
import { BadSeedFlag } from '../cli/seed.ts';
import { UnusableRedis } from '../counters/shared/redis-link.ts';
import { JournalUnusable } from '../ledger/journal.ts';
import { DirectoryInUse } from '../lib/directory-lock.ts';
import { BadPresets } from '../providers/shipped-presets.ts';
import { BadSetting } from '../settings/bad-setting.ts';
import { UnusableDataDirectory } from '../settings/data-directory.ts';
import { UnusableServer } from '../store/connection.ts';
import { StoreUnavailable } from '../store/errors.ts';
import { UnusableDatabase } from '../store/installation/embedded.ts';
import { WrongMasterKey } from '../store/installation/installation.ts';
import { CountsElsewhere, LeaseHeld } from '../store/installation/lease.ts';
import { MigrationBlocked, NewerSchema } from '../store/installation/migrate.ts';
import { AlreadySeeded } from '../store/installation/seed.ts';

const OPERATORS = [
  AlreadySeeded,
  BadSeedFlag,
  BadSetting,
  BadPresets,
  UnusableDataDirectory,
  UnusableDatabase,
  DirectoryInUse,
  JournalUnusable,
  CountsElsewhere,
  LeaseHeld,
  NewerSchema,
  MigrationBlocked,
  WrongMasterKey,
  StoreUnavailable,
  UnusableRedis,
  UnusableServer,
];

/** Returns one line for an error that an operator can fix, and the stack for any other, which is a defect. */
export function startFailure(error: unknown): string {
  const isOperators = OPERATORS.some((kind) => error instanceof kind);
  return isOperators ? (error as Error).message : ((error as Error).stack ?? String(error));
}
