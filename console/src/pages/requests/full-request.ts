import type { Schema } from '../../api/client.ts';

/** A request with its ledger entries and its decision, as its own page reads it. */
export type FullRequest = Schema<'Request'> & {
  readonly ledger: Schema<'LedgerEntry'>[];
  readonly decision: Schema<'Decision'>;
};
