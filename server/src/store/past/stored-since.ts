/**
 * Tells a reader of the ledger exactly which rows its snapshot contains, while the ledger writer continues. The writer's
 * statement returns its transaction id, and a PostgreSQL snapshot lists the transactions that it sees. So rows need no marker,
 * and no one has to wait.
 */

import type { RowBatch } from '../../domain/usage/settled-rows.ts';
import { type CountedUse, countedUses } from '../../domain/usage/settled-uses.ts';

/** It is unknown whether the snapshot contains a batch, because its connection was lost or the database failed over. Retry. */
export class UnknownSnapshot extends Error {}

/** A reader that follows what is stored after a place in the journal. */
export interface Follower {
  /** Resolves when everything settled before the follower was made is stored. Rejects with StoreUnavailable. */
  readonly reached: Promise<void>;
  /**
   * Returns the uses stored after that place that a snapshot contains. The snapshot is `pg_current_snapshot()` as text, taken
   * after `reached`. Rejects with UnknownSnapshot.
   */
  usesIn(snapshot: string): Promise<readonly CountedUse[]>;
  /** Ends the follower and frees its memory. Always call it, also after an error. */
  end(): void;
}

interface Stored {
  readonly xid: bigint;
  readonly uses: readonly CountedUse[];
}

class Following {
  isDoubtful = false;
  readonly stored: Stored[] = [];
}

/** Records the writer's statements for the followers. It costs nothing without followers. */
export class StoredSince {
  readonly #followers = new Set<Following>();
  #underWay: Promise<void> = Promise.resolve();
  #isOver: () => void = () => {};

  /** Adds a follower. Call it at the follower's place in the journal, between two batches. */
  follow(): { usesIn: Follower['usesIn']; end: Follower['end'] } {
    const following = new Following();
    this.#followers.add(following);
    return {
      usesIn: async (snapshot) => {
        // The snapshot may contain a statement that was sent and whose answer has not arrived.
        await this.#underWay;
        if (following.isDoubtful) throw new UnknownSnapshot('it is unknown which rows the snapshot contains');
        const isVisible = visibleIn(snapshot);
        return following.stored.flatMap(({ xid, uses }) => (isVisible(xid) ? uses : []));
      },
      end: () => void this.#followers.delete(following),
    };
  }

  /**
   * Call it before lines `from` up to `to` of a batch are sent, and then one of the returned functions. Reads the batch
   * synchronously.
   */
  sending(batch: RowBatch, from: number, to: number): { stored(xid: string): void; refused(): void; lost(): void } {
    const uses = this.#followers.size === 0 ? [] : countedUses(batch, from, to);
    const followers = [...this.#followers];
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#underWay = promise;
    this.#isOver = resolve;
    return {
      stored: (xid) => {
        for (const follower of followers) follower.stored.push({ xid: BigInt(xid), uses });
        this.#isOver();
      },
      refused: () => this.#isOver(),
      lost: () => {
        this.doubt();
        this.#isOver();
      },
    };
  }

  /** Makes `usesIn` of all present followers reject with UnknownSnapshot. */
  doubt(): void {
    for (const follower of this.#followers) follower.isDoubtful = true;
  }
}

/**
 * Returns a test whether a snapshot, `xmin:xmax:xip,…`, sees a transaction. It lists those in progress; later ones are at or
 * above `xmax`.
 */
function visibleIn(snapshot: string): (xid: bigint) => boolean {
  const [xmin = '', xmax = '', inProgress = ''] = snapshot.split(':');
  const [least, most] = [BigInt(xmin), BigInt(xmax)];
  const open = new Set(inProgress === '' ? [] : inProgress.split(',').map(BigInt));
  return (xid) => xid < least || (xid < most && !open.has(xid));
}
