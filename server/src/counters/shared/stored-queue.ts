/** Rows that are in the ledger and not yet reported to the counters. */
import type { HeldRecords, StoredUse } from '../redis/redis-held.ts';

export interface StoredQueue {
  add(organizationId: string, use: StoredUse): void;
  /** Reports all waiting rows, organization by organization. Rows that could not be reported stay. */
  tell(): Promise<void>;
  clear(): void;
  size(): number;
  /** Returns true if the queue was full and dropped rows since it was last cleared. They will not be reported. */
  hasLost(): boolean;
}

const USES_MAX = 200_000;

/** Creates an empty queue. `stored`: reports rows of one organization that are in the ledger. */
export function createStoredQueue(stored: HeldRecords['stored'], usesMax: number = USES_MAX): StoredQueue {
  let waiting = new Map<string, StoredUse[]>();
  let size = 0;
  let hasLost = false;
  let telling: Promise<void> | null = null;
  const put = (organizationId: string, uses: readonly StoredUse[]) => {
    if (size + uses.length > usesMax) {
      hasLost = true;
      return;
    }
    const known = waiting.get(organizationId);
    if (known === undefined) waiting.set(organizationId, [...uses]);
    else known.push(...uses);
    size += uses.length;
  };
  return {
    add: (organizationId, use) => put(organizationId, [use]),
    tell() {
      telling ??= tellAll().finally(() => {
        telling = null;
      });
      return telling;
    },
    clear() {
      waiting = new Map();
      size = 0;
      hasLost = false;
    },
    size: () => size,
    hasLost: () => hasLost,
  };

  async function tellAll(): Promise<void> {
    const all = waiting;
    waiting = new Map();
    size = 0;
    const failures: unknown[] = [];
    await Promise.all(
      [...all].map(([organizationId, uses]) =>
        stored(organizationId, uses).catch((error: unknown) => {
          failures.push(error);
          put(organizationId, uses);
        }),
      ),
    );
    if (failures.length > 0) throw failures[0];
  }
}
