import { sql } from 'drizzle-orm';
import { beforeAll, expect, test } from 'vitest';
import { formatUsd } from '../../src/domain/money/money.ts';
import { requestId } from '../../src/lib/id.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry, givenRefusal } from '../support/records.ts';
import { makeOrganization, must, withAdmin } from './support.ts';
import { storeRecords } from './usage-support.ts';

// The clock of these suites stands at 10 March 2026, 12:00 UTC. Kathmandu is 5:45 ahead of UTC, so its months begin within an hour.
const ZONE = 'Asia/Kathmandu';

onOneDatabase('statements', (given) => {
  const world = withAdmin(given);
  let acme = '';
  let team = '';

  beforeAll(async () => {
    const { root } = world();
    acme = (
      await makeOrganization(root, {
        name: '=Acme',
        time_zone: ZONE,
        budgets: [
          { amount: '100', period: 'month' },
          { amount: '10', period: 'week', anchor_day: 1 },
          { amount: '5', period: 'rolling', hours: 24 },
        ],
      })
    ).id;
    team = must(await root('POST', `/organizations/${acme}/teams`, { name: 'Research' })).id;
    // The border of February is 31 January, 18:15 UTC; that of March 28 February, 18:15 UTC.
    const times = [
      '2025-10-05T10:00:00Z',
      '2026-01-31T18:14:59.999Z',
      '2026-01-31T18:15:00.000Z',
      '2026-02-14T03:07:00Z',
      '2026-02-28T18:14:59.999Z',
      '2026-02-28T18:15:00.000Z',
      '2026-03-10T11:59:00Z',
    ];
    const records = times.flatMap((at, index) => {
      const admittedAtMs = Date.parse(at);
      const whose = { organizationId: acme, teamId: team, admittedAtMs };
      const entries = [
        givenEntry({ nanoUsd: 10 ** index, usage: { input: index, cached_input: 1, output: 2, reasoning: 3 } }),
        givenEntry({ attempt: 2, nanoUsd: 7, kind: 'adjustment', usage: {} }),
      ];
      return [
        givenEnd({
          ...whose,
          requestId: requestId(admittedAtMs),
          calledName: `model-${index % 2}`,
          keyId: `key_${index}`,
          entries,
        }),
        givenRefusal({ ...whose, requestId: requestId(admittedAtMs) }),
      ];
    });
    await storeRecords(given(), records);
  });

  const path = (below: string) => `/organizations/${acme}/statements${below}`;

  /** The ledger's own sums of each month, by the calendar of PostgreSQL. */
  async function ledgerMonths(): Promise<ReadonlyMap<string, string>> {
    const { rows } = await given().db.execute<{ month: string; spend: string }>(sql`
      select to_char(admitted_at at time zone ${ZONE}, 'YYYY-MM') as month, sum(nano_usd) as spend
      from ledger_entries where organization_id = ${acme} group by 1`);
    return new Map(rows.map(({ month, spend }) => [month, formatUsd(BigInt(spend))]));
  }

  test('every month that has use is listed, newest first, with exactly the ledger’s sum', async () => {
    const answer = must(await world().root('GET', path('')));
    expect(answer.time_zone).toBe(ZONE);
    expect(answer.data.map(({ month, status }: Record<string, string>) => [month, status])).toEqual([
      ['2026-03', 'running'],
      ['2026-02', 'closed'],
      ['2026-01', 'closed'],
      ['2025-10', 'closed'],
    ]);
    const listed = new Map(answer.data.map(({ month, spend }: Record<string, string>) => [month, spend]));
    expect(listed).toEqual(await ledgerMonths());
    expect(answer.next_cursor).toBeNull();
    const page = must(await world().root('GET', path('?limit=2')));
    expect(page).toMatchObject({ data: [{ month: '2026-03' }, { month: '2026-02' }], next_cursor: '2026-01' });
    expect(must(await world().root('GET', path('?limit=2&cursor=2026-01'))).data).toHaveLength(1);
  });

  test('a month has exactly the ledger’s sum: requests at its borders are in the right one, and every part adds up', async () => {
    for (const [month, spend] of await ledgerMonths()) {
      const statement = must(await world().root('GET', path(`/${month}`)));
      expect({ month, spend: statement.total.spend }).toEqual({ month, spend });
      for (const part of ['teams', 'models', 'keys'] as const) {
        const rows: readonly Record<string, number>[] = statement[part].data;
        const sum = rows.reduce((all, row) => all + Math.round(Number(row.spend) * 1e9), 0);
        expect(formatUsd(BigInt(sum))).toBe(spend);
        expect(rows.reduce((all, row) => all + (row.total_tokens ?? 0), 0)).toBe(statement.total.total_tokens);
      }
    }
    const february = must(await world().root('GET', path('/2026-02')));
    expect(february).toMatchObject({
      from: '2026-01-31T18:15:00.000Z',
      to: '2026-02-28T18:15:00.000Z',
      status: 'closed',
      total: { admitted_requests: 3, refused_requests: 3, input_tokens: 9, cached_input_tokens: 3, spend: '0.000011121' },
      adjustments: { count: 3, spend: '0.000000021' },
      truncated: [],
    });
    expect(february.teams.data).toMatchObject([{ id: team, name: 'Research' }]);
    // The three of the requests, and that of the refusals.
    expect(february.keys.data).toHaveLength(4);
  });

  test('the periods of budgets that the month touches have their whole spend', async () => {
    const { budgets } = must(await world().root('GET', path('/2026-02')));
    const [month, week, rolling] = ['month', 'week', 'rolling'].map((period) =>
      budgets.find((budget: Record<string, unknown>) => budget.period === period),
    );
    expect(month.periods).toMatchObject([{ start: '2026-01-31T18:15:00.000Z', spent: '0.000011121', requests: 3 }]);
    expect(week.periods).toHaveLength(5);
    // The last week of the month has the first request of March too.
    expect(week.periods.at(-1).requests).toBe(2);
    expect(rolling.periods).toEqual([]);
  });

  test('as CSV: a line for each part, and no name runs as a formula', async () => {
    const answer = await world().root('GET', path('/2026-02/export'));
    const lines = answer.text.trimEnd().split('\r\n');
    expect(lines[0]).toMatch(/^part,month,status,start,end,id,name,admitted_requests,.*,spend,budget_amount,/);
    expect(lines.filter((line: string) => line.startsWith('total,'))[0]).toContain(",'=Acme,3,");
    const count = (part: string) => lines.filter((line: string) => line.startsWith(`${part},`)).length;
    expect(['team', 'model', 'key', 'adjustments', 'budget_period'].map(count)).toEqual([1, 3, 4, 1, 6]);
  });

  test('a month to come, or no month, is not found; a team’s admin may not read the whole organization', async () => {
    const { root, as } = world();
    for (const month of ['2026-04', '2026-13', 'march', '2026-3']) {
      expect([month, (await root('GET', path(`/${month}`))).status]).toEqual([month, 404]);
    }
    expect(must(await root('GET', path('/2024-01'))).total.spend).toBe('0.00');
    const admin = as([{ role: 'team_admin', organizationId: acme, teamId: team }]);
    expect((await admin('GET', path('/2026-02'))).status).toBe(403);
    expect((await as([{ role: 'org_billing', organizationId: acme }])('GET', path('/2026-02'))).status).toBe(200);
  });
});
