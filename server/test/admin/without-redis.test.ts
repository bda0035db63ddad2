/** What the admin API says of use while the counters that all replicas share are out of reach. */
import { expect, test } from 'vitest';
import type { AdminDeps } from '../../src/admin/http/deps.ts';
import { CountersUnreachable } from '../../src/counters/counters.ts';
import { createMemoryCounters } from '../../src/counters/memory/memory-counters.ts';
import { spendSince } from '../../src/store/usage/usage.ts';
import { asActor, listenTo } from '../live/listen.ts';
import { withDatabase } from '../support/database.ts';
import { givenEnd, givenEntry } from '../support/records.ts';
import { makeTeam, makeTeamMember, must, withAdmin } from './support.ts';
import { storeRecords } from './usage-support.ts';

const MINUTE_MS = 60_000;
const nowMs = Date.parse('2026-03-10T12:00:00Z');
const clock = { nowMs: () => nowMs, monotonicMs: () => performance.now() };

// As the counters of many replicas read while Redis is away.
let isAway = true;
const given = withDatabase();
const memory = createMemoryCounters({ clock, seedFrom: (spec, fromMs, toMs) => spendSince(given().db, spec, fromMs, toMs) });
const counters: AdminDeps['counters'] = {
  ...memory,
  read: (specs) => {
    if (isAway) throw new CountersUnreachable('Live use cannot be read.');
    return memory.read(specs);
  },
};
const world = withAdmin(given, { counters, clock });

const rate_limits = { rpm: 100, rph: 1_000, rpd: 10_000, tpd: 100_000, max_parallel: 5 };
const budgets = [
  { amount: '10.00', period: 'month' },
  { amount: '5.00', period: 'rolling', days: 30 },
  { amount: '20.00', period: 'total', target: 'smart' },
];

async function used() {
  const { root } = world();
  const limits = { rate_limits, budgets };
  const { organization, team } = await makeTeam(root, limits, limits);
  const { memberId } = await makeTeamMember(root, team.id);
  must(await root('PATCH', `/organizations/${organization.id}/members/${memberId}`, limits));
  const key = must(await root('POST', '/keys', { team_id: team.id, name: 'app', ...limits }));
  const asked = (agoMs: number, calledName: string, nanoUsd: number) =>
    givenEnd({
      organizationId: organization.id,
      teamId: team.id,
      keyId: key.id,
      memberId,
      serviceAccountId: null,
      calledName,
      admittedAtMs: nowMs - agoMs,
      entries: [givenEntry({ nanoUsd, usage: { input: 10, output: 20 } })],
    });
  await storeRecords(given(), [
    asked(10_000, 'fast', 1_000_000_000),
    asked(30 * MINUTE_MS, 'smart', 2_000_000_000),
    asked(5 * 60 * MINUTE_MS, 'fast', 500_000_000),
    asked(20 * 24 * 60 * MINUTE_MS, 'smart', 250_000_000),
  ]);
  return { organization, team, memberId, key };
}

test('every place that shows live use has it from the ledger, says that it is not live, and is live again with the counters', async () => {
  const { root } = world();
  isAway = true;
  const { organization, team, memberId, key } = await used();
  const member = `/organizations/${organization.id}/members/${memberId}`;
  const status = {
    live: false,
    standing: { status: 'healthy', rule: null, used_ratio: null, reason: null },
    rate_limits: [
      expect.objectContaining({ limit: 'rpm', value: 100, used: 1, held: 0, resets_at: '2026-03-10T12:01:00.000Z' }),
      expect.objectContaining({ limit: 'rph', used: 2, held: 0 }),
      expect.objectContaining({ limit: 'rpd', used: 3, held: 0, resets_at: '2026-03-11T00:00:00.000Z' }),
      expect.objectContaining({ limit: 'tpd', used: 90, held: 0 }),
      expect.objectContaining({ limit: 'max_parallel', used: 0, held: 0 }),
    ],
    budgets: [
      expect.objectContaining({ spent: '3.50', held: '0.00', remaining: '6.50', resets_at: '2026-04-01T00:00:00.000Z' }),
      expect.objectContaining({ spent: '3.75', held: '0.00', remaining: '1.25' }),
      expect.objectContaining({ spent: '2.25', target: 'smart', resets_at: null }),
    ],
  };
  const byLimit = (found: typeof status) => ({
    ...found,
    rate_limits: ['rpm', 'rph', 'rpd', 'tpd', 'max_parallel'].map((name) =>
      found.rate_limits.find(({ limit }: { limit: string }) => limit === name),
    ),
  });
  for (const path of [`/organizations/${organization.id}`, `/teams/${team.id}`, member, `/keys/${key.id}`]) {
    expect(byLimit(must(await root('GET', `${path}/limits/status`))), path).toEqual(status);
    expect(byLimit(must(await root('GET', path)).limits_status), path).toEqual(status);
  }
  for (const path of ['/organizations', `/organizations/${organization.id}/teams`]) {
    const { data } = must(await root('GET', path));
    const shown = data.find(({ id }: { id: string }) => id === organization.id || id === team.id);
    expect(byLimit(shown.limits_status), path).toEqual(status);
  }
  // What changes a thing answers with how it is, and does not fail for want of counters.
  expect(must(await root('PATCH', `/teams/${team.id}`, { name: 'Renamed' })).limits_status.live).toBe(false);
  const { budgets_closest } = must(await root('GET', `/overview?organization_id=${organization.id}`));
  expect(budgets_closest).toContainEqual(
    expect.objectContaining({ scope: 'organization', spent: '3.75', held: '0.00', live: false }),
  );

  isAway = false;
  expect(must(await root('GET', `/keys/${key.id}/limits/status`)).live).toBe(true);
  expect(must(await root('GET', `/overview?organization_id=${organization.id}`)).budgets_closest).toEqual(
    budgets_closest.map((budget: object) => ({ ...budget, resets_at: expect.toBeOneOf([null, expect.any(String)]), live: true })),
  );
});

test('who follows live use is told when it is not live, and when it is again', async () => {
  isAway = true;
  const { organization } = await used();
  const listening = await listenTo(
    world().address,
    `/organizations/${organization.id}/limits/stream`,
    asActor([{ role: 'org_owner', organizationId: organization.id }]),
  );
  await expect.poll(() => listening.told.map(({ data }) => data.live), { timeout: 15_000 }).toEqual([false]);
  isAway = false;
  await expect.poll(() => listening.told.map(({ data }) => data.live), { timeout: 10_000 }).toEqual([false, true]);
  listening.close();
  await listening.ended;
});
