/**
 * Lets one process at a time change the logins. SQLite takes the lock from the system, on every platform, and the system releases it when a
 * process is killed. A file that a process would have to delete could stay behind. The lock's file is empty.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailed } from '../outcome.ts';

const WAIT_MS_MAX = 60_000;

/** Runs `work` while no other process runs one in this folder. Waits for at most a minute, then throws CommandFailed. */
export async function whileLocked<T>(directory: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // Loaded here: most commands do without.
  const { DatabaseSync } = await import('node:sqlite');
  const file = join(directory, 'login.lock');
  const lock = new DatabaseSync(file, { timeout: WAIT_MS_MAX });
  try {
    try {
      lock.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      throw new CommandFailed(
        `${file} cannot be locked (${(error as Error).message}). Another headgate command may hold it. Wait for it to end, and try again.`,
      );
    }
    return await work();
  } finally {
    // Closing rolls back: nothing is ever written.
    lock.close();
  }
}
