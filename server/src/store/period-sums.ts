/** What was used in each of several periods. */
import { sql } from 'drizzle-orm';
import type { PeriodSpan } from '../domain/period.ts';
import type { Database } from './database.ts';
import { type Covered, whoseOf } from './usage.ts';
import { usageRows, type Whose } from './usage-rows.ts';

export interface PeriodSum {
  /** Every request that was let in, however it ended. */
  readonly requests: number;
  readonly nanoUsd: bigint;
}

/**
 * The exact sums in the order of the spans, in one statement, so of one instant. An access group means its members of now. Settled use
 * alone.
 */
export async function periodSums(db: Database, covered: Covered, spans: readonly PeriodSpan[]): Promise<readonly PeriodSum[]> {
  const whose = coarsest(covered);
  const parts = spans.map(({ startMs, endMs }, index) => {
    const rows = usageRows({ fromMs: startMs, toMs: endMs }, whose);
    return sql`select ${index}::int as index, admitted, spend_nano_usd from ${rows} as used`;
  });
  const { rows } = await db.execute<{ index: number; requests: string; nano_usd: string }>(sql`
    select index, sum(admitted) as requests, sum(spend_nano_usd) as nano_usd from (${sql.join(parts, sql` union all `)}) as parts
    group by index`);
  const sums: PeriodSum[] = spans.map(() => ({ requests: 0, nanoUsd: 0n }));
  for (const row of rows) sums[row.index] = { requests: Number(row.requests), nanoUsd: BigInt(row.nano_usd) };
  return sums;
}

/** Of an organization as a whole the days are enough: years of them are few rows. */
function coarsest(covered: Covered): Whose {
  if (covered.scope !== 'organization' || covered.match.is !== 'any') return whoseOf(covered);
  return { is: 'organizations', condition: (columns) => sql`${columns.organizationId} = ${covered.organizationId}` };
}
