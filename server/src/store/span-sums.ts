/** What organizations used over stretches of time: many questions, one statement, so one instant. */
import { sql } from 'drizzle-orm';
import type { CounterUnit } from '../domain/limit-plan.ts';
import type { Database } from './database.ts';
import { DAY_MS, HOUR_MS, instantOf, QUARTER_MS, type Span, wholeSteps } from './usage-rows.ts';

/** All use of an organization from `fromMs` up to, not including, `toMs`. */
export interface SpanQuestion extends Span {
  readonly organizationId: string;
  readonly unit: CounterUnit;
}

/** The sums in the order of the questions. Null where a span begins or ends within a quarter of an hour, which only single rows can tell. */
export async function spanSums(db: Database, questions: readonly SpanQuestion[]): Promise<readonly (number | null)[]> {
  const parts = questions.map((question) => wholeSteps(question, [DAY_MS, HOUR_MS, QUARTER_MS]));
  const asked = questions.flatMap((question, index) => (parts[index] ?? []).map((part) => ({ ...question, ...part, index })));
  const sums: (number | null)[] = questions.map((_, index) => (parts[index] === null ? null : 0));
  if (asked.length === 0) return sums;
  const sources = ([DAY_MS, HOUR_MS, QUARTER_MS] as const).map((stepMs) => {
    const of = asked.filter((part) => part.stepMs === stepMs);
    return sql`select q.index, case q.unit when 'nano_usd' then spend_nano_usd when 'tokens' then total_tokens else admitted end as amount
      from unnest(${sql.param(of.map((part) => part.index))}::integer[], ${sql.param(of.map((part) => part.organizationId))}::text[],
        ${sql.param(of.map((part) => part.unit))}::text[], ${sql.param(of.map((part) => instantOf(part.fromMs).toISOString()))}::timestamptz[],
        ${sql.param(of.map((part) => instantOf(part.toMs).toISOString()))}::timestamptz[]) as q(index, organization_id, unit, since, before)
      join ${SOURCES[stepMs]} as used on used.organization_id = q.organization_id and used.at >= q.since and used.at < q.before`;
  });
  const { rows } = await db.execute<{ index: number; amount: string }>(
    sql`select index, sum(amount) as amount from (${sql.join(sources, sql` union all `)}) as parts group by index`,
  );
  for (const { index, amount } of rows) sums[index] = Number(amount);
  return sums;
}

const columns = (at: string) => sql.raw(`organization_id, ${at} as at, spend_nano_usd, total_tokens, admitted`);
const SOURCES = {
  [DAY_MS]: sql`(select ${columns('day_start')} from organization_days)`,
  [HOUR_MS]: sql`(select ${columns('hour_start')} from team_rollups)`,
  [QUARTER_MS]: sql`(select ${columns('bucket_start')} from rollups)`,
};
