/** Days and months of scopes: whatever comes late, whenever it is folded, in every zone, they and the quarters after them are the ledger. */
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import type { CounterSpec, CounterUnit } from '../../src/domain/limits/limit-plan.ts';
import { type CalendarPeriod, periodAt } from '../../src/domain/limits/period.ts';
import type { TargetMatch } from '../../src/domain/limits/rate-limit.ts';
import type { Scope } from '../../src/domain/tenancy/tenancy.ts';
import { localDayAt } from '../../src/domain/usage/folded-span.ts';
import { LATE_AFTER_MS, rowsBefore, storeLate } from '../../src/ledger/late-rows.ts';
import { STORE_LINES } from '../../src/ledger/ledger-statement.ts';
import { endLine } from '../../src/ledger/lines.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import type { OpenDatabase } from '../../src/store/database.ts';
import { recentDrifts, recentMarksAfter, wholeDrifts, wholeMarksAfter } from '../../src/store/folds/fold-proof.ts';
import { correctFold, dropOldFolds, foldAnew, foldBack, foldForward } from '../../src/store/folds/folds.ts';
import { newPartitions } from '../../src/store/partitions.ts';
import { asFolded, foldedSums, marksOf } from '../../src/store/past/folded-past.ts';
import { organizations } from '../../src/store/schema.ts';
import { spendSince } from '../../src/store/usage/usage.ts';
import { type GivenDatabase, onEveryDatabase } from '../support/database.ts';
import { givenEnd, givenEntry, givenRefusal } from '../support/records.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Europe's clocks go forward in this night, America's went three weeks before; Lord Howe moves by half an hour a week later. */
const NIGHT_MS = Date.UTC(2025, 2, 30, 1, 0);
const ZONES = ['UTC', 'Europe/Paris', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia'];
const NAMES = ['gpt-5', 'gpt-5-nano', 'claude'];
const SCOPES: readonly (readonly [Scope, string])[] = [
  ['organization', 'org_1'],
  ['team', 'team_1'],
  ['user', 'mem_1'],
  ['key', 'key_1'],
  ['key', 'key_2'],
];
const PERIODS: readonly CalendarPeriod[] = [
  { is: 'day' },
  { is: 'week', anchorDay: 3 },
  { is: 'month', anchorDay: 1 },
  { is: 'month', anchorDay: 31 },
  { is: 'quarter', anchorMonth: 2, anchorDay: 15 },
  { is: 'year', anchorMonth: 1, anchorDay: 1 },
  { is: 'total' },
];
const MATCHES: readonly TargetMatch[] = [
  { is: 'any' },
  { is: 'exact', name: 'gpt-5' },
  { is: 'prefix', prefix: 'gpt-5' },
  { is: 'access_group', key: 'beta' },
];

/** One thing that happens, at a moment of its own. */
type Step =
  | { readonly is: 'row'; readonly agoMs: number; readonly who: number; readonly name: number; readonly nanoUsd: number }
  | { readonly is: 'refusal'; readonly agoMs: number }
  /** A row where a day of the zone ends or begins. */
  | { readonly is: 'edge'; readonly daysAgo: number; readonly byMs: number }
  | { readonly is: 'forward' | 'back' | 'anew' | 'drop' }
  | { readonly is: 'zone'; readonly zone: number }
  | { readonly is: 'later'; readonly byMs: number };

const agoMs = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 29 * MINUTE_MS }) },
  { weight: 3, arbitrary: fc.integer({ min: 30 * MINUTE_MS, max: 6 * HOUR_MS }) },
  { weight: 2, arbitrary: fc.integer({ min: 6 * HOUR_MS, max: 70 * DAY_MS }) },
);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      is: fc.constant('row' as const),
      agoMs,
      who: fc.nat(2),
      name: fc.nat(NAMES.length - 1),
      nanoUsd: fc.integer({ min: 0, max: 9_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('refusal' as const), agoMs }) },
  {
    weight: 4,
    arbitrary: fc.record({
      is: fc.constant('edge' as const),
      daysAgo: fc.oneof(fc.nat(3), fc.nat(40)),
      byMs: fc.constantFrom(-1, 0, 14 * MINUTE_MS, 59 * MINUTE_MS, -16 * MINUTE_MS),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ is: 'forward' as const }) },
  { weight: 2, arbitrary: fc.constant({ is: 'back' as const }) },
  { weight: 1, arbitrary: fc.constantFrom({ is: 'anew' as const }, { is: 'drop' as const }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('zone' as const), zone: fc.nat(ZONES.length - 1) }) },
  {
    weight: 4,
    arbitrary: fc.record({ is: fc.constant('later' as const), byMs: fc.integer({ min: MINUTE_MS, max: 9 * HOUR_MS }) }),
  },
);

onEveryDatabase('folded days', (given) => {
  beforeEach(() => empty(given));

  // promise: **A cold counter reads few rows
  test('a counter of a key reads at most 37 rows for a month, 80 for a year, and 12 more for each further year of a total', async () => {
    const { db, pool } = given();
    const nowMs = Date.UTC(2025, 11, 31, 23, 16, 59);
    // Each day of two and a half years, and each quarter of the last three days.
    await pool.query(
      `insert into rollups (organization_id, bucket_start, team_id, key_id, called_name, admitted, spend_nano_usd)
      select 'org_1', $1::timestamptz - n * interval '15 minutes', 'team_1', 'key_1', 'gpt-5', 1, 10
      from (select generate_series(0, 287) union select generate_series(0, 912) * 96) as quarters(n)`,
      [new Date(Math.floor(nowMs / (15 * MINUTE_MS)) * 15 * MINUTE_MS)],
    );
    // The next fold is due in seconds.
    while ((await foldForward(db, { organizationId: 'org_1', nowMs: nowMs - 15 * MINUTE_MS })) === 'more');
    while ((await foldBack(db, { organizationId: 'org_1' })) === 'more');
    const mark = (await marksOf(db, ['org_1'])).get('org_1') ?? null;
    const read = async (period: CalendarPeriod) => {
      const folded = asFolded(questionOf('key', 'key_1', { is: 'exact', name: 'gpt-5' }, periodAt(period, 'UTC', nowMs)), mark);
      return folded === null ? null : (await foldedSums(db, [folded])).sums[0]?.rows;
    };
    expect(await read({ is: 'month', anchorDay: 1 })).toBe(1 + 6);
    for (const period of [{ is: 'day' }, { is: 'week', anchorDay: 4 }, { is: 'month', anchorDay: 2 }] as const) {
      expect(await read(period)).toBeLessThanOrEqual(37);
    }
    for (const anchor of [
      { anchorMonth: 1, anchorDay: 1 },
      { anchorMonth: 1, anchorDay: 2 },
      { anchorMonth: 3, anchorDay: 31 },
    ]) {
      expect(await read({ is: 'quarter', ...anchor })).toBeLessThanOrEqual(80);
      expect(await read({ is: 'year', ...anchor })).toBeLessThanOrEqual(80);
    }
    expect(await read({ is: 'total' })).toBe(30 + 6);
  });

  test('with the quarters since the mark they are the ledger, whatever comes late and whenever it is folded', async () => {
    await fc.assert(
      fc
        .asyncProperty(fc.array(anyStep, { minLength: 6, maxLength: 40 }), fc.nat(20 * 24 * 60), async (steps, startMinutes) => {
          let nowMs = NIGHT_MS - 10 * DAY_MS + startMinutes * MINUTE_MS;
          for (const step of steps) {
            if (step.is === 'later') nowMs += step.byMs;
            else await happen(given(), step, nowMs);
          }
          await mustAddUp(given());
          await mustAnswerAlike(given(), nowMs);
        })
        .beforeEach(() => empty(given)),
      { numRuns: Number(process.env.FOLD_RUNS ?? 3) },
    );
  }, 120_000);

  test('a day of 23 hours and one of 25 are one row each, and the days around them begin where the zone says', async () => {
    const { db } = given();
    await db.update(organizations).set({ timeZone: 'Europe/Paris' });
    for (const [year, month, day] of [
      [2025, 2, 30],
      [2025, 9, 26],
    ] as const) {
      // Each quarter of three days of UTC one nano-dollar.
      const fromMs = Date.UTC(year, month, day - 1);
      const ends = Array.from({ length: 3 * 96 }, (_, quarter) => rowAt(fromMs + quarter * 15 * MINUTE_MS, { nanoUsd: 1 }));
      await store(given(), ends, fromMs + 4 * DAY_MS);
    }
    await foldForward(db, { organizationId: 'org_1', nowMs: Date.UTC(2025, 10, 30) });
    // Day by day, every boundary between two steps with a quarter on both sides.
    while ((await foldBack(db, { organizationId: 'org_1', rowsMax: 10 })) === 'more');
    await mustAddUp(given());
    const { rows } = await given().pool.query(
      `select day::text, nano_usd::integer as quarters from scope_days where scope = 'k' and called_name = '' and nano_usd > 40 order by day`,
    );
    const quarters = new Map(rows.map((row: { day: string; quarters: number }) => [row.day, row.quarters]));
    expect([quarters.get('2025-03-30'), quarters.get('2025-03-31')]).toEqual([23 * 4, 96]);
    expect(quarters.get('2025-10-26')).toBe(25 * 4);
  });

  test('what a previous version stores late is found by the next fold and put right, and whole months by the nightly proof', async () => {
    const { db } = given();
    const nowMs = NIGHT_MS + 5 * DAY_MS;
    await store(given(), [rowAt(nowMs - 50 * DAY_MS, {}), rowAt(nowMs - DAY_MS, {})], nowMs);
    await foldForward(db, { organizationId: 'org_1', nowMs });
    while ((await foldBack(db, { organizationId: 'org_1' })) === 'more');
    const drifts = async () => recentDrifts(db, await recentMarksAfter(db, { nowMs, after: '', most: 10 }), nowMs);
    expect(await drifts()).toEqual([]);
    await storeAsBefore(given(), [rowAt(nowMs - 20 * HOUR_MS, { nanoUsd: 77 })]);
    expect(await drifts()).toHaveLength(1);
    await correctFold(db, 'org_1', { fromMs: nowMs - 2 * DAY_MS, toMs: nowMs });
    expect(await drifts()).toEqual([]);
    await mustAddUp(given());
    await storeAsBefore(given(), [rowAt(nowMs - 40 * DAY_MS, { nanoUsd: 5 })]);
    expect(await drifts()).toEqual([]);
    expect(await wholeDrifts(db, await wholeMarksAfter(db, '', 10))).toHaveLength(1);
    await foldAnew(db, 'org_1', nowMs);
    await mustAnswerAlike(given(), nowMs);
    await foldForward(db, { organizationId: 'org_1', nowMs });
    while ((await foldBack(db, { organizationId: 'org_1' })) === 'more');
    expect(await wholeDrifts(db, await wholeMarksAfter(db, '', 10))).toEqual([]);
    await mustAddUp(given());
  });

  test('late rows and folds of the same organization at the same time lose nothing and count nothing twice', async () => {
    const { db } = given();
    const nowMs = NIGHT_MS + 2 * DAY_MS;
    const bring = async (turn: number) => {
      for (let n = 0; n < 12; n += 1) {
        await store(given(), [rowAt(nowMs - ((turn * 12 + n) % 40) * HOUR_MS, { nanoUsd: 1 + n })], nowMs);
      }
    };
    const fold = async () => {
      for (let hours = 40; hours >= 0; hours -= 1)
        await foldForward(db, { organizationId: 'org_1', nowMs: nowMs - hours * HOUR_MS });
    };
    await Promise.all([bring(0), bring(1), bring(2), fold(), fold()]);
    await fold();
    await mustAddUp(given());
  });
});

async function empty(given: GivenDatabase): Promise<void> {
  const { db, kind, pool } = given();
  await pool.query(`truncate request_records, ledger_records, request_content, rollups, team_rollups, organization_days, platform_rollups, unit_rollups,
    decision_shapes, scope_days, scope_months, scope_marks, organizations, target_labels cascade`);
  await db.insert(organizations).values({ id: 'org_1', slug: 'org_1', name: 'org_1' });
  await pool.query(`insert into access_groups (key, name) values ('beta', 'Beta') on conflict do nothing`);
  await pool.query(
    `insert into callable_targets (name, kind) values ('gpt-5', 'model'), ('claude', 'model') on conflict do nothing`,
  );
  await pool.query(`insert into target_labels (target_name, access_group) values ('gpt-5', 'beta'), ('claude', 'beta')`);
  const months = Array.from({ length: 14 }, (_, month) => Date.UTC(2024, 11 + month));
  await newPartitions(db, kind).ensure(months);
}

async function happen({ db, pool, kind }: OpenDatabase, step: Exclude<Step, { is: 'later' }>, nowMs: number): Promise<void> {
  const organizationId = 'org_1';
  const database = { db, pool, kind };
  switch (step.is) {
    case 'row':
      return store(
        database,
        [rowAt(nowMs - step.agoMs, { who: step.who, name: NAMES[step.name] as string, nanoUsd: step.nanoUsd })],
        nowMs,
      );
    case 'edge': {
      const zone = (await db.select().from(organizations))[0]?.timeZone ?? 'UTC';
      const atMs = Math.min(nowMs, localDayAt(zone, nowMs - step.daysAgo * DAY_MS).startMs + step.byMs);
      return store(database, [rowAt(atMs, { nanoUsd: 3 })], nowMs);
    }
    case 'refusal':
      return store(database, [{ ...givenRefusal({ admittedAtMs: nowMs - step.agoMs }), organizationId }], nowMs);
    case 'forward':
      while ((await foldForward(db, { organizationId, nowMs, rowsMax: 3 })) === 'more');
      return;
    case 'back':
      await foldBack(db, { organizationId, rowsMax: 3 });
      return;
    case 'anew':
      return foldAnew(db, organizationId, nowMs);
    case 'drop':
      await dropOldFolds(db, 1_000);
      return;
    case 'zone':
      await db.update(organizations).set({ timeZone: ZONES[step.zone] as string });
  }
}

interface Row {
  readonly who?: number;
  readonly name?: string;
  readonly nanoUsd?: number;
}

function rowAt(admittedAtMs: number, { who = 0, name = 'gpt-5', nanoUsd = 10 }: Row): EndRecord {
  const owner = who === 0 ? { memberId: 'mem_1', serviceAccountId: null } : {};
  return givenEnd({
    ...{ organizationId: 'org_1', teamId: `team_${who === 2 ? 2 : 1}`, keyId: `key_${who + 1}`, calledName: name, admittedAtMs },
    ...owner,
    entries: [givenEntry({ nanoUsd })],
  });
}

type Stored = Pick<OpenDatabase, 'pool'>;

function linesOf(ends: readonly EndRecord[]): readonly string[] {
  return ends.map((end) => endLine(end).trimEnd());
}

/** As the ledger writer does: in time with one statement, late with the marks held. */
async function store({ pool }: Stored, ends: readonly EndRecord[], nowMs: number): Promise<void> {
  const lines = linesOf(ends);
  const late = rowsBefore(lines, nowMs - LATE_AFTER_MS);
  if (late.length === 0) return storeAsBefore({ pool }, ends);
  const client = await pool.connect();
  try {
    await storeLate(({ text, values = [] }) => client.query({ text, values: [...values] }), late, Buffer.from(lines.join('\n')));
  } finally {
    client.release();
  }
}

/** As a version does that knows no marks. */
async function storeAsBefore({ pool }: Stored, ends: readonly EndRecord[]): Promise<void> {
  await pool.query(STORE_LINES, [linesOf(ends).join('\n')]);
}

/** Σ days + Σ quarters since the mark = Σ ledger, for each scope, under each name and all of them; and days and months agree. */
async function mustAddUp({ pool }: Stored): Promise<void> {
  const each = (source: string, at: string) => `select s.scope, s.scope_id, n.called_name, ${source}
    from ${at}, lateral (values ('o', ''), ('t', r.team_id), ('u', r.member_id), ('k', r.key_id)) as s(scope, scope_id),
    unnest(array['', r.called_name]) as n(called_name)`;
  const text = `
    with mark as (select fold, since, until, greatest(since, date_trunc('hour', until, 'UTC')) as wide_until from scope_marks),
    folded as (select scope, scope_id, called_name, requests, tokens, nano_usd from scope_days join mark using (fold)),
    months as (select scope, scope_id, called_name, sum(requests) as requests, sum(tokens) as tokens, sum(nano_usd) as nano_usd
      from scope_months join mark using (fold) group by 1, 2, 3),
    days as (select scope, scope_id, called_name, sum(requests) as requests, sum(tokens) as tokens, sum(nano_usd) as nano_usd from folded group by 1, 2, 3),
    quarters as (${each('r.admitted as requests, r.total_tokens as tokens, r.spend_nano_usd as nano_usd', 'rollups as r')}
      left join mark as m on true
      where (s.scope = 'o' or s.scope_id <> '') and (m.fold is null or m.fold = 0 or r.bucket_start < m.since
        or r.bucket_start >= case when s.scope in ('o', 't') then m.wide_until else m.until end)),
    logged as (${each(
      'r.requests, 0::bigint as tokens, 0::bigint as nano_usd',
      `(select team_id, coalesce(member_id, '') as member_id, key_id, called_name, count as requests from requests where status <> 'refused') as r`,
    )} where s.scope = 'o' or s.scope_id <> ''),
    owed as (${each(
      '0::bigint as requests, r.tokens, r.nano_usd',
      `(select team_id, coalesce(member_id, '') as member_id, key_id, called_name, total_tokens as tokens, coalesce(nano_usd, 0) as nano_usd from ledger_entries) as r`,
    )} where s.scope = 'o' or s.scope_id <> ''),
    have as (select scope, scope_id, called_name, sum(requests) as requests, sum(tokens) as tokens, sum(nano_usd) as nano_usd
      from (select * from folded union all select * from quarters) as both_parts group by 1, 2, 3),
    want as (select scope, scope_id, called_name, sum(requests) as requests, sum(tokens) as tokens, sum(nano_usd) as nano_usd
      from (select * from logged union all select * from owed) as both_parts group by 1, 2, 3)
    select 'ledger' as which, scope, scope_id, called_name, to_jsonb(have) as have, to_jsonb(want) as want
      from have full join want using (scope, scope_id, called_name)
      where (coalesce(have.requests, 0), coalesce(have.tokens, 0), coalesce(have.nano_usd, 0))
        <> (coalesce(want.requests, 0), coalesce(want.tokens, 0), coalesce(want.nano_usd, 0))
    union all
    select 'months', scope, scope_id, called_name, to_jsonb(months), to_jsonb(days) from months full join days using (scope, scope_id, called_name)
      where (coalesce(months.requests, 0), coalesce(months.tokens, 0), coalesce(months.nano_usd, 0))
        <> (coalesce(days.requests, 0), coalesce(days.tokens, 0), coalesce(days.nano_usd, 0))`;
  expect((await pool.query(text)).rows).toEqual([]);
}

/** Whatever days can answer they answer as the quarters do. */
async function mustAnswerAlike({ db }: OpenDatabase, nowMs: number): Promise<void> {
  const mark = (await marksOf(db, ['org_1'])).get('org_1') ?? null;
  const zone = (await db.select().from(organizations))[0]?.timeZone ?? 'UTC';
  const questions = SCOPES.flatMap(([scope, scopeId]) =>
    PERIODS.map((period, index) => {
      // Each period with another match each time.
      const match = MATCHES[(index + Math.floor(nowMs / MINUTE_MS)) % MATCHES.length] as TargetMatch;
      return questionOf(scope, scopeId, match, periodAt(period, zone, nowMs));
    }),
  );
  const folded = questions.map((question) => asFolded(question, mark));
  const answerable = questions.filter((_, index) => folded[index] !== null);
  if (answerable.length === 0) return;
  const { sums } = await foldedSums(
    db,
    folded.filter((one) => one !== null),
  );
  for (const [index, { counter, fromMs, toMs }] of answerable.entries()) {
    const points = await spendSince(db, counter, fromMs, toMs);
    expect([counter.name, sums[index]?.amount]).toEqual([counter.name, points.reduce((sum, { amount }) => sum + amount, 0)]);
  }
}

function questionOf(scope: Scope, scopeId: string, match: TargetMatch, { startMs, endMs }: { startMs: number; endMs: number }) {
  const unit: CounterUnit =
    (['requests', 'tokens', 'nano_usd'] as const)[((startMs / HOUR_MS + scopeId.length) % 3) | 0] ?? 'nano_usd';
  const name = `${scopeId} ${unit} ${JSON.stringify(match)} ${new Date(startMs).toISOString()}`;
  const counter: CounterSpec = {
    ...{ name, organizationId: 'org_1', scope, scopeId, unit, match },
    window: { is: 'calendar', boundariesMs: [startMs, endMs] },
  };
  return { counter, fromMs: startMs, toMs: endMs };
}
