/** Sums of usage of scopes over spans of time. One statement answers many questions from one snapshot. */
import { sql } from 'drizzle-orm';
import type { CounterUnit } from '../../domain/limits/limit-plan.ts';
import type { Scope } from '../../domain/tenancy/tenancy.ts';
import type { Database } from '../database.ts';
import { DAY_MS, HOUR_MS, instantOf, QUARTER_MS, type Span, wholeSteps } from './usage-rows.ts';

/** The question how much a scope used from `fromMs` up to, not including, `toMs`. */
export interface SpanQuestion extends Span {
  readonly organizationId: string;
  readonly scope: Scope;
  readonly scopeId: string;
  readonly unit: CounterUnit;
}

/**
 * Returns the sums in the order of the questions. Null for a span that begins or ends within a quarter of an hour, which needs
 * single rows.
 */
export async function spanSums(db: Database, questions: readonly SpanQuestion[]): Promise<readonly (number | null)[]> {
  const parts = questions.map((question) => wholeSteps(question, STEPS[question.scope]));
  const asked = questions.flatMap((question, index) => (parts[index] ?? []).map((part) => ({ ...question, ...part, index })));
  const sums: (number | null)[] = questions.map((_, index) => (parts[index] === null ? null : 0));
  if (asked.length === 0) return sums;
  const bySource = Map.groupBy(asked, ({ scope, stepMs }) => `${scope} ${stepMs}`);
  // A subquery per question forces one index lookup each: for a join the planner might scan a year of quarters.
  const sources = [...bySource.values()].map((of) => {
    const [{ scope, stepMs }] = of as [(typeof of)[number]];
    const { table, at } = SOURCES[stepMs as keyof typeof SOURCES];
    const column = (name: 'organizationId' | 'scopeId' | 'unit') => sql.param(of.map((part) => part[name]));
    return sql`select q.index, (select sum(case q.unit when 'nano_usd' then spend_nano_usd when 'tokens' then total_tokens else admitted end)
        from ${sql.raw(table)} as used where used.organization_id = q.organization_id ${OF_SCOPE[scope]}
        and used.${sql.raw(at)} >= q.since and used.${sql.raw(at)} < q.before) as amount
      from unnest(${sql.param(of.map((part) => part.index))}::integer[], ${column('organizationId')}::text[], ${column('scopeId')}::text[],
        ${column('unit')}::text[], ${sql.param(of.map((part) => instantOf(part.fromMs).toISOString()))}::timestamptz[],
        ${sql.param(of.map((part) => instantOf(part.toMs).toISOString()))}::timestamptz[])
        as q(index, organization_id, scope_id, unit, since, before)`;
  });
  const { rows } = await db.execute<{ index: number; amount: string | null }>(
    sql`select index, sum(amount) as amount from (${sql.join(sources, sql` union all `)}) as parts group by index`,
  );
  for (const { index, amount } of rows) sums[index] = Number(amount ?? 0);
  return sums;
}

/** The lengths of rows that identify each scope, widest first. */
const STEPS: Readonly<Record<Scope, readonly number[]>> = {
  organization: [DAY_MS, HOUR_MS, QUARTER_MS],
  team: [HOUR_MS, QUARTER_MS],
  user: [QUARTER_MS],
  key: [QUARTER_MS],
};

const SOURCES = {
  [DAY_MS]: { table: 'organization_days', at: 'day_start' },
  [HOUR_MS]: { table: 'team_rollups', at: 'hour_start' },
  [QUARTER_MS]: { table: 'rollups', at: 'bucket_start' },
};

const OF_SCOPE: Readonly<Record<Scope, ReturnType<typeof sql>>> = {
  organization: sql``,
  team: sql`and used.team_id = q.scope_id`,
  user: sql`and used.member_id = q.scope_id`,
  key: sql`and used.key_id = q.scope_id`,
};
