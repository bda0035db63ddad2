/** Brings a database up to date that went over to another history: everything that is kept is stored in it again, before any other row. */
import type { ClientBase } from 'pg';
import type { RowBatch, RowPosition, RowSource } from '../domain/usage/settled-rows.ts';
import type { Clock } from '../lib/timing/clock.ts';
import type { OpenDatabase } from '../store/database.ts';
import type { History } from '../store/installation/history.ts';
import type { Partitions } from '../store/partitions.ts';

/** `failed_over`: all rows that are kept are stored again, and `stored_again` says how many of them the database had lost. */
export type CatchUpEvent =
  | { readonly is: 'failed_over'; readonly rowsKept: number }
  | { readonly is: 'stored_again'; readonly rowsLost: number; readonly afterMs: number };

export interface CatchUpOptions {
  readonly database: OpenDatabase;
  readonly partitions: Partitions;
  readonly source: RowSource;
  readonly clock: Clock;
  /** Where the database can lose rows to a failover; absent for one that cannot. */
  readonly history?: History;
  readonly onEvent: (event: CatchUpEvent) => void;
}

/** The database goes on with another history than the one in which rows were stored. */
export class OtherHistory extends Error {}

const LOOK_EVERY_MS = 5_000;

export class CatchUp {
  /** Rows before this place are stored again; null when there is nothing to catch up with. */
  until: RowPosition | null = null;
  readonly #options: CatchUpOptions;
  #sinceMs = 0;
  #rowsLost = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /** Throws OtherHistory before anything is stored in one by this connection. */
  async check(client: ClientBase): Promise<void> {
    if ((await this.#options.history?.check(client)) === 'other') throw new OtherHistory();
  }

  /** Looks without anything to store, every few seconds: else a failover would go unnoticed until what is kept is gone. */
  async lookNowAndThen(): Promise<'looked' | 'not_yet'> {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#options.history === undefined || nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return 'not_yet';
    this.#lookedAtMs = nowMs;
    await this.look();
    return 'looked';
  }

  /** Throws OtherHistory. That the database is away is not told here: who wants something of it will hear. */
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

  /** Goes back to the oldest row that is kept. The database may lack rows that it acknowledged, and partitions. */
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

  /** So many rows of this batch were not in the database. */
  stored(batch: RowBatch, rows: number): void {
    if (this.until !== null && batch.isAgain) this.#rowsLost += rows;
  }

  /** Everything up to `until` is stored. */
  end(): void {
    const { history, clock, onEvent } = this.#options;
    this.until = null;
    history?.caughtUp();
    onEvent({ is: 'stored_again', rowsLost: this.#rowsLost, afterMs: clock.monotonicMs() - this.#sinceMs });
  }
}
