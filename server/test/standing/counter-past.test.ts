import { expect, test } from 'vitest';
import type { CounterSpec } from '../../src/domain/limit-plan.ts';
import { rulesOfScope } from '../../src/domain/limit-plan.ts';
import { askTogether } from '../../src/store/counter-past.ts';
import { spendSince } from '../../src/store/usage.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onEveryDatabase } from '../support/database.ts';
import { givenEnd, givenEntry, TEST_TIME_MS } from '../support/records.ts';

const HOUR_MS = 3_600_000;
const TEAM = { scope: 'team', scopeId: 'team_own' } as const;
const MEMBER = { scope: 'user', scopeId: 'mem_own' } as const;
const KEY = { scope: 'key', scopeId: 'key_own' } as const;
const ZONES = ['UTC', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia'];

onEveryDatabase('the past of many counters', (given) => {
  function countersOf(
    organizationId: string,
    timeZone: string,
    of: Pick<CounterSpec, 'scope' | 'scopeId'> = { scope: 'organization', scopeId: organizationId },
  ): readonly CounterSpec[] {
    const any = { is: 'any' } as const;
    const rest = { thresholdsPercent: [], action: 'block', clampOutput: false, match: any, amountNanoUsd: 1 } as const;
    const budgets = [
      { ...rest, id: 'month', period: { is: 'month', anchorDay: 1 } } as const,
      { ...rest, id: 'week', period: { is: 'week', anchorDay: 2 } } as const,
      { ...rest, id: 'total', period: { is: 'total' } } as const,
      { ...rest, id: 'rolling', period: { is: 'rolling', hours: 48 } } as const,
      { ...rest, id: 'one', period: { is: 'month', anchorDay: 1 }, match: { is: 'exact', name: 'gpt-5-nano' } } as const,
    ];
    const policy = { rateLimits: { rpd: 1, tpd: 1, rph: 1 }, modelLimits: [], budgets };
    return rulesOfScope({ organizationId, ...of }, policy, timeZone, TEST_TIME_MS).counters;
  }

  test('is the same asked together as asked one by one, in every zone', async () => {
    const { db } = given();
    const records = ZONES.flatMap((_, zone) =>
      [1, 2, 5, 11, 20, 26, 60, 200, 700].map((hours) =>
        givenEnd({
          organizationId: `org_${zone}`,
          // Somebody's own, and of others in the same organization.
          ...(hours % 2 === 0 ? { teamId: 'team_own', keyId: 'key_own', memberId: 'mem_own', serviceAccountId: null } : {}),
          admittedAtMs: TEST_TIME_MS - hours * HOUR_MS - hours * 61_000,
          entries: [givenEntry({ nanoUsd: 1_000 + hours + zone })],
        }),
      ),
    );
    await storeRecords(given(), records);
    const asked = ZONES.flatMap((zone, index) =>
      [undefined, TEAM, MEMBER, KEY].flatMap((of) => countersOf(`org_${index}`, zone, of)),
    ).map((counter) => ({ counter, ...spanOf(counter) }));
    const together = askTogether(db, (work) => work());
    const all = await Promise.all(asked.map(({ counter, fromMs, toMs }) => together(counter, fromMs, toMs, () => {})));
    const each = await Promise.all(asked.map(({ counter, fromMs, toMs }) => spendSince(db, counter, fromMs, toMs)));
    expect(all.map(total)).toEqual(each.map(total));
    const scopesThatUsed = new Set(asked.filter((_, index) => total(all[index] ?? []) > 0).map(({ counter }) => counter.scope));
    expect(scopesThatUsed.size).toBe(4);
  });

  test('asked while an answer is under way it waits for that one, and is answered as of then together with whoever waited too', async () => {
    const said: string[] = [];
    const works: (() => Promise<void>)[] = [];
    const barrier = (work: () => Promise<void>) => {
      said.push('barrier');
      return new Promise<void>((done, fail) => works.push(() => work().then(done, fail)));
    };
    const ask = askTogether(given().db, barrier);
    const [counter] = countersOf('org_nobody', 'UTC') as [CounterSpec];
    const asking = (name: string) => ask(counter, 0, 1, () => said.push(name));
    const first = [asking('first'), asking('first')];
    await Promise.resolve();
    const later = [asking('later'), asking('later'), asking('later')];
    await Promise.resolve();
    expect(said).toEqual(['barrier', 'first', 'first']);
    await works[0]?.();
    expect(await Promise.all(first)).toEqual([[], []]);
    expect(said).toEqual(['barrier', 'first', 'first', 'barrier', 'later', 'later', 'later']);
    await works[1]?.();
    expect(await Promise.all(later)).toEqual([[], [], []]);
    const again = asking('again');
    await Promise.resolve();
    await works[2]?.();
    expect(await again).toEqual([]);
  });

  test('of questions that take a statement each no more stand in one answer than the writer can wait for, and all are answered', async () => {
    let answers = 0;
    const ask = askTogether(given().db, (work) => {
      answers += 1;
      return work();
    });
    const all = countersOf('org_nobody', 'UTC');
    const rolling = all.find(({ window, unit }) => window.is === 'trailing' && unit === 'nano_usd') as CounterSpec;
    const daily = all.find(({ window }) => window.is === 'calendar') as CounterSpec;
    const asked = Array.from({ length: 100 }, (_, index) => ask(index % 2 === 0 ? rolling : daily, 0, 1, () => {}));
    expect(await Promise.all(asked)).toEqual(asked.map(() => []));
    expect(answers).toBe(2);
  });

  test('a barrier that fails fails all that were asked with it, and none that come after', async () => {
    let isAway = true;
    const ask = askTogether(given().db, (work) => (isAway ? Promise.reject(new Error('away')) : work()));
    const [counter] = countersOf('org_nobody', 'UTC') as [CounterSpec];
    const asking = () => ask(counter, 0, 1, () => {});
    const outcomes = await Promise.allSettled([asking(), asking()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isAway = false;
    expect(await asking()).toEqual([]);
  });
});

function spanOf({ window }: CounterSpec): { fromMs: number; toMs: number } {
  if (window.is === 'calendar') return { fromMs: window.boundariesMs[0] as number, toMs: window.boundariesMs[1] as number };
  return { fromMs: TEST_TIME_MS - 48 * HOUR_MS, toMs: TEST_TIME_MS + HOUR_MS };
}

function total(points: readonly { readonly amount: number }[]): number {
  return points.reduce((sum, point) => sum + point.amount, 0);
}
