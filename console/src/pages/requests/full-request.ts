import type { Schema } from '../../api/client.ts';

/** A request as its own page reads it: with what it was charged for and why it was let in or not. */
export type FullRequest = Schema<'Request'> & {
  readonly ledger: Schema<'LedgerEntry'>[];
  readonly decision: Schema<'Decision'>;
};
