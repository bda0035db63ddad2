/** Following the use of limits and budgets. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AdminDeps } from '../../src/admin/http/deps.ts';
import { createMemoryCounters } from '../../src/counters/memory/memory-counters.ts';
import { makeTeam, must, withAdmin } from '../admin/support.ts';
import { withDatabase } from '../support/database.ts';
import { asActor, type Listening, listenTo, makeToken } from './listen.ts';

describe('following limits', () => {
  let used = 0;
  const clock = { nowMs: () => Date.parse('2026-03-10T12:00:00Z'), monotonicMs: () => 0 };
  const real = createMemoryCounters({ clock, seedFrom: async () => [] });
  const counters: AdminDeps['counters'] = Object.assign(Object.create(real) as AdminDeps['counters'], {
    // What trailing counters say of their reset moves with every look; that alone is no news.
    read: async (specs: readonly unknown[]) => ({
      used: specs.map(() => used),
      held: specs.map(() => 0),
      resetsAtMs: specs.map(() => clock.nowMs() + Math.round(performance.now())),
    }),
  });
  const world = withAdmin(withDatabase(), { counters });
  let ids = { organization: '', team: '', key: '' };
  let other = '';
  const open: Listening[] = [];
  const listen = async (path: string, headers: Readonly<Record<string, string>>) => {
    const listening = await listenTo(world().address, path, headers);
    open.push(listening);
    return listening;
  };
  const owner = () => asActor([{ role: 'org_owner', organizationId: ids.organization }]);

  beforeAll(async () => {
    const { root } = world();
    const limits = { rate_limits: { rpm: 10 }, budgets: [{ amount: '1.00', period: 'month' }] };
    const { organization, team } = await makeTeam(root, limits, { rate_limits: { rpm: 5 } });
    const key = must(await root('POST', '/keys', { team_id: team.id, name: 'k', rate_limits: { rpm: 3 } }));
    ids = { organization: organization.id, team: team.id, key: key.id };
    other = (await makeTeam(root)).organization.id;
  });
  afterEach(async () => {
    for (const listening of open.splice(0)) {
      listening.close();
      await listening.ended;
    }
  });

  test.each([
    ['organizations', 'organization', 10],
    ['teams', 'team', 5],
    ['keys', 'key', 3],
  ] as const)('of %s: the status at first, and again when it changed', async (path, scope, rpm) => {
    used = 0;
    const listening = await listen(`/${path}/${ids[scope]}/limits/stream`, owner());
    await expect.poll(() => listening.told.length, { timeout: 15_000 }).toBe(1);
    expect(listening.told[0]).toMatchObject({
      event: 'status',
      data: { rate_limits: [{ scope, limit: 'rpm', value: rpm, used: 0 }] },
    });
    const status = must(await world().root('GET', `/${path}/${ids[scope]}/limits/status`));
    expect(Object.keys(listening.told[0]?.data)).toEqual(Object.keys(status));
    used = 2;
    await expect.poll(() => listening.told.at(-1)?.data.rate_limits[0].used, { timeout: 15_000 }).toBe(2);
    expect(listening.told).toHaveLength(2);
  });

  test('is silent while nothing changes, and at most once a second when everything does', async () => {
    used = 0;
    const listening = await listen(`/organizations/${ids.organization}/limits/stream`, owner());
    await new Promise((resolve) => setTimeout(resolve, 2_300));
    expect(listening.told).toHaveLength(1);
    const changing = setInterval(() => {
      used += 1;
    }, 20);
    await new Promise((resolve) => setTimeout(resolve, 2_300));
    clearInterval(changing);
    expect(listening.told.length).toBeGreaterThanOrEqual(2);
    expect(listening.told.length).toBeLessThanOrEqual(4);
  });

  test('an edited limit is told while it is followed', async () => {
    used = 1;
    const listening = await listen(`/keys/${ids.key}/limits/stream`, owner());
    must(await world().root('PATCH', `/keys/${ids.key}`, { rate_limits: { rpm: 4 } }));
    await expect.poll(() => listening.told.at(-1)?.data.rate_limits?.[0].value, { timeout: 15_000 }).toBe(4);
  });

  test('another tenant’s is not there, and a role that is taken away ends it', async () => {
    expect((await listen(`/organizations/${other}/limits/stream`, owner())).status).toBe(404);
    const token = await makeToken(world(), 'org_billing', ids.organization);
    const listening = await listen(`/organizations/${ids.organization}/limits/stream`, token.headers);
    expect(listening.status).toBe(200);
    await token.revoke();
    await listening.ended;
    expect(listening.told.at(-1)).toMatchObject({ event: 'end', data: { status: 401 } });
  });

  test('the gateway ends every stream when it stops', async () => {
    const listening = await listen(`/organizations/${ids.organization}/limits/stream`, owner());
    world().app.endStreams();
    await listening.ended;
    expect((await listen(`/organizations/${ids.organization}/limits/stream`, owner())).status).toBe(503);
  });
});
