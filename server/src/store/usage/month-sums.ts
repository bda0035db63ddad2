/** The sums of an organization's months, from days, hours and quarters of an hour. Requests are read only where a month begins within a quarter. */
import { and, eq, gte, lt, min, sql } from 'drizzle-orm';
import type { PeriodSpan } from '../../domain/limits/period.ts';
import type { Database } from '../database.ts';
import { hasId, ledger, organizationDays } from '../schema.ts';
import { instantOf, usageRows, type Whose } from './usage-rows.ts';

export interface MonthSum {
  readonly admitted: number;
  readonly refused: number;
  readonly totalTokens: number;
  readonly nanoUsd: bigint;
}

/** Returns the start of the UTC day of the organization's first request, or null if there is none. */
export async function firstDayOfUse(db: Database, organizationId: string): Promise<Date | null> {
  const [row] = await db
    .select({ first: min(organizationDays.dayStart) })
    .from(organizationDays)
    .where(eq(organizationDays.organizationId, organizationId));
  return row?.first ?? null;
}

/** Returns the exact sums of each span, in their order, from one snapshot. At most 60 spans. */
export async function monthSums(
  db: Database,
  organizationId: string,
  spans: readonly PeriodSpan[],
): Promise<readonly MonthSum[]> {
  if (spans.length === 0) return [];
  const whose: Whose = { is: 'organizations', condition: (columns) => hasId(columns.organizationId, organizationId) };
  const parts = spans.map(
    ({ startMs, endMs }, index) =>
      sql`select ${index}::int as index, admitted, refused_requests, total_tokens, spend_nano_usd
        from ${usageRows({ fromMs: startMs, toMs: endMs }, whose)} as used`,
  );
  const { rows } = await db.execute<Found>(sql`select index, sum(admitted) as admitted, sum(refused_requests) as refused,
    sum(total_tokens) as tokens, sum(spend_nano_usd) as nano_usd from (${sql.join(parts, sql` union all `)}) as parts group by index`);
  const byIndex = new Map(rows.map((row) => [row.index, row]));
  return spans.map((_, index) => {
    const row = byIndex.get(index);
    return {
      admitted: Number(row?.admitted ?? 0),
      refused: Number(row?.refused ?? 0),
      totalTokens: Number(row?.tokens ?? 0),
      nanoUsd: BigInt(row?.nano_usd ?? 0),
    };
  });
}

interface Found extends Record<string, unknown> {
  readonly index: number;
  readonly admitted: string;
  readonly refused: string;
  readonly tokens: string;
  readonly nano_usd: string;
}

/** Returns the number and the sum of the adjustments of a span. The kind is a part of the ledger's key, so the index finds them. */
export async function adjustmentsOf(
  db: Database,
  organizationId: string,
  { startMs, endMs }: PeriodSpan,
): Promise<{ readonly count: number; readonly nanoUsd: bigint }> {
  const [row] = await db
    .select({ count: sql<string>`count(*)`, nanoUsd: sql<string>`coalesce(sum(${ledger.nanoUsd}), 0)` })
    .from(ledger)
    .where(
      and(
        hasId(ledger.organizationId, organizationId),
        gte(ledger.admittedAt, instantOf(startMs)),
        lt(ledger.admittedAt, instantOf(endMs)),
        eq(ledger.kind, 'adjustment'),
      ),
    );
  return { count: Number(row?.count ?? 0), nanoUsd: BigInt(row?.nanoUsd ?? 0) };
}
