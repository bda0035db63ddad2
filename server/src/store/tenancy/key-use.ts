/** Keys that used more than an amount of what a limit counts. */
import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type CounterScope, keysCoveredBy } from '../usage/usage.ts';
import { type Span, usageRows } from '../usage/usage-rows.ts';

export interface KeyUse {
  readonly keyId: string;
  readonly used: number;
}

/** Returns the keys that used more than `amount`, at most `most`, greatest usage first. Counts only settled usage. */
export async function keysAbove(
  db: Database,
  counter: CounterScope,
  { amount, most, ...span }: Span & { readonly amount: number; readonly most: number },
): Promise<readonly KeyUse[]> {
  const unit = sql.identifier(UNITS[counter.unit]);
  const rows = usageRows(span, { is: 'keys', condition: (columns) => keysCoveredBy(counter, columns) });
  const { rows: found } = await db.execute<{ key_id: string; used: string }>(sql`
    select key_id, sum(${unit}) as used from ${rows} as used group by key_id having sum(${unit}) > ${amount}
    order by 2 desc, 1 limit ${most}`);
  return found.map((row) => ({ keyId: row.key_id, used: Number(row.used) }));
}

const UNITS = { requests: 'admitted', tokens: 'total_tokens', nano_usd: 'spend_nano_usd', parallel: 'admitted' } as const;
