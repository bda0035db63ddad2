/** Sums of usage in several periods. */
import { sql } from 'drizzle-orm';
import type { PeriodSpan } from '../../domain/limits/period.ts';
import type { Database } from '../database.ts';
import { unitRows } from './unit-sums.ts';
import { type Covered, whoseOf } from './usage.ts';
import { usageRows, type Whose } from './usage-rows.ts';

export interface PeriodSum {
  /** Every admitted request, whatever its outcome. */
  readonly requests: number;
  readonly nanoUsd: bigint;
  /** Requests that used a deployment without a price. `nanoUsd` does not include their usage. */
  readonly unpricedRequests: number;
  /** Usage without a price, by unit. `nanoUsd` does not include it either. */
  readonly unpricedUnits: Readonly<Record<string, number>>;
}

/**
 * Returns exact sums of settled usage, in the order of the spans. It reads them in one statement, so from one snapshot. An access
 * group means its present members.
 */
export async function periodSums(db: Database, covered: Covered, spans: readonly PeriodSpan[]): Promise<readonly PeriodSum[]> {
  const whose = coarsest(covered);
  const parts = spans.flatMap(({ startMs, endMs }, index) => {
    const span = { fromMs: startMs, toMs: endMs };
    return [
      sql`select ${index}::int as index, null as unit, admitted, spend_nano_usd, unpriced_requests as unpriced
        from ${usageRows(span, whose)} as used`,
      sql`select ${index}::int, unit, 0, 0, unpriced_quantity from ${unitRows(span, whose)} as used where unpriced_quantity > 0`,
    ];
  });
  const { rows } = await db.execute<Found>(sql`
    select index, unit, sum(admitted) as requests, sum(spend_nano_usd) as nano_usd, sum(unpriced) as unpriced
    from (${sql.join(parts, sql` union all `)}) as parts group by index, unit order by unit`);
  return spans.map((_, index) => sumFrom(rows.filter((row) => row.index === index)));
}

interface Found extends Record<string, unknown> {
  readonly index: number;
  /** Null for the sums over all units. */
  readonly unit: string | null;
  readonly requests: string;
  readonly nano_usd: string;
  readonly unpriced: string;
}

function sumFrom(rows: readonly Found[]): PeriodSum {
  const all = rows.find(({ unit }) => unit === null);
  return {
    requests: Number(all?.requests ?? 0),
    nanoUsd: BigInt(all?.nano_usd ?? 0),
    unpricedRequests: Number(all?.unpriced ?? 0),
    unpricedUnits: Object.fromEntries(rows.flatMap(({ unit, unpriced }) => (unit === null ? [] : [[unit, Number(unpriced)]]))),
  };
}

/** Returns the coarsest source: for a whole organization its days, of which years are few rows. */
function coarsest(covered: Covered): Whose {
  if (covered.scope !== 'organization' || covered.match.is !== 'any') return whoseOf(covered);
  return { is: 'organizations', condition: (columns) => sql`${columns.organizationId} = ${covered.organizationId}` };
}
