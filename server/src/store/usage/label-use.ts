/** Usage with a tag or of an end user, for the counters of limits by them. */
import { and, eq, gte, lt, ne, sql } from 'drizzle-orm';
import type { LabelMatch } from '../../domain/limits/rate-limit.ts';
import { OTHER_NAME } from '../../domain/usage/attribution.ts';
import type { Database } from '../database.ts';
import { attributionRollups, requestLog, tagRollups } from '../schema.ts';
import { type CounterScope, keysCoveredBy } from './usage.ts';
import { cover, instantOf, QUARTER_MS, type Span } from './usage-rows.ts';

/** Returns what a counter would have counted within a span, in its unit. */
export async function labelledUse(db: Database, counter: CounterScope, match: LabelMatch, span: Span): Promise<number> {
  let total = 0;
  for (const { stepMs, ...part } of cover(span, [QUARTER_MS])) {
    const { table, at, amount, condition } = labelSource(counter, match, stepMs);
    const within = and(condition, gte(at, instantOf(part.fromMs)), lt(at, instantOf(part.toMs)));
    const { rows } = await db.execute<{ amount: string }>(
      sql`select coalesce(sum(${amount}), 0)::text as amount from ${table} where ${within}`,
    );
    total += Number(rows[0]?.amount ?? 0);
  }
  return total;
}

/** Returns the source of usage with a label: its rollups, or single requests, which alone know all labels at the ends of a span. */
export function labelSource(counter: CounterScope, match: LabelMatch, stepMs: number | null) {
  const { unit } = counter;
  if (stepMs === null) {
    const amount = { requests: requestLog.count, tokens: requestLog.totalTokens, nano_usd: requestLog.nanoUsd }[unitOf(unit)];
    const isLabelled =
      match.is === 'tag'
        ? sql`${requestLog.tags} @> ${sql.param([match.tag])}::text[]`
        : eq(requestLog.endUser, match.name ?? OTHER_NAME);
    const condition = and(keysCoveredBy(counter, requestLog), ne(requestLog.status, 'refused'), isLabelled);
    return { table: requestLog, at: requestLog.admittedAt, amount: sql`coalesce(${amount}, 0)`, condition };
  }
  const table = match.is === 'tag' ? tagRollups : attributionRollups;
  const isLabelled =
    match.is === 'tag'
      ? eq(tagRollups.tag, match.tag)
      : and(eq(attributionRollups.kind, 'end_user'), eq(attributionRollups.name, match.name ?? OTHER_NAME));
  const amount = { requests: table.admitted, tokens: table.totalTokens, nano_usd: table.spendNanoUsd }[unitOf(unit)];
  return { table, at: table.bucketStart, amount, condition: and(keysCoveredBy(counter, table), isLabelled, eq(table.unit, '')) };
}

function unitOf(unit: CounterScope['unit']): 'requests' | 'tokens' | 'nano_usd' {
  return unit === 'parallel' ? 'requests' : unit;
}
