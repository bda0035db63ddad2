/**
 * Tells a reader of the ledger exactly which rows its snapshot holds, while the ledger writer goes on. The writer's statement says which
 * transaction it was; PostgreSQL says which transactions a snapshot sees; so no row has to say it and nobody stands still.
 */

import type { RowBatch } from '../../domain/usage/settled-rows.ts';
import { type CountedUse, countedUses } from '../../domain/usage/settled-uses.ts';

/** It cannot be told whether a batch is in the snapshot: its connection was lost, or the database went over to another server. Ask again. */
export class UnknownSnapshot extends Error {}

/** Whoever wants to know what is stored from a place in the journal on. */
export interface Follower {
  /** Everything settled before the follower was made is stored. Rejects with StoreUnavailable when the database is away. */
  readonly reached: Promise<void>;
  /**
   * What was stored after that place and is in a snapshot that was taken after `reached`: `pg_current_snapshot()` as text. Rejects with
   * UnknownSnapshot.
   */
  usesIn(snapshot: string): Promise<readonly CountedUse[]>;
  /** To be called in the end, whatever became of it: what is kept for it is let go. */
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

/** What the writer tells of each statement, and who follows. Costs nothing while nobody does. */
export class StoredSince {
  readonly #followers = new Set<Following>();
  #underWay: Promise<void> = Promise.resolve();
  #isOver: () => void = () => {};

  /** Called at the follower's place, between two batches. */
  follow(): { usesIn: Follower['usesIn']; end: Follower['end'] } {
    const following = new Following();
    this.#followers.add(following);
    return {
      usesIn: async (snapshot) => {
        // A statement that was sent by now may be in the snapshot although its answer is not here.
        await this.#underWay;
        if (following.isDoubtful) throw new UnknownSnapshot('it is not known which rows the snapshot holds');
        const isVisible = visibleIn(snapshot);
        return following.stored.flatMap(({ xid, uses }) => (isVisible(xid) ? uses : []));
      },
      end: () => void this.#followers.delete(following),
    };
  }

  /** Lines `from` up to `to` of a batch are about to be sent. The batch's memory is read before this returns. */
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

  /** Nobody who follows now can tell any longer what a snapshot holds. */
  doubt(): void {
    for (const follower of this.#followers) follower.isDoubtful = true;
  }
}

/** `xmin:xmax:xip,…`: what was in progress is listed, what began later is at or above `xmax`. */
function visibleIn(snapshot: string): (xid: bigint) => boolean {
  const [xmin = '', xmax = '', inProgress = ''] = snapshot.split(':');
  const [least, most] = [BigInt(xmin), BigInt(xmax)];
  const open = new Set(inProgress === '' ? [] : inProgress.split(',').map(BigInt));
  return (xid) => xid < least || (xid < most && !open.has(xid));
}
