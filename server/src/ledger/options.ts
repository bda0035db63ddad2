import type { OnDefect } from './callbacks.ts';
import type { BadBytes } from './frames.ts';
import type { JournalEvent } from './segment-log.ts';

export interface JournalOptions {
  /** Made when it is not there. One process at a time. */
  readonly directory: string;
  /** A journal of another installation is refused. */
  readonly installationId: string;
  /** From this size on there is no room for what costs money. What is in flight then still fits. */
  readonly bytesMax: number;
  /** What may be kept of rows that are stored, beside `bytesMax`; 0, unless given, keeps nothing. */
  readonly keepBytesMax?: number;
  /** How long it is kept; 15 minutes unless given. */
  readonly keepMs?: number;
  /** How long a start still reads it; 10 seconds unless given. */
  readonly keepReadableMs?: number;
  readonly onEvent: (event: JournalEvent) => void;
  /** What a callback threw; nothing else is disturbed by it. */
  readonly onDefect: OnDefect;
  readonly syncEveryMs?: number;
  readonly probeEveryMs?: number;
}

export interface JournalStats {
  readonly bytes: number;
  readonly bytesMax: number;
  readonly segments: number;
  /** Requests begun and not ended. */
  readonly open: number;
  readonly rowsWaiting: number;
  readonly bytesWaiting: number;
  readonly health: 'ok' | 'full' | 'faulty';
  /** Of files that are kept although their rows are stored; not in `bytes`. */
  readonly keptBytes: number;
  /** Syncs that the disk failed since the start; what they lost was written again. */
  readonly syncFailures: number;
}

/** What the start found of earlier runs. */
export interface ReplayReport {
  /** Rows that may not have reached the database. */
  readonly rows: number;
  /** Requests that never ended and are settled as estimated. */
  readonly estimated: number;
  readonly bad: readonly (BadBytes & { readonly path: string })[];
}
