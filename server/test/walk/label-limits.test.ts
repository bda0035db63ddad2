/** Limits and budgets by tag and end user, and keys whose requests must name an end user, from the socket to the row. */
import { describe, expect, test } from 'vitest';
import type { Budget } from '../../src/domain/limits/budget.ts';
import type { LabelLimit } from '../../src/domain/limits/label-limit.ts';
import type { RateLimits } from '../../src/domain/limits/rate-limit.ts';
import { NAMES_MAX, OTHER_NAME } from '../../src/domain/usage/attribution.ts';
import type { Entitlement } from '../../src/proxy/entitlement.ts';
import type { Gateway } from '../../src/proxy/gateway.ts';
import { labelsOf } from '../../src/proxy/snapshot/labelled-entitlement.ts';
import type { Asked, Walk } from '../../src/proxy/walk.ts';
import { deployment, model } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { open } = withHouse();

const ofTag = (tag: string, rateLimits: RateLimits, budgets: readonly Budget[] = []): LabelLimit => ({
  match: { is: 'tag', tag },
  rateLimits,
  budgets,
});
const ofEndUsers = (rateLimits: RateLimits, budgets: readonly Budget[] = []): LabelLimit => ({
  match: { is: 'end_user', name: null },
  rateLimits,
  budgets,
});
const budget = (amountNanoUsd: number, action: Budget['action'] = 'block'): Budget => ({
  ...{ id: 'bud_1', amountNanoUsd, period: { is: 'month', anchorDay: 1 }, match: { is: 'any' } },
  ...{ thresholdsPercent: [], action, clampOutput: false },
});
const tagged = (...tags: string[]) => ({ headers: ['x-headgate-tags', tags.join(',')] });

describe('a key that requires an end user', () => {
  const required = { key: { requireEndUser: true } } as const;

  // promise: A key, a team or an organization may require that requests name their end user
  test.each([
    ['the key', required, 'key_require_end_user', 'This API key requires'],
    ['the team', { team: { requireEndUser: true } }, 'team_require_end_user', 'The team of this API key requires'],
    ['the organization', { organization: { requireEndUser: true } }, 'org_require_end_user', 'The organization of this API key'],
  ])('refuses a request without one before anything is held, and says who asks: %s', async (_name, plan, param, words) => {
    const one = await open(plan);
    const refused = await one.ask(HELLO);
    expect(refused.status).toBe(400);
    expect(refused.json().error).toMatchObject({ code: 'invalid_request', param });
    expect(refused.json().error.message).toContain(words);
    expect(refused.json().error.message).toContain('x-headgate-end-user');
    expect(one.upstreamCalls()).toBe(0);
    expect(one.counters.inFlight()).toBe(0);
    expect(one.rows).toMatchObject([{ status: 'refused', param, entries: [] }]);
  });

  test.each([
    ['in a header', {}, { headers: ['x-headgate-end-user', 'alice'] }],
    ['as user', { user: 'alice' }, {}],
    ['as safety_identifier', { safety_identifier: 'alice' }, {}],
    ['as metadata.user_id', { metadata: { user_id: 'alice' } }, {}],
  ])('admits one that names it %s', async (_name, body, options) => {
    const one = await open(required);
    expect((await one.ask({ ...HELLO, ...body }, options)).status).toBe(200);
  });

  test('takes no blank name, and speaks the dialect of the request', async () => {
    const one = await open(required);
    expect((await one.ask({ ...HELLO, user: ' ' })).status).toBe(400);
    const anthropic = await one.ask({ ...HELLO, max_tokens: 5 }, { path: '/v1/messages' });
    expect(anthropic.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  });

  test('asks for one also where the organization stores none, and stores none', async () => {
    const one = await open({ ...required, organization: { endUsers: 'off' } });
    expect((await one.ask(HELLO)).status).toBe(400);
    expect((await one.ask({ ...HELLO, user: 'alice' })).status).toBe(200);
    expect(one.rows[1]?.attribution?.endUser ?? null).toBeNull();
  });
});

describe('a limit of a tag', () => {
  // promise: A limit or budget may name a tag
  test.each([
    ['the request names it', {}, tagged('research')],
    ['the key requires it', { tags: { defaults: [], required: ['research'] } }, {}],
    ['the key adds it by default', { tags: { defaults: ['research'], required: [] } }, {}],
  ])('counts requests with it: %s', async (_name, key, options) => {
    const one = await open({ organization: { labelLimits: [ofTag('research', { rpm: 1 })] }, key, targets: carrying() });
    expect((await one.ask(HELLO, options)).status).toBe(200);
    const refused = await one.ask(HELLO, options);
    expect(refused.status).toBe(429);
    expect(refused.json().error).toMatchObject({ code: 'rate_limit_exceeded', param: 'org_rpm' });
    expect(refused.json().error.message).toContain('1 request per minute for tag=research');
    expect(refused.headers['ratelimit-policy'] ?? refused.headers['x-ratelimit-limit-requests']).toBeDefined();
  });

  test('counts no others: neither without tags, nor with another one', async () => {
    const one = await open({ organization: { labelLimits: [ofTag('research', { rpm: 1 })] } });
    for (const options of [{}, tagged('other'), tagged('Research'), {}]) expect((await one.ask(HELLO, options)).status).toBe(200);
    expect((await one.ask(HELLO, tagged('other', 'research'))).status).toBe(200);
    expect((await one.ask(HELLO, tagged('research'))).status).toBe(429);
    expect((await one.ask(HELLO)).status).toBe(200);
  });

  test('is one counter for all keys of its scope, and another for another scope', async () => {
    const limit = [ofTag('research', { rpm: 1 })];
    const shared = await open({ organization: { labelLimits: limit }, moreKeys: [{}] });
    expect((await shared.ask(HELLO, tagged('research'))).status).toBe(200);
    const other = { ...tagged('research'), secret: shared.secrets[1] as string };
    expect((await shared.ask(HELLO, other)).status).toBe(429);
    const apart = await open({ key: { labelLimits: limit }, moreKeys: [{ labelLimits: limit }] });
    expect((await apart.ask(HELLO, tagged('research'))).status).toBe(200);
    expect((await apart.ask(HELLO, { ...tagged('research'), secret: apart.secrets[1] as string })).status).toBe(200);
  });

  test('takes nothing from it if another rule refuses', async () => {
    const one = await open({ organization: { labelLimits: [ofTag('research', { rpd: 2 })] }, key: { rateLimits: { rpm: 1 } } });
    expect((await one.ask(HELLO, tagged('research'))).status).toBe(200);
    expect((await one.ask(HELLO, tagged('research'))).json().error).toMatchObject({ param: 'key_rpm' });
    await one.change({ key: { rateLimits: {} } });
    expect((await one.ask(HELLO, tagged('research'))).status).toBe(200);
    expect((await one.ask(HELLO, tagged('research'))).json().error).toMatchObject({ param: 'org_rpd' });
  });

  test('set while a request is on its way counts its use', async () => {
    const one = await open({ targets: [model('fast', [deployment({ upstreamModel: 'fake-slow' })])] });
    const asked = one.ask(HELLO, tagged('research'));
    await one.upstreamCalled;
    await one.change({ organization: { labelLimits: [ofTag('research', { rph: 1 })] } });
    await asked;
    expect((await one.ask(HELLO, tagged('research'))).status).toBe(429);
  });

  test('as a budget that alerts refuses nothing, and one that blocks refuses what has no price', async () => {
    const unpriced = [model('fast', [deployment({ prices: [] })])];
    const alerts = await open({
      organization: { labelLimits: [ofTag('research', {}, [budget(1, 'alert')])] },
      targets: unpriced,
    });
    expect((await alerts.ask(HELLO, tagged('research'))).status).toBe(200);
    const blocks = await open({ organization: { labelLimits: [ofTag('research', {}, [budget(1)])] }, targets: unpriced });
    expect((await blocks.ask(HELLO, tagged('research'))).json().error).toMatchObject({ code: 'model_not_priced' });
    expect((await blocks.ask(HELLO)).status).toBe(200);
  });
});

describe('a limit of each end user', () => {
  const limited = { key: { requireEndUser: true, labelLimits: [ofEndUsers({ rpm: 1 })] } };
  const ask = async (one: Awaited<ReturnType<typeof open>>, user: string) => (await one.ask({ ...HELLO, user })).status;

  // promise: `"end_user": "*"` gives each end user counters of their own
  test('counts each for itself, however they are stored', async () => {
    for (const endUsers of ['hashed', 'kept'] as const) {
      const one = await open({ ...limited, organization: { endUsers } });
      expect([await ask(one, 'alice'), await ask(one, 'bob'), await ask(one, 'alice'), await ask(one, 'bob')]).toEqual([
        200, 200, 429, 429,
      ]);
    }
  });

  test('names the rule, and never the end user, in the refusal, the headers and the row', async () => {
    const one = await open({ ...limited, organization: { endUsers: 'kept' } });
    await ask(one, 'alice@example.com');
    const refused = await one.ask({ ...HELLO, user: 'alice@example.com' });
    expect(refused.json().error.message).toContain('for end_user=*');
    expect(`${refused.text}${JSON.stringify(refused.headers)}${one.rows[1]?.decision}`).not.toContain('alice');
  });

  test('gives what is beyond the bound of a day one counter together, so invented names free nobody', () => {
    let nowMs = Date.UTC(2026, 4, 29, 12);
    const holder = {};
    const gateway = { clock: { nowMs: () => nowMs } } as unknown as Gateway;
    const entitlement = { labelled: { requiredBy: 'key', byTag: false, byEndUser: true } } as unknown as Entitlement;
    // Sound: these are the fields that are read.
    const counted = (endUser: string) =>
      labelsOf({ key: { holder }, attribution: { endUser } } as unknown as Walk, entitlement, {} as Asked, gateway).endUser;
    for (let index = 0; index < NAMES_MAX.end_user.names; index += 1) expect(counted(`user ${index}`)).toBe(`user ${index}`);
    expect([counted('first beyond'), counted('second beyond'), counted('user 0')]).toEqual([OTHER_NAME, OTHER_NAME, 'user 0']);
    nowMs += 86_400_000;
    expect(counted('first beyond')).toBe('first beyond');
  });

  test('and a tag’s are both kept, all or nothing', async () => {
    const labelLimits = [ofEndUsers({ rpd: 2 }), ofTag('research', { rpd: 3 })];
    const one = await open({ key: { requireEndUser: true, labelLimits } });
    const by = async (user: string) => (await one.ask({ ...HELLO, user }, tagged('research'))).status;
    expect([await by('a'), await by('a'), await by('a'), await by('b'), await by('b')]).toEqual([200, 200, 429, 200, 429]);
  });
});

// promise: After a restart these counters know their past
test('after a restart, counters of days and budgets ask for their past, and those of minutes and hours start empty', async () => {
  const asked: string[] = [];
  const seedFrom = async ({ name }: { readonly name: string }) => {
    asked.push(name);
    return [{ atMs: Date.now(), amount: 1 }];
  };
  const limits = { rpm: 1, rph: 1, rpd: 2 };
  const one = await open({
    key: { requireEndUser: true, labelLimits: [ofTag('research', limits), ofEndUsers(limits)] },
    seedFrom,
  });
  expect((await one.ask({ ...HELLO, user: 'alice' }, tagged('research'))).status).toBe(200);
  expect(asked).toEqual([
    expect.stringContaining('|requests|#research|day'),
    expect.stringMatching(/\|requests\|~h_[\w-]+\|day/),
  ]);
  expect((await one.ask({ ...HELLO, user: 'alice' }, tagged('research'))).status).toBe(429);
});

test('100 calls at once for the budget of a tag, and of one end user, overspend by nothing', async () => {
  const price = [{ id: 'price_1', effectiveFromMs: 0, perMillion: { input: 50_000_000, output: 400_000_000 } }];
  const targets = [model('fast', [deployment({ prices: price })])];
  for (const limit of [ofTag('research', {}, [budget(10_000_000)]), ofEndUsers({}, [budget(10_000_000)])]) {
    const one = await open({ key: { requireEndUser: true, labelLimits: [limit] }, targets });
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => one.ask({ ...HELLO, user: 'alice', max_tokens: 1_000 }, tagged('research'))),
    );
    const spent = one.rows.flatMap(({ entries }) => entries).reduce((sum, { nanoUsd }) => sum + (nanoUsd ?? 0), 0);
    expect(spent).toBeGreaterThan(0);
    expect(spent).toBeLessThanOrEqual(10_000_000);
    expect(answers.some(({ status }) => status === 429)).toBe(true);
    expect(one.upstreamCalls()).toBeLessThan(100);
    // Settlement gave back what was held and not used: somebody passes again.
    expect((await one.ask({ ...HELLO, user: 'alice', max_tokens: 1 }, tagged('research'))).status).toBe(200);
  }
});

function carrying() {
  return [model('fast', [deployment({ tags: ['research'] })])];
}
