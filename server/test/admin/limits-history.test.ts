import { expect, test } from 'vitest';
import type { EndRecord } from '../../src/ledger/records.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry, givenRefusal } from '../support/records.ts';
import { makeOrganization, makeTeam, must, withAdmin } from './support.ts';
import { storeRecords } from './usage-support.ts';

const COMPLETE = { unpriced_requests: 0, unpriced_units: {} };

onOneDatabase('the history of budgets', (given) => {
  const world = withAdmin(given);
  const at = (iso: string) => Date.parse(iso);
  const used = (of: Partial<EndRecord>, admittedAtMs: number, nanoUsd: number): EndRecord =>
    givenEnd({ ...of, admittedAtMs, entries: [givenEntry({ nanoUsd })] });
  const historyOf = async (path: string) => must(await world().root('GET', `${path}/limits/history`)).budgets;

  test('a month is what was spent between its boundaries in the organization’s zone, newest first, refused calls left out', async () => {
    const { id, budgets } = await makeOrganization(world().root, {
      time_zone: 'Europe/Paris',
      budgets: [{ amount: '100', period: 'month', anchor_day: 5 }],
    });
    await storeRecords(given(), [
      used({ organizationId: id }, at('2026-03-04T22:59:59.999Z'), 1_000_000_000),
      used({ organizationId: id }, at('2026-03-04T23:00:00.000Z'), 2_000_000_000),
      used({ organizationId: id }, at('2026-03-09T10:07:30.000Z'), 30_000_000),
      givenRefusal({ organizationId: id, admittedAtMs: at('2026-03-09T10:08:00.000Z') }),
    ]);
    const [month] = await historyOf(`/organizations/${id}`);
    expect(month.id).toBe(budgets[0].id);
    expect(month.periods).toEqual([
      { start: '2026-03-04T23:00:00.000Z', end: '2026-04-04T22:00:00.000Z', spent: '2.03', requests: 2, ...COMPLETE },
      { start: '2026-02-04T23:00:00.000Z', end: '2026-03-04T23:00:00.000Z', spent: '1.00', requests: 1, ...COMPLETE },
    ]);
  });

  test('a budget for a model, a prefix or an access group sums only what it counts', async () => {
    const { root } = world();
    const narrowed = [{ target: 'gpt-5-nano' }, { target: 'gpt-5*' }, { access_group: 'fast-ones' }, {}];
    must(await root('POST', '/deployments', { model: 'quick', provider: 'fake', upstream_model: 'fake-small', mode: 'chat' }));
    must(await root('PUT', '/callable-targets/quick/access-groups', { access_groups: ['fast-ones'] }));
    const { id } = await makeOrganization(root, {
      budgets: narrowed.map((match) => ({ amount: '100', period: 'day', ...match })),
    });
    const today = at('2026-03-10T09:00:00Z');
    await storeRecords(given(), [
      used({ organizationId: id, calledName: 'gpt-5-nano' }, today, 1_000_000_000),
      used({ organizationId: id, calledName: 'gpt-5' }, today, 2_000_000_000),
      used({ organizationId: id, calledName: 'quick' }, today, 4_000_000_000),
    ]);
    const budgets = await historyOf(`/organizations/${id}`);
    expect(budgets.map(({ periods }: { periods: { spent: string }[] }) => periods[0]?.spent)).toEqual([
      '1.00',
      '3.00',
      '4.00',
      '7.00',
    ]);
  });

  test('a rolling budget goes back in spans of its length, a total one has a single line since its scope was made', async () => {
    const made = await makeOrganization(world().root, {
      budgets: [
        { amount: '10', period: 'rolling', hours: 2 },
        { amount: '10', period: 'total' },
      ],
    });
    await storeRecords(given(), [
      used({ organizationId: made.id }, at('2026-03-10T10:00:00.000Z'), 1_000_000_000),
      used({ organizationId: made.id }, at('2026-03-10T09:59:59.999Z'), 2_000_000_000),
      used({ organizationId: made.id }, at('2026-03-10T00:00:00.000Z'), 4_000_000_000),
      used({ organizationId: made.id }, at('2026-03-09T23:59:59.999Z'), 8_000_000_000),
    ]);
    const [rolling, total] = await historyOf(`/organizations/${made.id}`);
    expect(rolling.periods).toEqual([
      { start: '2026-03-10T10:00:00.000Z', end: '2026-03-10T12:00:00.000Z', spent: '1.00', requests: 1, ...COMPLETE },
      { start: '2026-03-10T08:00:00.000Z', end: '2026-03-10T10:00:00.000Z', spent: '2.00', requests: 1, ...COMPLETE },
      { start: '2026-03-10T06:00:00.000Z', end: '2026-03-10T08:00:00.000Z', spent: '0.00', requests: 0, ...COMPLETE },
      { start: '2026-03-10T04:00:00.000Z', end: '2026-03-10T06:00:00.000Z', spent: '0.00', requests: 0, ...COMPLETE },
      { start: '2026-03-10T02:00:00.000Z', end: '2026-03-10T04:00:00.000Z', spent: '0.00', requests: 0, ...COMPLETE },
      { start: '2026-03-10T00:00:00.000Z', end: '2026-03-10T02:00:00.000Z', spent: '4.00', requests: 1, ...COMPLETE },
    ]);
    expect(total.periods).toEqual([{ start: made.created_at, end: null, spent: '15.00', requests: 4, ...COMPLETE }]);
  });

  test('a team, a member and a key have their own, and another organization’s spend is in none of them', async () => {
    const { root } = world();
    const budgets = [{ amount: '10', period: 'day' }];
    const { organization, team } = await makeTeam(root, { budgets }, { budgets });
    const other = await makeOrganization(root, { budgets });
    const key = must(await root('POST', '/keys', { team_id: team.id, name: 'app', budgets }));
    const today = at('2026-03-10T08:00:00Z');
    const here = { organizationId: organization.id, teamId: team.id };
    await storeRecords(given(), [
      used({ ...here, keyId: key.id }, today, 1_000_000_000),
      used({ ...here, keyId: 'key_else' }, today, 2_000_000_000),
      used({ organizationId: organization.id, teamId: 'team_else' }, today, 4_000_000_000),
    ]);
    const spent = async (path: string) => (await historyOf(path))[0].periods[0].spent;
    expect(await spent(`/organizations/${organization.id}`)).toBe('7.00');
    expect(await spent(`/teams/${team.id}`)).toBe('3.00');
    expect(await spent(`/keys/${key.id}`)).toBe('1.00');
    expect(await spent(`/organizations/${other.id}`)).toBe('0.00');
  });

  test('without a budget there is no history', async () => {
    const { id } = await makeOrganization(world().root);
    expect(await historyOf(`/organizations/${id}`)).toEqual([]);
  });
});
