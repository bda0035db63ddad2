/** The past of counters by tag and end user, as a process reads it after a restart. */
import { expect, test } from 'vitest';
import type { CounterSpec } from '../../src/domain/limits/limit-plan.ts';
import { planLimits, planWithLabels, rulesOfScope } from '../../src/domain/limits/limit-plan.ts';
import type { Caller, ScopePolicy } from '../../src/domain/tenancy/tenancy.ts';
import { NAMES_MAX, OTHER_NAME } from '../../src/domain/usage/attribution.ts';
import { countedUses } from '../../src/domain/usage/settled-uses.ts';
import { endLine } from '../../src/ledger/lines.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { createCounterPast } from '../../src/store/past/counter-past.ts';
import type { Follower } from '../../src/store/past/stored-since.ts';
import { noteLimitedTags } from '../../src/store/tenancy/label-rules.ts';
import { settledUseOf } from '../../src/store/usage/settled-use.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onEveryDatabase } from '../support/database.ts';
import { givenEnd, givenEntry, TEST_TIME_MS } from '../support/records.ts';

const HOUR_MS = 3_600_000;
const ZONE = 'UTC';
const LIMITS = { rpd: 100, tpd: 100_000 };
const month = (match: object) =>
  ({
    ...{ id: 'bud_1', amountNanoUsd: 1_000_000, period: { is: 'month', anchorDay: 1 }, match, thresholdsPercent: [] },
    ...{ action: 'block', clampOutput: false },
  }) as const;

const still = (uses: ReturnType<typeof countedUses> = []): Follower => ({
  reached: Promise.resolve(),
  usesIn: async () => uses,
  end: () => {},
});

const TAG = { is: 'tag', tag: 'research' } as const;
const EACH = { is: 'end_user', name: null } as const;
const policy = {
  ...{ rateLimits: {}, modelLimits: [], budgets: [] },
  labelLimits: [TAG, EACH].map((match) => ({ match, rateLimits: LIMITS, budgets: [month(match)] })),
} as unknown as ScopePolicy;

/** The counters of a key's limits for a request with the tag, of an end user. */
function counters(organizationId: string, endUser: string): readonly CounterSpec[] {
  const none = { rateLimits: {}, modelLimits: [], budgets: [] };
  const caller = {
    organization: { ...none, id: organizationId, timeZone: ZONE },
    team: { ...none, id: 'team_1' },
    member: null,
    key: { ...policy, id: 'key_1' },
  } as unknown as Caller;
  const plan = planLimits(caller, 'gpt-5', new Set(), TEST_TIME_MS);
  return planWithLabels(plan, caller, { tags: ['research'], endUser }, TEST_TIME_MS).counters;
}

const used = (organizationId: string, more: Partial<EndRecord>, hours = 1) =>
  givenEnd({
    ...{ organizationId, teamId: 'team_1', keyId: 'key_1', calledName: 'gpt-5', admittedAtMs: TEST_TIME_MS - hours * HOUR_MS },
    entries: [givenEntry({ nanoUsd: 1_000, usage: { input: 7, output: 3 } })],
    ...more,
  });
const by = (endUser: string | null, ...tags: string[]) => ({
  ...(tags.length === 0 ? {} : { tags, tagRoute: `${tags.length}.` }),
  attribution: { endUser, session: null, client: null },
});

onEveryDatabase('the past of counters by label', (given) => {
  const asked = async (organizationId: string, endUser: string, uses: ReturnType<typeof countedUses> = []) => {
    const { db } = given();
    const past = createCounterPast({ db, follow: () => still(uses), groupsOf: () => new Set() });
    const sums: number[] = [];
    for (const counter of counters(organizationId, endUser)) {
      const { window } = counter;
      if (window.is !== 'calendar') throw new Error('every counter here has a period');
      const fromMs = window.boundariesMs[1] as number;
      const points = await past.ask(counter, fromMs, window.boundariesMs[2] as number, () => {});
      const sum = points.reduce((total, { amount }) => total + amount, 0);
      sums.push(sum);
      // Pages that read the ledger while the counters are away say the same.
      if (uses.length === 0) expect(await settledUseOf(db, counter, TEST_TIME_MS)).toBe(sum);
    }
    return sums;
  };

  // promise: After a restart these counters know their past
  test('is what was used with the tag, and by the end user, in this organization and with this key alone', async () => {
    const others = [
      used('org_b', by('alice', 'research')),
      used('org_a', { ...by('alice', 'research'), keyId: 'key_2' }),
      used('org_a', by('bob', 'other')),
      used('org_a', { ...by('alice', 'research'), status: 'refused', entries: [] }),
      used('org_a', by('alice', 'research'), 24 * 40),
    ];
    const counted = [
      used('org_a', by('alice', 'research')),
      used('org_a', by('alice')),
      used('org_a', by('bob', 'research', 'x')),
    ];
    await storeRecords(given(), [...others, ...counted]);
    // Requests and tokens of the day, money of the month: of the tag, then of alice.
    expect(await asked('org_a', 'alice')).toEqual([2, 20, 2_000, 2, 20, 2_000]);
    expect((await asked('org_a', 'bob')).slice(3)).toEqual([2, 20, 2_000]);
    expect(await asked('org_b', 'alice')).toEqual([1, 10, 1_000, 1, 10, 1_000]);
    expect((await asked('org_a', 'nobody')).slice(3)).toEqual([0, 0, 0]);
  });

  test('leaves out what the counters count themselves', async () => {
    const stored = used('org_c', by('alice', 'research'));
    await storeRecords(given(), [stored]);
    const bytes = Buffer.from(endLine(stored));
    const uses = countedUses({ bytes, starts: [0] } as unknown as Parameters<typeof countedUses>[0], 0, 1);
    expect(uses).toMatchObject([{ labels: { tags: ['research'], endUser: 'alice' } }]);
    expect(await asked('org_c', 'alice', uses)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('of a tag that a limit names is told apart however many tags the month has', async () => {
    const { db, pool } = given();
    await noteLimitedTags(db, 'org_d', policy.labelLimits ?? []);
    const invented = Array.from({ length: NAMES_MAX.tag.names }, (_, index) => used('org_d', by(null, `a${index}`)));
    await storeRecords(given(), invented);
    await storeRecords(given(), [used('org_d', by(null, 'research')), used('org_d', by(null, 'beyond'))]);
    expect((await asked('org_d', 'nobody')).slice(0, 3)).toEqual([1, 10, 1_000]);
    const { rows } = await pool.query(`select tag from tag_rollups where organization_id = 'org_d' and tag in ('beyond', $1)`, [
      OTHER_NAME,
    ]);
    expect(rows).toEqual([{ tag: OTHER_NAME }]);
  });

  test('a page of limits lists those of tags, and none of end users', () => {
    const { rules } = rulesOfScope({ organizationId: 'o', scope: 'key', scopeId: 'key_1' }, policy, ZONE, TEST_TIME_MS);
    expect(rules.map(({ id }) => id)).toEqual(['key_rpd:tag=research', 'key_tpd:tag=research', 'key_budget_month:bud_1']);
  });
});
