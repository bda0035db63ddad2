/** Brings a database up to date after it failed over to another history: stores all kept rows again, before any other row. */
import type { ClientBase } from 'pg';
import type { RowBatch, RowPosition, RowSource } from '../domain/usage/settled-rows.ts';
import type { Clock } from '../lib/timing/clock.ts';
import type { OpenDatabase } from '../store/database.ts';
import type { History } from '../store/installation/history.ts';
import type { Partitions } from '../store/partitions.ts';

/**
 * `failed_over`: the catch-up begins, with the number of kept rows. `stored_again`: it is done, with the number of rows that the
 * database had lost.
 */
export type CatchUpEvent =
  | { readonly is: 'failed_over'; readonly rowsKept: number }
  | { readonly is: 'stored_again'; readonly rowsLost: number; readonly afterMs: number };

export interface CatchUpOptions {
  readonly database: OpenDatabase;
  readonly partitions: Partitions;
  readonly source: RowSource;
  readonly clock: Clock;
  /** Detects a failover that can lose rows; absent for a database without one. */
  readonly history?: History;
  readonly onEvent: (event: CatchUpEvent) => void;
}

/** Thrown when the database continues with another history than the one in which rows were stored. */
export class OtherHistory extends Error {}

const LOOK_EVERY_MS = 5_000;

export class CatchUp {
  /** The place up to which rows are stored again; null when there is nothing to catch up on. */
  until: RowPosition | null = null;
  readonly #options: CatchUpOptions;
  #sinceMs = 0;
  #rowsLost = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /** Throws OtherHistory before this connection stores anything in another history. */
  async check(client: ClientBase): Promise<void> {
    if ((await this.#options.history?.check(client)) === 'other') throw new OtherHistory();
  }

  /**
   * Checks every few seconds even if there is nothing to store. Otherwise a failover would go unnoticed until the kept rows are
   * deleted.
   */
  async lookNowAndThen(): Promise<'looked' | 'not_yet'> {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#options.history === undefined || nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return 'not_yet';
    this.#lookedAtMs = nowMs;
    await this.look();
    return 'looked';
  }

  /** Throws OtherHistory. Ignores that the database is unreachable: the next query reports it. */
  async look(): Promise<void> {
    if (this.#options.history === undefined) return;
    const client = await this.#options.database.pool.connect().catch(() => null);
    if (client === null) return;
    try {
      await this.check(client);
      client.release();
    } catch (error) {
      client.release(!(error instanceof OtherHistory));
      if (error instanceof OtherHistory) throw error;
    }
  }

  /** Goes back to the oldest kept row. The database may lack rows that it acknowledged, and partitions. */
  begin(): void {
    const { partitions, source, clock, onEvent } = this.#options;
    partitions.forget();
    if (this.until === null) {
      this.#sinceMs = clock.monotonicMs();
      this.#rowsLost = 0;
    }
    this.until = source.again();
    onEvent({ is: 'failed_over', rowsKept: source.backlog().rows });
  }

  /** Counts the rows of this batch that were not in the database. */
  stored(batch: RowBatch, rows: number): void {
    if (this.until !== null && batch.isAgain) this.#rowsLost += rows;
  }

  /** Ends the catch-up: everything up to `until` is stored. */
  end(): void {
    const { history, clock, onEvent } = this.#options;
    this.until = null;
    history?.caughtUp();
    onEvent({ is: 'stored_again', rowsLost: this.#rowsLost, afterMs: clock.monotonicMs() - this.#sinceMs });
  }
}
