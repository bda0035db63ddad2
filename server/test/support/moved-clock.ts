/** A wall clock that processes see through libfaketime, and that can be moved while they run. Their monotonic clock is the machine's. */
import { globSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a process may go on with the time it had. */
const READ_EVERY_SECONDS = 1;

export interface MovedClock {
  /** Variables for a process that is to see this clock. */
  readonly env: Readonly<Record<string, string>>;
  /** Moves it so many minutes behind the machine's clock. Resolves when every process sees it. */
  behind(minutes: number): Promise<void>;
}

/** Makes one whose file is in the directory. Null where libfaketime is missing. */
export function moveClock(directory: string, minutes: number): MovedClock | null {
  const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
  if (library === undefined) return null;
  const file = path.join(directory, 'clock');
  const write = (behind: number) => {
    writeFileSync(`${file}.new`, `-${behind}m\n`, { mode: 0o644 });
    renameSync(`${file}.new`, file);
  };
  write(minutes);
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: String(READ_EVERY_SECONDS),
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      // With its shared memory, PostgreSQL waits for itself at its start.
      FAKETIME_DISABLE_SHM: '1',
    },
    behind: async (behind) => {
      write(behind);
      await sleep(2 * READ_EVERY_SECONDS * 1_000);
    },
  };
}
