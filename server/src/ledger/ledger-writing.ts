/** What the ledger writer is given, what it does for others, and what it tells. */
import type { RowBatch, RowSource } from '../domain/usage/settled-rows.ts';
import type { DefectFacts } from '../lib/defect.ts';
import type { Clock } from '../lib/timing/clock.ts';
import type { OpenDatabase } from '../store/database.ts';
import type { History } from '../store/installation/history.ts';
import type { Partitions } from '../store/partitions.ts';
import type { Follower } from '../store/past/stored-since.ts';
import type { CatchUpEvent } from './catch-up.ts';

export interface LedgerWriterOptions {
  readonly database: OpenDatabase;
  readonly partitions: Partitions;
  readonly source: RowSource;
  readonly clock: Clock;
  /** File to which refused rows are appended, each with the reason, for a person to look at. */
  readonly rejectsPath: string;
  readonly onEvent: (event: LedgerEvent) => void;
  /** Where the database can lose rows to a failover; absent for one that cannot. */
  readonly history?: History;
  /** Called with each batch once it is stored for the first time, before its memory is used again. */
  readonly onStored?: (batch: RowBatch) => void;
  readonly everyMs?: number;
  readonly rowsMax?: number;
  readonly bytesMax?: number;
  /** A statement that takes longer counts as lost with its connection. */
  readonly statementMsMax?: number;
}

/** What an operator must hear of. `away` is told once, until `back`. */
export type LedgerEvent =
  | CatchUpEvent
  | { readonly is: 'away'; readonly message: string }
  | { readonly is: 'back'; readonly afterMs: number }
  /** Something failed that should not. It is tried again. */
  | ({ readonly is: 'defect' } & DefectFacts)
  /** Rows are stored, and whoever hears of stored rows failed on them. */
  | { readonly is: 'untold'; readonly message: string }
  | { readonly is: 'rejected'; readonly requestId: string; readonly message: string };

export interface LedgerLag {
  readonly rows: number;
  readonly bytes: number;
  /** Since when there have been rows to store without a pause. */
  readonly ageMs: number;
  /** Rows set aside since the start. */
  readonly rejected: number;
  readonly stored: number;
  readonly database: 'ok' | 'away';
}

export interface LedgerWriter {
  /**
   * Runs `work` with everything stored that was settled before this call, and nothing that was settled after it. Rejects with
   * StoreUnavailable when the database is away, or when that takes longer than `msMax` (2 s unless given).
   */
  barrier<T>(work: () => Promise<T>, msMax?: number): Promise<T>;
  /**
   * Follows what is stored from here on: `reached` resolves when everything settled before this call is stored, and nobody stands still.
   * Throws StoreUnavailable when the database is away.
   */
  follow(): Follower;
  lag(): LedgerLag;
  /** Stores what waits, for at most `msMax`, then stops. What is left stays in the journal. */
  stop(msMax: number): Promise<void>;
}
