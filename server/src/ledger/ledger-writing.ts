/** The options, methods and events of the ledger writer. */
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
  /** The file to which refused rows are appended, each with the reason, for a person to check. */
  readonly rejectsPath: string;
  readonly onEvent: (event: LedgerEvent) => void;
  /** Detects a failover that can lose rows; absent for a database without one. */
  readonly history?: History;
  /** Called with each batch once it is stored for the first time, before its memory is reused. */
  readonly onStored?: (batch: RowBatch) => void;
  readonly everyMs?: number;
  readonly rowsMax?: number;
  readonly bytesMax?: number;
  /** The statement timeout in milliseconds. After it the statement counts as lost with its connection. */
  readonly statementMsMax?: number;
}

/** An event for the operator's log. `unreachable` is sent once, until `back`. */
export type LedgerEvent =
  | CatchUpEvent
  | { readonly is: 'unreachable'; readonly message: string }
  | { readonly is: 'back'; readonly afterMs: number }
  /** An unexpected error. The writer retries. */
  | ({ readonly is: 'defect' } & DefectFacts)
  /** Rows are stored, but the listener failed on them. */
  | { readonly is: 'untold'; readonly message: string }
  | { readonly is: 'rejected'; readonly requestId: string; readonly message: string };

export interface LedgerLag {
  readonly rows: number;
  readonly bytes: number;
  /** The age of the oldest row that is not stored, in milliseconds: at most a round of the writer too much. */
  readonly ageMs: number;
  /** The number of rows set aside since the start. */
  readonly rejected: number;
  readonly stored: number;
  readonly database: 'ok' | 'away';
}

export interface LedgerWriter {
  /**
   * Runs `work` when everything settled before this call is stored, and nothing settled after it. Rejects with StoreUnavailable
   * if the database is unreachable, or if that takes longer than `msMax` (2 s unless given).
   */
  barrier<T>(work: () => Promise<T>, msMax?: number): Promise<T>;
  /**
   * Follows what is stored from here on: `reached` resolves when everything settled before this call is stored. Does not stop the
   * writer. Throws StoreUnavailable if the database is unreachable.
   */
  follow(): Follower;
  lag(): LedgerLag;
  /** Stores what waits, for at most `msMax` milliseconds, then stops. The rest stays in the journal. */
  stop(msMax: number): Promise<void>;
}
