import type { Attempt } from '../../api/attempts.ts';
import type { Schema } from '../../api/client.ts';

/** A request with its attempts, its ledger entries and its decision, as its own page reads it. */
export type FullRequest = Schema<'Request'> & {
  readonly ledger: Schema<'LedgerEntry'>[];
  readonly decision: Schema<'Decision'>;
  readonly remedies: Schema<'Remedy'>[];
  /** Null if an earlier version stored the request, and only the number of attempts is known. */
  readonly attempts_made: readonly Attempt[] | null;
};
