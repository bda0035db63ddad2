import { expect, test } from 'vitest';
import { rulesOfScope } from '../../src/domain/limits/limit-plan.ts';
import { loadOrganization } from '../../src/store/configuration/config.ts';
import { withDatabase } from '../support/database.ts';
import { makeOrganization, makeTeam, makeTeamMember, must, withAdmin } from './support.ts';

const given = withDatabase();
const world = withAdmin(given);

test('limits and budgets show what is used, held and left, and when they reset', async () => {
  const { root, deps } = world();
  const made = await makeOrganization(root, {
    time_zone: 'Europe/Paris',
    rate_limits: { rpm: 600, tpd: 1000, max_parallel: 5 },
    model_limits: [{ target: 'smart', rate_limits: { rpm: 60 } }],
    budgets: [
      { amount: '100.00', period: 'month' },
      { amount: '5', period: 'total', action: 'alert' },
    ],
  });
  const held = await hold(made.id, { tokens: 40, nanoUsd: 1_244_567_890 });
  const path = `/organizations/${made.id}/limits/status`;
  const during = must(await root('GET', path));
  expect(during.rate_limits).toEqual([
    {
      scope: 'organization',
      limit: 'rpm',
      value: 600,
      used: 1,
      held: expect.any(Number),
      resets_at: expect.any(String),
      target: null,
      access_group: null,
      tag: null,
    },
    expect.objectContaining({ limit: 'tpd', used: 40, held: 40, resets_at: '2026-03-10T23:00:00.000Z' }),
    expect.objectContaining({ limit: 'max_parallel', used: 1 }),
    expect.objectContaining({ limit: 'rpm', value: 60, target: 'smart' }),
  ]);
  const month = { period_start: '2026-02-28T23:00:00.000Z', resets_at: '2026-03-31T22:00:00.000Z' };
  expect(during.budgets).toEqual([
    {
      scope: 'organization',
      id: made.budgets[0].id,
      target: null,
      access_group: null,
      tag: null,
      action: 'block',
      amount: '100.00',
      spent: '0.00',
      held: '1.24456789',
      remaining: '98.75543211',
      ...month,
    },
    expect.objectContaining({ amount: '5.00', action: 'alert', period_start: null, resets_at: null }),
  ]);
  await deps.counters.settle(held.hold, { tokens: 30, nanoUsd: 1_234_567_890 }, held.hold.plan);
  const after = must(await root('GET', path));
  expect(after.budgets[0]).toMatchObject({ spent: '1.23456789', held: '0.00', remaining: '98.76543211', ...month });
  expect(after.rate_limits[1]).toMatchObject({ used: 30, held: 0 });
  expect(must(await root('GET', `/organizations/${made.id}`)).limits_status).toEqual(after);
});

test('a budget that is overdrawn leaves nothing, never less', async () => {
  const { root } = world();
  const made = await makeOrganization(root, { budgets: [{ amount: '2', period: 'day' }] });
  await hold(made.id, { tokens: 1, nanoUsd: 2_000_000_000 });
  must(await root('PATCH', `/organizations/${made.id}`, { budgets: [{ id: made.budgets[0].id, amount: '1', period: 'day' }] }));
  expect(must(await root('GET', `/organizations/${made.id}/limits/status`)).budgets[0]).toMatchObject({
    held: '2.00',
    remaining: '0.00',
  });
});

test('the status is judged from the figures beside it, at once, and says by which rule', async () => {
  const { root } = world();
  const made = await makeOrganization(root, { rate_limits: { tpd: 100 }, budgets: [{ amount: '10', period: 'month' }] });
  const standing = async () => must(await root('GET', `/organizations/${made.id}`)).limits_status.standing;
  expect(await standing()).toEqual({ status: 'healthy', rule: null, used_ratio: null, reason: null });
  await hold(made.id, { tokens: 79, nanoUsd: 8_300_000_000 });
  expect(await standing()).toEqual({
    status: 'near_limit',
    rule: `org_budget_month:${made.budgets[0].id}`,
    used_ratio: 0.83,
    reason: '83% of the budget of 10.00 USD per month is used.',
  });
  await hold(made.id, { tokens: 21, nanoUsd: 0 });
  expect(await standing()).toMatchObject({ status: 'near_limit', rule: 'org_tpd', used_ratio: 1 });
  await hold(made.id, { tokens: 0, nanoUsd: 1_700_000_000 });
  expect(await standing()).toMatchObject({ status: 'over_budget', reason: '100% of the budget of 10.00 USD per month is used.' });
});

test('every scope has its own', async () => {
  const { root } = world();
  const { organization, team } = await makeTeam(root, {}, { rate_limits: { rpm: 1 } });
  const { memberId } = await makeTeamMember(root, team.id);
  must(await root('PATCH', `/organizations/${organization.id}/members/${memberId}`, { rate_limits: { rpm: 2 } }));
  const key = must(await root('POST', '/keys', { team_id: team.id, name: 'app', rate_limits: { rpm: 3 } }));
  const paths = [`/teams/${team.id}`, `/organizations/${organization.id}/members/${memberId}`, `/keys/${key.id}`];
  const seen = await Promise.all(paths.map(async (path) => must(await root('GET', `${path}/limits/status`)).rate_limits[0]));
  expect(seen).toMatchObject([
    { scope: 'team', value: 1 },
    { scope: 'user', value: 2 },
    { scope: 'key', value: 3 },
  ]);
});

/** What a request in flight would hold at the organization alone. */
async function hold(organizationId: string, { tokens, nanoUsd }: { tokens: number; nanoUsd: number }) {
  const { deps } = world();
  const organization = await loadOrganization(given().db, organizationId);
  if (organization === null) throw new Error('no such organization');
  const of = { organizationId, scope: 'organization', scopeId: organizationId } as const;
  const rules = rulesOfScope(of, organization, organization.timeZone, deps.clock.nowMs());
  const plan = { organizationId, ...rules, validUntilMs: Number.MAX_SAFE_INTEGER, shapeId: 'x' };
  const held = await deps.counters.hold(`req_${organizationId}`, plan, { tokens, nanoUsd, nanoUsdMin: nanoUsd });
  if (!held.admitted) throw new Error('refused');
  return held;
}
