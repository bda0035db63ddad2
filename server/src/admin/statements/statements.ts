import { z } from 'zod';
import type { PeriodSpan } from '../../domain/limits/period.ts';
import { formatUsd } from '../../domain/money/money.ts';
import { MONTH_FORM, monthOf, monthSpan } from '../../domain/usage/compared-spans.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import { firstDayOfUse, monthSums } from '../../store/usage/month-sums.ts';
import type { AdminCall } from '../http/call.ts';
import { id, idParams } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { wholeNumber } from '../http/schemas.ts';
import { namesIn } from '../usage/names-in.ts';
import { readStatement, type StatementRead, statusOf } from './read-statement.ts';
import { month, span, statementOut, viewStatement } from './statement-view.ts';

/** Statements: the use and the spend of an organization by month of its time zone. */

const MONTHS_MAX = 60;
const MONTHS = 24;
/** The most rows of each part. The export has more. */
const ROWS_MAX = 1_000;

const monthForm = z.string().max(7).regex(MONTH_FORM, 'must be a month, such as 2026-10');

export const list = route({
  summary: 'List the months with a statement',
  description:
    'Returns the months of the organization’s time zone in which anything was requested, newest first. A page looks at `limit` months, so it may be empty and still have a `next_cursor`.',
  permission: 'usage.read',
  params: idParams,
  query: z.strictObject({
    limit: wholeNumber(1, MONTHS_MAX).optional().meta({ description: 'The number of months that a page looks at. Default: 24.' }),
    cursor: monthForm.optional().meta({ description: 'The `next_cursor` of the previous page: its first month.' }),
  }),
  response: z.object({
    time_zone: z.string(),
    data: z.array(
      z
        .object({
          month,
          ...span,
          admitted_requests: z.int(),
          refused_requests: z.int(),
          total_tokens: z.int(),
          spend: z.string(),
        })
        .meta({ id: 'StatementMonth' }),
    ),
    next_cursor: z.string().nullable(),
  }),
  load: load.organizationEver,
  handle: (call, organization) => listMonths(call, organization),
});

interface ListQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

async function listMonths({ deps, query }: AdminCall<unknown, ListQuery>, { id, timeZone }: OrganizationRow) {
  const nowMs = deps.clock.nowMs();
  const first = await firstDayOfUse(deps.db, id);
  // A day of UTC may begin in the month before.
  const oldest = first === null ? null : monthOf(first.getTime(), timeZone);
  const [present, limit] = [monthOf(nowMs, timeZone), query.limit ?? MONTHS];
  const newest = query.cursor !== undefined && query.cursor < present ? query.cursor : present;
  const months: (PeriodSpan & { readonly month: string })[] = [];
  for (let at: string = newest; oldest !== null && at >= oldest && months.length < limit; at = monthBefore(at, timeZone)) {
    months.push({ month: at, ...monthSpan(at, timeZone) });
  }
  const sums = await monthSums(deps.db, id, months);
  const data = months.flatMap(({ month, ...span }, index) => {
    const sum = sums[index];
    if (sum === undefined || sum.admitted + sum.refused === 0) return [];
    return [
      {
        month,
        from: new Date(span.startMs).toISOString(),
        to: new Date(span.endMs).toISOString(),
        status: statusOf(span, nowMs),
        admitted_requests: sum.admitted,
        refused_requests: sum.refused,
        total_tokens: sum.totalTokens,
        spend: formatUsd(sum.nanoUsd),
      },
    ];
  });
  const last = months.at(-1)?.month;
  const next = last === undefined || oldest === null || last <= oldest ? null : monthBefore(last, timeZone);
  return { time_zone: timeZone, data, next_cursor: next };
}

function monthBefore(month: string, timeZone: string): string {
  return monthOf(monthSpan(month, timeZone).startMs, timeZone, 1);
}

export const statementParams = z.object({ id, month: monthForm });
type StatementCall<Q = unknown> = AdminCall<z.output<typeof statementParams>, Q>;

export const read = route({
  summary: 'Get the statement of a month',
  description:
    'Returns use and spend of the month by team, model and key, the periods of the organization’s budgets, and adjustments. The total agrees exactly with the ledger. Each part has at most 1,000 rows, those with the highest spend.',
  permission: 'usage.read',
  params: statementParams,
  response: statementOut,
  load: loadStatement,
  handle: async (call, organization) => {
    const found = await statementOf(call, organization, ROWS_MAX);
    return viewStatement(found, await namesIn(call, idsOf(found)));
  },
});

/** Loads the organization of a statement, also a deleted one. 404 for a month that has not begun. */
export async function loadStatement(call: StatementCall): Promise<Loaded<OrganizationRow>> {
  const loaded = await load.organizationEver(call);
  const { startMs } = monthSpan(call.params.month, loaded.object.timeZone);
  if (startMs > call.deps.clock.nowMs()) throw notFound('statement');
  return loaded;
}

export function statementOf(call: StatementCall, organization: OrganizationRow, rowsMax: number): Promise<StatementRead> {
  const { deps, params } = call;
  return readStatement(deps.db, organization, { month: params.month, nowMs: deps.clock.nowMs(), rowsMax });
}

/** Returns the ids of the teams and keys of a statement. */
export function idsOf({ report }: StatementRead): readonly string[] {
  return [...report.teams.lines, ...report.keys.lines].flatMap(({ groups }) => groups.team ?? groups.key ?? []);
}
