/**
 * Writes the rows of copies in batches, beside the journal: they are the platform's own figures, and no organization's money depends
 * on them. A row that waits here when the process crashes is lost; one that was written is stored once.
 */
import type { Database } from '../database.ts';
import { insertMany, type NewMirrorCopy } from './mirror-copies.ts';

const EVERY_MS = 1_000;
const ROWS_AT_ONCE = 500;
/** The most rows that wait for a database that does not answer. Further ones are lost. */
const WAITING_MAX = 10_000;

export interface CopyWriter {
  add(row: NewMirrorCopy): void;
  /** Stores what waits, and stops. Rejects if the database does not take it. */
  close(): Promise<void>;
}

interface Options {
  readonly after: (ms: number, callback: () => void) => () => void;
  /** Called with the number of rows that were lost. */
  readonly onLost: (count: number) => void;
}

export function createCopyWriter(db: Database, { after, onLost }: Options): CopyWriter {
  const waiting: NewMirrorCopy[] = [];
  let writing: Promise<void> | null = null;
  let cancel: (() => void) | null = null;

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, ROWS_AT_ONCE);
      await insertMany(db, batch);
      waiting.splice(0, batch.length);
    }
  }

  function due(): void {
    cancel ??= after(EVERY_MS, () => {
      cancel = null;
      writing = flush()
        // The next try writes the same rows.
        .catch(() => due())
        .finally(() => {
          writing = null;
        });
    });
  }

  return {
    add(row) {
      if (waiting.length >= WAITING_MAX) {
        onLost(1);
        return;
      }
      waiting.push(row);
      if (writing === null) due();
      else void writing.finally(() => (waiting.length > 0 ? due() : undefined));
    },
    async close() {
      cancel?.();
      await writing;
      await flush();
    },
  };
}
