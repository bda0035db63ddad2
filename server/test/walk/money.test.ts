import { describe, expect, test } from 'vitest';
import type { Wanted } from '../../src/counters/counters.ts';
import { costNanoUsd, upperBoundNanoUsd } from '../../src/domain/money/price.ts';
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { UpstreamFailure } from '../../src/upstream/call.ts';
import { gatedProvider } from '../support/gated-provider.ts';
import { handTime } from '../support/hand-time.ts';
import { methodsOf } from '../support/methods-of.ts';
import { budget, readingsOf, wallClock } from '../support/policies.ts';
import { deployment, type House, model, type WalkHouse } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { max_tokens: _, ...UNBOUNDED } = HELLO;
const BYTES = Buffer.byteLength(JSON.stringify(HELLO));
const PLENTY = 1e12;

const { open, present } = withHouse();

const price = deployment().prices[0] as ReturnType<typeof deployment>['prices'][number];
const free = { id: 'price_free', effectiveFromMs: 0, perMillion: { input: 0, output: 0 } };

/** A house that notes what each request wants to hold. */
async function openNoting(plan: House): Promise<WalkHouse & { readonly wanted: Wanted[] }> {
  const wanted: Wanted[] = [];
  const noted = await open({
    ...plan,
    counters: (inner) => ({
      ...methodsOf(inner),
      hold: (id, limits, amounts) => {
        wanted.push(amounts);
        return inner.hold(id, limits, amounts);
      },
    }),
  });
  return { ...noted, wanted };
}

describe('a budget', () => {
  // promise: A budget of 0 refuses everything, free models too.
  test('of 0 refuses a free model too', async () => {
    const targets = [model('fast', [deployment({ prices: [free] })])];
    const { ask, change, upstreamCalls } = await open({ targets, key: { budgets: [budget(0)] } });
    const refused = await ask(HELLO);
    expect([refused.status, refused.json().error.code, refused.json().error.param]).toEqual([
      429,
      'insufficient_quota',
      'key_budget_month',
    ]);
    expect(upstreamCalls()).toBe(0);
    await change({ key: { budgets: [budget(1)] } });
    expect((await ask(HELLO)).status).toBe(200);
  });

  // promise: zero is free.
  test('is not touched by a model whose price is zero', async () => {
    const targets = [model('fast', [deployment({ prices: [free] })])];
    const { ask, rows } = await open({ targets, key: { budgets: [budget(1)] } });
    expect((await ask(HELLO)).status).toBe(200);
    expect(rows[0]?.entries).toMatchObject([{ kind: 'usage', nanoUsd: 0, priceId: 'price_free' }]);
  });

  // promise: **A `block` budget holds an upper bound**: input = one token per body byte + 512
  test('holds a token for every byte and 512 more, and every choice’s whole output, at the dearest candidate', async () => {
    const dear = {
      id: 'price_dear',
      effectiveFromMs: 0,
      perMillion: { input: 90_000_000, cached_input: 95_000_000, output: 10 },
    };
    const { ask, wanted } = await openNoting({
      key: { budgets: [budget(PLENTY)] },
      targets: [model('fast', [deployment(), deployment({ id: 'dep_2', prices: [dear], priority: 1 })])],
    });
    const body = { ...HELLO, n: 3 };
    await ask(body);
    const input = Buffer.byteLength(JSON.stringify(body)) + 512;
    const most = [price, dear].map((one) => Number(upperBoundNanoUsd(input, 150, one)));
    expect(wanted).toMatchObject([{ nanoUsd: Math.max(...most), nanoUsdMin: Math.max(...most) }]);
    expect(most[1]).toBe(Math.ceil(input * 95 + 150 * 0.00001));
  });

  // promise: What cannot be bounded (no `max_tokens` and no `clamp_output`) is held at the adaptive estimate
  test('holds the adaptive estimate where the caller bounds nothing, and what the key’s answers need once they are known', async () => {
    const { ask, wanted, rows } = await openNoting({ key: { budgets: [budget(PLENTY)] } });
    for (let i = 0; i < 21; i += 1) await ask(UNBOUNDED);
    const input = Buffer.byteLength(JSON.stringify(UNBOUNDED)) + 512;
    const output = rows[0]?.entries[0]?.usage.output as number;
    expect(wanted[0]?.nanoUsd).toBe(Number(upperBoundNanoUsd(input, 4_096, price)));
    expect(wanted[20]?.nanoUsd).toBe(Number(upperBoundNanoUsd(input, output, price)));
  });
});

describe('a model without a price', () => {
  const unpriced = [model('fast', [deployment({ prices: [] })])];

  // promise: **No price**: refused 403 `model_not_priced` if any `block` budget covers the request; otherwise spend is null
  test.each(['organization', 'team', 'key'] as const)(
    'is refused where a hard budget of the %s covers the call, and only there',
    async (scope) => {
      const covered = { [scope]: { budgets: [budget(PLENTY)] } };
      const { ask, upstreamCalls } = await open({ targets: unpriced, ...covered });
      const said = await ask(HELLO);
      expect([said.status, said.json().error.code, upstreamCalls()]).toEqual([403, 'model_not_priced', 0]);
      const others = { budgets: [budget(PLENTY, { action: 'alert' }), budget(PLENTY, { match: { is: 'exact', name: 'dear' } })] };
      const { ask: askUncovered, rows } = await open({ targets: unpriced, [scope]: others });
      expect((await askUncovered(HELLO)).status).toBe(200);
      expect(rows[0]?.entries).toMatchObject([{ nanoUsd: null, priceId: null }]);
    },
  );

  // promise: Never free silently.
  test('does not serve as a fallback of a priced one under a hard budget', async () => {
    const targets = [
      model('fast', [deployment({ upstreamModel: 'fake-500' }), deployment({ id: 'dep_2', prices: [], priority: 1 })]),
    ];
    const { ask, rows } = await open({ targets, key: { budgets: [budget(PLENTY)] } });
    expect((await ask(HELLO)).status).toBe(502);
    expect(rows).toMatchObject([{ status: 'failed', entries: [] }]);
  });

  test('leaves the one with a price alone under a hard budget, which is then tried even while it cools down', async () => {
    const unpriced = deployment({ id: 'dep_2', prices: [], priority: 1 });
    const targets = [model('fast', [deployment(), unpriced])];
    const { ask, rows, gateway } = await open({ targets, key: { budgets: [budget(PLENTY)] } });
    for (let i = 0; i < 3; i += 1) gateway.health.failed('dep_1', null);
    expect(gateway.health.fitness('dep_1')).toBe('cooling');
    expect((await ask(HELLO)).status).toBe(200);
    expect(rows).toMatchObject([{ status: 'succeeded', deploymentId: 'dep_1' }]);
  });

  test('does not take the probe of one with a price under a hard budget', async () => {
    const time = handTime();
    const others = ['dep_2', 'dep_3'].map((id) => deployment({ id, priority: 1 }));
    const targets = [model('fast', [deployment({ prices: [] }), ...others])];
    const { ask, rows, gateway } = await open({ targets, clock: time.clock, key: { budgets: [budget(PLENTY)] } });
    for (const id of ['dep_1', 'dep_2', 'dep_3']) for (let i = 0; i < 3; i += 1) gateway.health.failed(id, null);
    time.pass(5_000);
    expect((await ask(HELLO)).status).toBe(200);
    expect(rows).toMatchObject([{ status: 'succeeded', deploymentId: 'dep_2' }]);
    expect(gateway.health.fitness('dep_1')).toBe('probe');
  });
});

describe('each attempt settles itself', () => {
  /** Fails as it is told, without a network. */
  const failing = (fail: (sink: Parameters<Provider['open']>[1]) => void): Provider => ({
    ...createFakeProvider(),
    open: (_request, sink) => {
      setImmediate(() => fail(sink));
      return { abort: () => {}, resume: () => {}, sent: true };
    },
  });
  const says = (status: number) =>
    failing((sink) => {
      sink.head(status, { 'content-type': 'application/json' });
      sink.data(Buffer.from('{"error":{"message":"no","type":"x","code":"y"}}'));
      sink.end();
    });
  const breaks = (kind: UpstreamFailure['kind'], sent: boolean) =>
    failing((sink) => sink.failed(new UpstreamFailure(kind, { sent, message: kind })));

  // promise: Refused, not connected, 4xx/5xx without usage,
  // promise: a provider | fallback within the caller's access | 502/503/504 with the reason
  test.each([
    ['a refused address', breaks('refused_address', false), 502, 'provider_error'],
    ['no connection', breaks('not_connected', false), 502, 'provider_error'],
    ['a timeout before the request was sent', breaks('timeout', false), 504, 'provider_timeout'],
    ['400', says(400), 400, 'invalid_request'],
    ['401, which is our fault', says(401), 502, 'provider_error'],
    ['429', says(429), 429, 'provider_rate_limited'],
    ['500', says(500), 502, 'provider_error'],
    ['503', says(503), 502, 'provider_error'],
  ])('%s costs nothing, is said, and leaves nothing held', async (_name, provider, status, code) => {
    const budgets = [budget(PLENTY)];
    const { ask, rows, counters } = await open({ provider, key: { budgets }, gateway: { random: () => 0 } });
    const said = await ask(HELLO);
    expect([said.status, said.json().error.code]).toEqual([status, code]);
    expect(said.json().error.message).not.toBe('');
    expect(rows).toMatchObject([{ status: 'failed', entries: [] }]);
    expect(await readingsOf(present(), ['key', 'key_1'], { budgets })).toEqual({
      'key_budget_month:bud_1': { used: 0, held: 0 },
    });
    expect(counters.inFlight()).toBe(0);
  });

  // promise: Sent in full, then timeout or hang-up: what the provider reported, else an estimate
  // promise: What had to be estimated says so.
  test('sent in full and then silent: the input and the adaptive estimate; broken in a stream: what was delivered; both marked', async () => {
    const { ask, rows } = await open({
      targets: [
        model('fast', [deployment({ upstreamModel: 'fake-hangs', timeoutMs: 20 })]),
        model('breaks', [deployment({ id: 'dep_2', upstreamModel: 'fake-fails-mid-stream' })]),
      ],
    });
    expect((await ask(HELLO)).status).toBe(504);
    const said = await ask({ ...HELLO, model: 'breaks', stream: true });
    const delivered = [...said.text.matchAll(/"content":"((?:[^"\\]|\\.)*)"/g)]
      .map(([, text]) => JSON.parse(`"${text}"`))
      .join('');
    const input = Math.ceil(BYTES / 4);
    expect(rows[0]?.entries).toMatchObject([{ kind: 'estimated', usage: { input, output: 50 } }]);
    expect(rows[1]?.entries).toMatchObject([
      { kind: 'estimated', usage: { output: Math.ceil(Buffer.byteLength(delivered) / 4) } },
    ]);
  });

  // promise: **Each attempt settles itself.**
  test('every attempt that used something has its own entry, at its own deployment’s price', async () => {
    const dear = { id: 'price_dear', effectiveFromMs: 0, perMillion: { input: 7_000_000_000, output: 9_000_000_000 } };
    const silent = deployment({ upstreamModel: 'fake-hangs', timeoutMs: 20, prices: [dear] });
    const failing = deployment({ id: 'dep_2', upstreamModel: 'fake-500', priority: 1 });
    const { ask, rows } = await open({
      targets: [model('fast', [silent, failing, deployment({ id: 'dep_3', priority: 2 })])],
      key: { budgets: [budget(PLENTY)] },
    });
    expect((await ask(HELLO)).status).toBe(200);
    const [lost, answered] = rows[0]?.entries ?? [];
    expect(rows).toMatchObject([{ attempts: 3, deploymentId: 'dep_3', entries: [{ attempt: 1 }, { attempt: 3 }] }]);
    expect(lost).toMatchObject({ kind: 'estimated', deploymentId: 'dep_1', priceId: 'price_dear' });
    expect(lost?.nanoUsd).toBe(Number(costNanoUsd(lost?.usage ?? {}, dear)));
    expect(answered).toMatchObject({ kind: 'usage', deploymentId: 'dep_3', priceId: 'price_1' });
    const spent = await readingsOf(present(), ['key', 'key_1'], { budgets: [budget(PLENTY)] });
    expect(spent['key_budget_month:bud_1']).toEqual({ used: (lost?.nanoUsd ?? 0) + (answered?.nanoUsd ?? 0), held: 0 });
  });

  // promise: The hold covers one attempt; a retry or fallback extends it atomically or is not made.
  test('a further attempt is held for before it is made, and is not made where it does not fit', async () => {
    const silent = deployment({ upstreamModel: 'fake-hangs', timeoutMs: 20 });
    const targets = [model('fast', [silent, deployment({ id: 'dep_2', priority: 1 })])];
    const first = Number(upperBoundNanoUsd(BYTES + 512, 50, price));
    const lost = Number(costNanoUsd({ input: Math.ceil(BYTES / 4), output: 50 }, price));
    const { ask, rows, upstreamCalls } = await open({ targets, key: { budgets: [budget(first + lost - 1)] } });
    expect((await ask(HELLO)).json().error.code).toBe('provider_timeout');
    expect([upstreamCalls(), rows[0]?.attempts]).toEqual([1, 1]);
    const { ask: askRich } = await open({ targets, key: { budgets: [budget(first + lost)] } });
    expect((await askRich(HELLO)).status).toBe(200);
  });
});

// promise: A request belongs to the period of its admission, whenever it settles.
test('a request that ends after midnight is charged to the day on which it was admitted', async () => {
  const midnight = Date.parse('2026-07-24T00:00:00Z');
  const clock = wallClock(midnight - 100);
  const gate = gatedProvider();
  const budgets = [budget(PLENTY, { period: { is: 'day' } })];
  const { ask, rows } = await open({ clock, provider: gate.provider, team: { budgets } });
  const flying = ask(HELLO);
  await gate.waiting(1);
  clock.turn(60_000);
  gate.open();
  expect((await flying).status).toBe(200);
  expect(rows[0]?.admittedAtMs).toBe(midnight - 100);
  expect(rows[0]?.entries[0]?.nanoUsd).toBeGreaterThan(0);
  expect(await readingsOf(present(), ['team', 'team_1'], { budgets })).toEqual({
    'team_budget_day:bud_1': { used: 0, held: 0 },
  });
});
