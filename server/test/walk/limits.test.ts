import { describe, expect, test, vi } from 'vitest';
import type { ModelLimit, RateLimits } from '../../src/domain/limits/rate-limit.ts';
import { gatedProvider } from '../support/gated-provider.ts';
import { methodsOf } from '../support/methods-of.ts';
import { budget, readingsOf, wallClock } from '../support/policies.ts';
import { deployment, type House, model } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const NOON = Date.parse('2026-07-23T12:00:00Z');
const WIDE = 1_000_000;

const { open, present } = withHouse();

const statuses = async (asking: readonly Promise<{ readonly status: number }>[]) =>
  (await Promise.all(asking)).map(({ status }) => status).sort();

describe('limits for single models', () => {
  const limits = (tight: number): ModelLimit[] =>
    (
      [
        { is: 'exact', name: 'fast' },
        { is: 'prefix', prefix: 'fa' },
        { is: 'access_group', key: 'beta' },
      ] as const
    ).map((match, at) => ({ match, rateLimits: { rpm: at === tight ? 1 : WIDE } }));

  // promise: Every match applies.
  test.each([
    [0, 'fast'],
    [1, 'fa*'],
    [2, '@beta'],
  ])('each that matches must be passed, number %i too', async (tight, named) => {
    const { ask } = await open({
      organization: { modelLimits: limits(tight) },
      targets: [model('fast', [deployment()], { accessGroups: new Set(['beta']) })],
    });
    expect((await ask(HELLO)).status).toBe(200);
    const refused = await ask(HELLO);
    expect([refused.status, refused.json().error.param]).toEqual([429, 'org_rpm']);
    expect(refused.json().error.message).toContain(`for ${named};`);
  });

  // promise: They match the name called, never the deployment that serves.
  test('ask for the name that was called, whichever deployment serves and whatever it falls back to', async () => {
    const served = deployment();
    const { ask } = await open({
      organization: { modelLimits: [{ match: { is: 'exact', name: 'fast' }, rateLimits: { rpm: 1 } }] },
      targets: [
        model('fast', [served]),
        model('smart', [served], { kind: 'route_group' }),
        model('broken', [deployment({ id: 'dep_2', upstreamModel: 'fake-500' })], { fallbacks: ['fast'] }),
      ],
    });
    expect((await ask(HELLO)).status).toBe(200);
    expect((await ask(HELLO)).status).toBe(429);
    for (const name of ['smart', 'smart', 'broken', 'broken']) expect((await ask({ ...HELLO, model: name })).status).toBe(200);
  });

  // promise: `prefix*` is one shared counter.
  test('a prefix is shared by all names that begin so', async () => {
    const match = { is: 'prefix', prefix: 'gpt-5' } as const;
    const { ask } = await open({
      team: { modelLimits: [{ match, rateLimits: { rpm: 3 } }], budgets: [budget(WIDE * WIDE, { match })] },
      targets: ['gpt-5', 'gpt-5-nano', 'gpt-4'].map((name) => model(name, [deployment()])),
    });
    const call = async (name: string) => (await ask({ ...HELLO, model: name })).status;
    expect([await call('gpt-5'), await call('gpt-5-nano'), await call('gpt-5')]).toEqual([200, 200, 200]);
    expect([await call('gpt-5'), await call('gpt-5-nano'), await call('gpt-4')]).toEqual([429, 429, 200]);
    const policy = { budgets: [budget(0, { match })] };
    const spent = present()
      .rows.filter(({ calledName }) => calledName.startsWith('gpt-5'))
      .flatMap(({ entries }) => entries);
    expect(await readingsOf(present(), ['team', 'team_1'], policy)).toEqual({
      'team_budget_month:bud_1': { used: spent?.reduce((sum, { nanoUsd }) => sum + (nanoUsd ?? 0), 0), held: 0 },
    });
  });
});

describe('what is not configured', () => {
  // promise: Only configured limits are enforced.
  test('is not enforced, and what is configured beside it is', async () => {
    const { ask, change } = await open();
    expect(await statuses(Array.from({ length: 40 }, () => ask(HELLO)))).toEqual(Array(40).fill(200));
    await change({ key: { rateLimits: { rph: 2 } } });
    expect(await statuses(Array.from({ length: 5 }, () => ask(HELLO)))).toEqual([200, 200, 429, 429, 429]);
  });
});

describe('a refusal', () => {
  // promise: **A hold above the whole limit** can never pass: 429, `x-should-retry: false`, no `Retry-After`, both
  test('of what is above the whole limit says both numbers and not to come again', async () => {
    const { ask } = await open({ team: { rateLimits: { tpm: 15 } } });
    const said = await ask(HELLO);
    expect(said.status).toBe(429);
    expect([said.headers['x-should-retry'], said.headers['retry-after'], said.headers['retry-after-ms']]).toEqual([
      'false',
      undefined,
      undefined,
    ]);
    const needed = Math.ceil(Buffer.byteLength(JSON.stringify(HELLO)) / 4);
    expect(needed).toBeGreaterThan(15);
    expect(said.json().error.message).toMatch(new RegExp(`15 tokens per minute.* needs ${needed} .*so it can never pass`));
  });

  // promise: **Retry-After** = over all refusing limits, the time until enough slots expire if nothing else happens, rounded up; 1 for
  // promise: **A refusal explains itself**: the error names scope, limit, used and when it would pass
  test('names the longest of the waits, in whole seconds rounded up, and one second for a place in flight', async () => {
    const clock = wallClock(NOON);
    const gate = gatedProvider();
    const { ask, change } = await open({ clock, provider: gate.provider });
    const refusedBy = async (organization: RateLimits, key: RateLimits) => {
      await change({ organization: { rateLimits: organization }, key: { rateLimits: key } });
      const { headers, json } = await ask(HELLO);
      return [json().error.param, headers['retry-after'], headers['retry-after-ms']];
    };
    await change({ organization: { rateLimits: { rpm: 9, rph: 9, max_parallel: 9 } }, key: { rateLimits: { rpm: 9 } } });
    const flying = ask(HELLO);
    await gate.waiting(1);
    clock.turn(500);
    expect(await refusedBy({ rpm: 9, rph: 9, max_parallel: 9 }, { rpm: 1 })).toEqual(['key_rpm', '60', '59500']);
    expect(await refusedBy({ rpm: 1, rph: 1, max_parallel: 1 }, { rpm: 1 })).toEqual(['org_rph', '3600', undefined]);
    expect(await refusedBy({ rpm: 9, rph: 9, max_parallel: 1 }, { rpm: 9 })).toEqual(['org_max_parallel', '1', '1000']);
    gate.open();
    expect((await flying).status).toBe(200);
  });

  // promise: **A refused request counts nothing**; a failed one counts as a request, and tokens only
  test('counts nothing; a failure counts as a request, with the tokens it used and no others', async () => {
    const rateLimits = { rpm: 10, rph: 10, rpd: 10, tpm: WIDE, tph: WIDE, tpd: WIDE, max_parallel: 5 };
    const { ask, rows } = await open({
      organization: { rateLimits },
      team: { rateLimits: { tpm: 3 } },
      moreTeams: [{ id: 'team_2' }],
      moreKeys: [{ teamId: 'team_2' }],
      targets: [
        model('fast', [deployment()]),
        model('down', [deployment({ id: 'dep_2', upstreamModel: 'fake-500' })]),
        model('breaks', [deployment({ id: 'dep_3', upstreamModel: 'fake-fails-mid-stream' })]),
      ],
    });
    const used = async () =>
      Object.values(await readingsOf(present(), ['organization', 'org_1'], { rateLimits })).map(({ used }) => used);
    expect((await ask(HELLO)).status).toBe(429);
    expect(await used()).toEqual([0, 0, 0, 0, 0, 0, 0]);
    const secret = present().secrets[1] as string;
    expect((await ask({ ...HELLO, model: 'down' }, { secret })).status).toBe(502);
    expect(await used()).toEqual([1, 0, 1, 0, 1, 0, 0]);
    await ask({ ...HELLO, model: 'breaks', stream: true }, { secret });
    const { input = 0, output = 0 } = rows.at(-1)?.entries[0]?.usage ?? {};
    expect(output).toBeGreaterThan(0);
    expect(await used()).toEqual([2, input + output, 2, input + output, 2, input + output, 0]);
  });
});

describe('limits changed while in use', () => {
  // promise: **Changing a value keeps the counter.**
  test('keep what was used, up and down', async () => {
    const { ask, change } = await open({ organization: { rateLimits: { rpm: 2, rpd: 9 } } });
    expect(await statuses([ask(HELLO), ask(HELLO), ask(HELLO)])).toEqual([200, 200, 429]);
    await change({ organization: { rateLimits: { rpm: 3, rpd: 9 } } });
    expect(await statuses([ask(HELLO), ask(HELLO)])).toEqual([200, 429]);
    await change({ organization: { rateLimits: { rpm: 9, rpd: 1 } } });
    const refused = await ask(HELLO);
    expect(refused.json()).toMatchObject({ error: { param: 'org_rpd' }, headgate: { limit_value: 1, used: 3 } });
  });

  // promise: A newly set minute or hour limit starts empty; a new day limit is seeded from the day's log.
  // promise: Counters are named by (scope, target, period instance), not by budget: a budget added, edited
  test('newly set, a minute or hour limit starts empty, and a day limit or budget with what the day’s log holds', async () => {
    const asked: string[] = [];
    const { ask, change } = await open({
      clock: wallClock(NOON),
      seedFrom: async ({ unit, window }) => {
        asked.push(`${unit} ${window.is}`);
        return [{ atMs: NOON - 1, amount: unit === 'nano_usd' ? 700 : 3 }];
      },
    });
    for (let i = 0; i < 3; i += 1) expect((await ask(HELLO)).status).toBe(200);
    const rateLimits = { rpm: 1, tpm: WIDE, rph: 1, tph: WIDE, rpd: 4, tpd: WIDE };
    const budgets = [budget(WIDE * WIDE, { period: { is: 'day' } })];
    await change({ organization: { rateLimits, budgets } });
    const before = await readingsOf(present(), ['organization', 'org_1'], { rateLimits, budgets });
    expect(Object.values(before).map(({ used }) => used)).toEqual([0, 0, 0, 0, 3, 3, 700]);
    expect(asked).toEqual(['requests calendar', 'tokens calendar', 'nano_usd calendar']);
    expect((await ask(HELLO)).status).toBe(200);
    expect((await ask(HELLO)).json()).toMatchObject({ error: { param: 'org_rpd' }, headgate: { used: 4 } });
  });

  test('that were taken away and set again have missed nothing of the day', async () => {
    const log: { readonly atMs: number; readonly amount: number }[] = [];
    const { ask, change } = await open({ clock: wallClock(NOON), seedFrom: async () => log });
    const limited = { organization: { rateLimits: { rpd: 3 } } };
    await change(limited);
    const call = async () => {
      const { status } = await ask(HELLO);
      if (status === 200) log.push({ atMs: NOON, amount: 1 });
      return status;
    };
    expect(await call()).toBe(200);
    await change({ organization: { rateLimits: {} } });
    expect([await call(), await call()]).toEqual([200, 200]);
    await change(limited);
    expect(await call()).toBe(429);
  });

  // promise: Keys move only within an organization: their own counters move along, the team's do not, access is re-evaluated.
  test('by a key that moves: its own counters move along, those of its teams stay, and its new team’s access is what counts', async () => {
    const rateLimits = { rpm: 2 };
    const { ask, change } = await open({
      team: { rateLimits: { rpm: 9 } },
      moreTeams: [{ id: 'team_2', rateLimits: { rpm: 9 }, access: { mode: 'restrict', targets: ['fast'], accessGroups: [] } }],
      key: { rateLimits },
      targets: [model('fast', [deployment()]), model('other', [deployment({ id: 'dep_2' })])],
    });
    expect((await ask({ ...HELLO, model: 'other' })).status).toBe(200);
    await change({ key: { teamId: 'team_2' } });
    expect((await ask({ ...HELLO, model: 'other' })).json().error).toMatchObject({ param: 'team_access' });
    expect(await statuses([ask(HELLO), ask(HELLO)])).toEqual([200, 429]);
    const used = async (scope: 'team' | 'key', id: string) =>
      (await readingsOf(present(), [scope, id], { rateLimits }))[`${scope}_rpm`]?.used;
    expect([await used('key', 'key_1'), await used('team', 'team_1'), await used('team', 'team_2')]).toEqual([2, 1, 1]);
  });
});

describe('counters that answer later', () => {
  const later = () => {
    const waiting: (() => void)[] = [];
    const plan: House = {
      organization: { rateLimits: { rpm: 5, max_parallel: 1 } },
      counters: (inner) => ({
        ...methodsOf(inner),
        hold: (id, limits, wanted) => new Promise((resolve) => void waiting.push(() => resolve(inner.hold(id, limits, wanted)))),
      }),
    };
    return { plan, answer: () => waiting.splice(0).forEach((run) => void run()) };
  };

  // promise: **The counters interface** may answer later (Redis): `hold` and `settle` return a value or a promise
  test('admit and refuse as those that answer at once', async () => {
    const { plan, answer } = later();
    const { ask, counters } = await open(plan);
    const asking = [ask(HELLO), ask(HELLO)];
    await new Promise((resolve) => setTimeout(resolve, 5));
    answer();
    expect(await statuses(asking)).toEqual([200, 429]);
    expect(counters.inFlight()).toBe(0);
  });

  // promise: a client may hang up while a hold is pending.
  test('a client that hangs up while a hold is pending leaves nothing held, and no provider is asked', async () => {
    const { plan, answer } = later();
    const { ask, counters, rows, upstreamCalls } = await open(plan);
    // The counters were asked in the turn of the call, and answer only when they are told to.
    const gone = ask(HELLO, { hangUpWhen: new Promise((resolve) => setTimeout(resolve, 5)) });
    await gone;
    answer();
    await vi.waitFor(() => expect(rows).toHaveLength(1), { timeout: 10_000 });
    expect([counters.inFlight(), upstreamCalls()]).toEqual([0, 0]);
    expect(rows).toMatchObject([{ status: 'cancelled', entries: [] }]);
  });
});
