import type { Schema } from '../../api/client.ts';

/** A member as the list shows one. */
export type Member = Schema<'Member'> & { readonly last_seen_at?: string | null };
