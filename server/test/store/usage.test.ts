import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Scope } from '../../src/domain/tenancy/tenancy.ts';
import { STORE_STATEMENTS } from '../../src/ledger/ledger-statement.ts';
import { endLine } from '../../src/ledger/lines.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { requestId } from '../../src/lib/id.ts';
import type { OpenDatabase } from '../../src/store/database.ts';
import { newPartitions } from '../../src/store/partitions.ts';
import * as schema from '../../src/store/schema.ts';
import { type CounterScope, recentAdmissions, spendSince } from '../../src/store/usage/usage.ts';
import { reportUsage, TooManyIntervals, type UsageGroup, type UsageQuestion } from '../../src/store/usage/usage-report.ts';
import { onEveryDatabase } from '../support/database.ts';
import { givenEnd, givenEntry, givenRefusal } from '../support/records.ts';

const START_MS = Date.UTC(2025, 2, 29, 20, 0); // The night in which Europe's clocks go forward.
const SPAN_MS = 9 * 3_600_000;
const RECORDS = madeRecords(600);

onEveryDatabase('usage', (given, kind) => {
  beforeAll(async () => {
    const { db } = given();
    await db.insert(schema.organizations).values(['org_1', 'org_2'].map((id) => ({ id, slug: id, name: id })));
    await db
      .insert(schema.deployments)
      .values(['dep_1', 'dep_2'].map((id) => ({ id, model: 'm', provider: providerOf(id), upstreamModel: 'm' })));
    await db.insert(schema.accessGroups).values({ key: 'beta', name: 'Beta' });
    await db.insert(schema.callableTargets).values(['gpt-5', 'gpt-5-nano'].map((name) => ({ name, kind: 'model' as const })));
    await db.insert(schema.targetLabels).values({ targetName: 'gpt-5', accessGroup: 'beta' });
    await newPartitions(db, kind).ensure([START_MS, Date.now()]);
    await store(given(), RECORDS);
  });

  // promise: Counters are named by (scope, target, period instance), not by
  // promise: carry admitted requests and tokens per scope and called name, so counters are rebuilt from them
  test('a calendar counter starts with exactly what its scope and target used, wherever its period begins and ends', async () => {
    await fc.assert(
      fc.asyncProperty(anyCounter, anySpan, async (counter, [fromMs, toMs]) => {
        const points = await spendSince(given().db, { ...counter, window: { is: 'calendar', boundariesMs: [] } }, fromMs, toMs);
        expect(amountOf(points)).toBe(expected(counter, fromMs, toMs));
      }),
      { numRuns: 60 },
    );
  });

  test('a trailing counter starts with everything it counts, no point earlier than what it stands for nor a slot too wide', async () => {
    const slots = fc.constantFrom(60_000, 600_000, 1_440_000, 43_200_000);
    await fc.assert(
      fc.asyncProperty(anyCounter, anySpan, slots, async (counter, [fromMs, toMs], slotMs) => {
        const points = await spendSince(given().db, { ...counter, window: { is: 'trailing', slotMs } }, fromMs, toMs);
        expect(amountOf(points)).toBe(expected(counter, fromMs, toMs));
        let before = 0;
        for (const point of points) {
          expect(point.atMs).toBeGreaterThanOrEqual(fromMs);
          // What was admitted after a point can only stand in a later one.
          expect(expected(counter, fromMs, Math.min(point.atMs + 1, toMs))).toBeLessThanOrEqual(before + point.amount);
          before += point.amount;
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a question about all time is answered, one about no time is nothing', async () => {
    const counter = { ...counterOf('organization', 'org_1'), window: { is: 'calendar', boundariesMs: [] } } as const;
    expect(amountOf(await spendSince(given().db, counter, 0, 8_640_000_000_000_000))).toBe(expected(counter, 0, Infinity));
    expect(await spendSince(given().db, counter, START_MS, START_MS)).toEqual([]);
    expect(await spendSince(given().db, { ...counter, window: { is: 'now' } }, 0, START_MS)).toEqual([]);
  });

  // promise: At a restart minute, hour and day counters are rebuilt
  test('what was admitted in the last hour is found at start, by the second for the last minute', async () => {
    const nowMs = Date.now();
    const ago = (ms: number, end: Partial<EndRecord> = {}) =>
      madeRecord({ organizationId: 'org_2', keyId: 'key_r', admittedAtMs: nowMs - ms, ...end });
    const times = [5, 20, 1_500, 30_000, 59_000, 120_000, 121_000, 3_000_000];
    await store(given(), [...times.map((ms) => ago(ms)), ago(10, { status: 'failed' }), refused(ago(10)), ago(3_700_000)]);
    const uses = (await recentAdmissions(given().db, nowMs - 3_600_000)).filter((use) => use.keyId === 'key_r');
    expect(uses.reduce((sum, use) => sum + use.requests, 0)).toBe(times.length + 1);
    expect(uses.every((use) => use.organizationId === 'org_2' && use.tokens === 30 * use.requests)).toBe(true);
    expect(uses.map((use) => use.atMs)).toEqual(uses.map((use) => use.atMs).toSorted((a, b) => a - b));
    expect(uses.at(-1)).toMatchObject({ atMs: nowMs - 5 });
    expect(uses.length).toBeGreaterThanOrEqual(5);
  });

  // promise: Keys move only within an organization: their own counters move along, the team's do not
  test('is told apart by the team and person a key belonged to then', async () => {
    const nowMs = Date.now();
    const inTeam = (teamId: string, memberId: string | null) =>
      madeRecord({ organizationId: 'org_2', keyId: 'key_moved', admittedAtMs: nowMs - 60, teamId, memberId });
    await store(given(), [inTeam('team_a', 'mem_a'), inTeam('team_b', 'mem_a'), inTeam('team_b', null)]);
    const uses = (await recentAdmissions(given().db, nowMs - 3_600_000)).filter((use) => use.keyId === 'key_moved');
    const whose = uses.map(({ teamId, memberId, requests }) => `${teamId} ${memberId} ${requests}`);
    expect(whose.toSorted()).toEqual(['team_a mem_a 1', 'team_b mem_a 1', 'team_b null 1']);
  });

  describe('a report', () => {
    const ask = (question: Partial<UsageQuestion>) =>
      reportUsage(given().db, {
        fromMs: START_MS,
        toMs: START_MS + SPAN_MS,
        groupBy: [],
        interval: null,
        timeZone: 'UTC',
        only: { organization: ['org_1', 'org_2'] },
        ...question,
      });

    test('has exact totals, and groups that add up to them, for any stretch and grouping', async () => {
      const groups = fc.subarray<UsageGroup>(['organization', 'team', 'key', 'member', 'model', 'deployment', 'provider']);
      await fc.assert(
        fc.asyncProperty(
          groups,
          anySpan,
          fc.constantFrom(null, 'hour' as const, 'day' as const),
          async (groupBy, [fromMs, toMs], interval) => {
            const report = await ask({ groupBy, interval, fromMs, toMs, timeZone: 'Europe/Paris' });
            const inside = RECORDS.filter((record) => record.admittedAtMs >= fromMs && record.admittedAtMs < toMs);
            expect(report.total).toMatchObject(naiveTotals(inside));
            for (const name of ['requests', 'refused_requests', 'total_tokens', 'spend_nano_usd'] as const) {
              expect(report.lines.reduce((sum, line) => sum + line.sums[name], 0n)).toBe(report.total[name]);
            }
          },
        ),
        { numRuns: 40 },
      );
    });

    test('by the tags of requests is exact for each tag and for what had none, for any stretch, grouping and filter', async () => {
      const groups = fc.subarray<UsageGroup>(['team', 'deployment', 'model']);
      const filters = fc.constantFrom({}, { tag: ['a'] }, { deployment: ['dep_1'] }, { tag: ['b'], key: ['key_1'] });
      await fc.assert(
        fc.asyncProperty(groups, filters, anySpan, async (more, only, [fromMs, toMs]) => {
          const question = { only: { organization: ['org_1'], ...only }, fromMs, toMs };
          const report = await ask({ ...question, groupBy: ['tag', ...more] });
          const inside = RECORDS.filter((record) => {
            const { organizationId, deploymentId, keyId, tags = [], admittedAtMs } = record;
            const isOf = (wanted: string[] | undefined, value: string | null) =>
              wanted === undefined || wanted.includes(value ?? '');
            const { tag, deployment, key } = only as Partial<Record<UsageGroup, string[]>>;
            const isTagged = tag === undefined || tags.some((one) => tag.includes(one));
            const isInside = organizationId === 'org_1' && admittedAtMs >= fromMs && admittedAtMs < toMs;
            return isInside && isTagged && isOf(deployment, deploymentId) && isOf(key, keyId);
          });
          const wanted = (only as { tag?: string[] }).tag ?? ['a', 'b', null];
          for (const tag of wanted) {
            const own = inside.filter(({ tags = [] }) => (tag === null ? tags.length === 0 : tags.includes(tag)));
            const lines = report.lines.filter((line) => line.groups.tag === tag);
            for (const [name, sum] of Object.entries(naiveTotals(own))) {
              const told = lines.reduce((total, line) => total + line.sums[name as 'requests'], 0n);
              expect([tag, name, told]).toEqual([tag, name, sum]);
            }
            expect(lines.length > 0).toBe(own.length > 0);
          }
          expect(report.total).toMatchObject(naiveTotals(inside));
          expect((await ask({ ...question, groupBy: more })).total).toMatchObject(naiveTotals(inside));
        }),
        { numRuns: 40 },
      );
    });

    // promise: A request counts once under its end user, once under its session and once under its client
    test('by the origin of requests is exact for each name and for what names none, for any stretch, grouping and filter', async () => {
      const by = fc.constantFrom('end_user' as const, 'session' as const, null);
      const groups = fc.subarray<UsageGroup>(['client', 'team', 'deployment']);
      const filters = fc.constantFrom(
        {},
        { deployment: ['dep_1'] },
        { client: ['codex'] },
        { client: ['other'], key: ['key_1'] },
      );
      const names = fc.constantFrom<readonly string[] | null>(null, ['u1'], ['nobody']);
      await fc.assert(
        fc.asyncProperty(by, groups, filters, names, anySpan, async (kind, more, only, wanted, [fromMs, toMs]) => {
          const named = kind === null || wanted === null ? {} : { [kind]: wanted };
          const question = { only: { organization: ['org_1'], ...only, ...named }, fromMs, toMs, withUnits: true };
          const groupBy: UsageGroup[] = kind === null ? more : [kind, ...more];
          const report = await ask({ ...question, groupBy });
          const nameOf = ({ attribution }: EndRecord) =>
            (kind === 'end_user' ? attribution?.endUser : kind === 'session' ? attribution?.session : null) ?? null;
          const clientOf = ({ attribution }: EndRecord) => attribution?.client ?? 'other';
          const { client, deployment, key } = only as Partial<Record<UsageGroup, string[]>>;
          const inside = RECORDS.filter(
            (record) =>
              record.organizationId === 'org_1' &&
              record.admittedAtMs >= fromMs &&
              record.admittedAtMs < toMs &&
              (kind === null || wanted === null || wanted.includes(nameOf(record) ?? '')) &&
              (client?.includes(clientOf(record)) ?? true) &&
              (deployment?.includes(record.deploymentId ?? '') ?? true) &&
              (key?.includes(record.keyId) ?? true),
          );
          expect(report.total).toMatchObject(naiveTotals(inside));
          const lineOf = (name: string | null, client: string) =>
            `${kind === null ? '' : name} ${more.includes('client') ? client : ''}`;
          const records = Map.groupBy(inside, (record) => lineOf(nameOf(record), clientOf(record)));
          const lines = Map.groupBy(report.lines, ({ groups }) =>
            lineOf(kind === null ? null : (groups[kind] ?? null), groups.client ?? ''),
          );
          if (groupBy.length > 0) expect([...lines.keys()].toSorted()).toEqual([...records.keys()].toSorted());
          for (const [line, own] of groupBy.length > 0 ? records : []) {
            for (const [name, sum] of Object.entries(naiveTotals(own))) {
              const told = lines.get(line)?.reduce((total, { sums }) => total + sums[name as 'requests'], 0n);
              expect([line, name, told]).toEqual([line, name, sum]);
            }
          }
        }),
        { numRuns: 60 },
      );
    });

    test('cuts days and hours where the zone does, also where a clock goes forward', async () => {
      const days = await ask({ interval: 'day', timeZone: 'Europe/Paris' });
      expect(days.lines.map((line) => line.startMs)).toEqual([Date.UTC(2025, 2, 28, 23), Date.UTC(2025, 2, 29, 23)]);
      const hours = await ask({ interval: 'hour', timeZone: 'Asia/Kathmandu' });
      expect(hours.lines.every((line) => (line.startMs ?? 0) % 3_600_000 === 900_000)).toBe(true);
    });

    test('narrows to what is asked and to what the reader may see', async () => {
      const mine = await ask({
        groupBy: ['key'],
        only: { organization: ['org_1'], key: ['key_1'], deployment: ['dep_1'] },
        fromMs: START_MS + 1,
      });
      expect(mine.lines.map((line) => line.groups)).toEqual([{ key: 'key_1' }]);
      expect((await ask({ only: { organization: ['org_9'] } })).total.requests).toBe(0n);
      const reaches = [{ is: 'team', organizationId: 'org_1', teamId: 'team_2' }] as const;
      const seen = await ask({ groupBy: ['organization', 'team'], reaches });
      expect(seen.lines.map((line) => line.groups)).toEqual([{ organization: 'org_1', team: 'team_2' }]);
      expect((await ask({ reaches: [] })).total.requests).toBe(0n);
    });

    test('without an organization is about all of them', async () => {
      const all = await ask({ groupBy: ['organization'], only: {}, fromMs: START_MS + 1 });
      expect(all.lines.map((line) => line.groups.organization).toSorted()).toEqual(['org_1', 'org_2']);
    });

    test('refuses more intervals than anybody can read', async () => {
      await expect(ask({ interval: 'hour', fromMs: 0 })).rejects.toThrow(TooManyIntervals);
    });
  });
});

const anySpan = fc
  .tuple(fc.integer({ min: -SPAN_MS, max: SPAN_MS * 2 }), fc.integer({ min: 1, max: SPAN_MS * 2 }), fc.boolean())
  .map(([offset, length, isRound]) => {
    const round = (ms: number) => (isRound ? Math.floor(ms / 900_000) * 900_000 : ms);
    return [START_MS + round(offset), START_MS + round(offset) + Math.max(round(length), 1)] as const;
  });

const anyCounter: fc.Arbitrary<CounterScope> = fc
  .record({
    organizationId: fc.constant('org_1'),
    scope: fc.constantFrom<Scope>('organization', 'team', 'user', 'key'),
    unit: fc.constantFrom('requests' as const, 'tokens' as const, 'nano_usd' as const),
    match: fc.constantFrom(
      { is: 'any' as const },
      { is: 'exact' as const, name: 'gpt-5' },
      { is: 'prefix' as const, prefix: 'gpt-5' },
      { is: 'prefix' as const, prefix: 'g_t%' },
      { is: 'access_group' as const, key: 'beta' },
      { is: 'access_group' as const, key: 'nobody' },
    ),
  })
  .map((counter) => ({ ...counter, scopeId: SCOPE_IDS[counter.scope], window: { is: 'now' as const } }));

const SCOPE_IDS = { organization: 'org_1', team: 'team_1', user: 'mem_1', key: 'key_1' } as const;

function counterOf(scope: Scope, scopeId: string): CounterScope {
  return { organizationId: 'org_1', scope, scopeId, unit: 'nano_usd', match: { is: 'any' }, window: { is: 'now' } };
}

/** What a counter must come to, by looking at every record. */
function expected(counter: Omit<CounterScope, 'window'>, fromMs: number, toMs: number): number {
  const { scope, scopeId, match, unit } = counter;
  const covers = (record: EndRecord) => {
    const id = { organization: record.organizationId, team: record.teamId, user: record.memberId, key: record.keyId }[scope];
    const name = record.calledName;
    if (record.organizationId !== 'org_1' || id !== scopeId || record.admittedAtMs < fromMs || record.admittedAtMs >= toMs)
      return false;
    if (match.is === 'exact') return name === match.name;
    if (match.is === 'prefix') return name.startsWith(match.prefix);
    return match.is === 'any' || (match.is === 'access_group' && match.key === 'beta' && name === 'gpt-5');
  };
  const amount = (record: EndRecord) => {
    if (unit === 'requests') return record.status === 'refused' ? 0 : record.count;
    return record.entries.reduce((sum, entry) => sum + (unit === 'tokens' ? tokensOf(entry.usage) : (entry.nanoUsd ?? 0)), 0);
  };
  return RECORDS.filter(covers).reduce((sum, record) => sum + amount(record), 0);
}

function naiveTotals(records: readonly EndRecord[]) {
  const count = (...statuses: string[]) =>
    BigInt(records.filter((record) => statuses.includes(record.status)).reduce((sum, record) => sum + record.count, 0));
  const entries = records.flatMap((record) => record.entries);
  return {
    requests: count('succeeded', 'failed', 'cancelled'),
    estimated_requests: count('estimated'),
    refused_requests: count('refused'),
    unpriced_requests: BigInt(records.filter((record) => record.entries.some((entry) => entry.nanoUsd === null)).length),
    output_tokens: BigInt(entries.reduce((sum, entry) => sum + (entry.usage.output ?? 0), 0)),
    total_tokens: BigInt(entries.reduce((sum, entry) => sum + tokensOf(entry.usage), 0)),
    spend_nano_usd: BigInt(entries.reduce((sum, entry) => sum + (entry.nanoUsd ?? 0), 0)),
  };
}

function tokensOf(usage: Readonly<Record<string, number>>): number {
  return Object.values(usage).reduce((sum, tokens) => sum + tokens, 0);
}

function amountOf(points: readonly { readonly amount: number }[]): number {
  return points.reduce((sum, point) => sum + point.amount, 0);
}

/** The same every time: a few scopes, names, ends and prices over nine hours. */
function madeRecords(count: number): readonly EndRecord[] {
  const pick = <T>(items: readonly T[], index: number) => items[index % items.length] as T;
  return Array.from({ length: count }, (_, index) => {
    const deploymentId = pick(['dep_1', 'dep_2'], index * 7);
    const nanoUsd = index % 11 === 0 ? null : 1_000 + index;
    const usage = { input: index, output: index * 2, ...(index % 5 === 0 ? { audio_input: 3 } : {}) };
    const record = madeRecord({
      organizationId: pick(['org_1', 'org_1', 'org_2'], index),
      teamId: pick(['team_1', 'team_2'], index >> 1),
      keyId: pick(['key_1', 'key_2', 'key_3'], index >> 2),
      memberId: pick(['mem_1', null], index),
      calledName: pick(['gpt-5', 'gpt-5-nano', 'claude', 'g_t%'], index * 3),
      admittedAtMs: START_MS + Math.floor((index * SPAN_MS * 0.618_034) % SPAN_MS),
      status: pick(['succeeded', 'succeeded', 'failed', 'cancelled', 'estimated'] as const, index),
      deploymentId,
      provider: providerOf(deploymentId),
      entries: [givenEntry({ deploymentId, provider: providerOf(deploymentId), usage, nanoUsd })],
      ...tagsOf(pick([[], ['a'], ['a', 'b'], [], ['b']], index)),
      attribution: {
        endUser: pick(['u1', null, 'u2', 'u1', null, null, 'u3'], index),
        session: pick([null, 's1', 'u1'], index >> 3),
        client: pick(['codex', null, 'curl', null, 'codex'] as const, index >> 2),
      },
    });
    return index % 13 === 0 ? refused(record) : record;
  });
}

function madeRecord(end: Partial<EndRecord>): EndRecord {
  return givenEnd({ ...end, requestId: requestId(end.admittedAtMs) });
}

function tagsOf(tags: string[]) {
  return { tags, tagRoute: tags.length === 0 ? '' : `${tags.length}.tshape` };
}

function refused({
  requestId: id,
  organizationId,
  teamId,
  keyId,
  memberId,
  calledName,
  admittedAtMs,
  tags = [],
  tagRoute = '',
  attribution,
}: EndRecord): EndRecord {
  return givenRefusal({
    requestId: id,
    organizationId,
    teamId,
    keyId,
    memberId,
    calledName,
    admittedAtMs,
    tags,
    tagRoute,
    ...(attribution === undefined ? {} : { attribution }),
    count: 3,
  });
}

function providerOf(deploymentId: string): string {
  return deploymentId === 'dep_1' ? 'openai' : 'anthropic';
}

async function store({ pool }: OpenDatabase, records: readonly EndRecord[]): Promise<void> {
  await pool.query(STORE_STATEMENTS.every, [
    records
      .map((record) => endLine(record))
      .join('')
      .slice(0, -1),
  ]);
}
