import type { OnDefect } from './callbacks.ts';
import type { BadBytes } from './frames.ts';
import type { JournalEvent } from './segment-log.ts';

export interface JournalOptions {
  /** The journal's directory; created if it does not exist. One process at a time. */
  readonly directory: string;
  /** The installation that owns the journal. A journal of another one is refused. */
  readonly installationId: string;
  /** The size from which requests that cost money are refused. What is in flight then still fits. */
  readonly bytesMax: number;
  /** The most bytes kept of stored rows, in addition to `bytesMax`; 0 (the default) keeps nothing. */
  readonly keepBytesMax?: number;
  /** The milliseconds for which they are kept; 15 minutes unless given. */
  readonly keepMs?: number;
  /** The milliseconds for which a start still reads them; 10 seconds unless given. */
  readonly keepReadableMs?: number;
  readonly onEvent: (event: JournalEvent) => void;
  /** Called with the error of a callback that threw; nothing else is affected. */
  readonly onDefect: OnDefect;
  readonly syncEveryMs?: number;
  readonly probeEveryMs?: number;
}

export interface JournalStats {
  readonly bytes: number;
  readonly bytesMax: number;
  readonly segments: number;
  /** The number of requests begun and not ended. */
  readonly open: number;
  readonly rowsWaiting: number;
  readonly bytesWaiting: number;
  readonly health: 'ok' | 'full' | 'faulty';
  /** The size of files that are kept although their rows are stored; not in `bytes`. */
  readonly keptBytes: number;
  /** The number of syncs that failed since the start; the bytes they lost were written again. */
  readonly syncFailures: number;
}

/** The findings of a start about earlier runs. */
export interface ReplayReport {
  /** The number of rows that may not have reached the database. */
  readonly rows: number;
  /** The number of requests that never ended and are settled as estimated. */
  readonly estimated: number;
  readonly bad: readonly (BadBytes & { readonly path: string })[];
}
