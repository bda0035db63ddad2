/** The overview over HTTP: exact sums, and for each role nothing outside its reach. */
import { beforeAll, expect, test } from 'vitest';
import { formatUsd } from '../../src/domain/money/money.ts';
import type { RoleGrant } from '../../src/domain/tenancy/permission.ts';
import type { AttemptRecord } from '../../src/domain/usage/attempt.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { makeTeam, makeTeamMember, must, withAdmin } from '../admin/support.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry, givenRefusal } from '../support/records.ts';

const NOW_MS = Date.parse('2026-03-10T12:00:00Z');
const HOUR_MS = 3_600_000;

onOneDatabase('the overview', (given) => {
  const world = withAdmin(given);
  let acme = { organization: '', team: '', key: '', owner: '', member: '' };
  let other = { organization: '', team: '' };
  let records: readonly EndRecord[] = [];

  beforeAll(async () => {
    const { root } = world();
    const made = await makeTeam(root, { name: 'Acme', budgets: [{ amount: '1.00', period: 'total' }] });
    const person = await makeTeamMember(root, made.team.id);
    const key = must(
      await root('POST', '/keys', { team_id: made.team.id, name: 'Checkout', owner: { account_id: person.account.id } }),
    );
    const elsewhere = await makeTeam(root, { name: 'Other', budgets: [{ amount: '1.00', period: 'total' }] });
    acme = {
      organization: made.organization.id,
      team: made.team.id,
      key: key.id,
      owner: person.account.id,
      member: person.memberId,
    };
    other = { organization: elsewhere.organization.id, team: elsewhere.team.id };
    const of = { organizationId: acme.organization, teamId: acme.team, keyId: key.id, memberId: person.memberId };
    const ofOther = { organizationId: other.organization, teamId: other.team };
    records = [1, 2, 3, 4].flatMap((hours) => [
      givenEnd({ ...of, admittedAtMs: NOW_MS - hours * HOUR_MS, entries: [givenEntry({ nanoUsd: 1_000_003 * hours })] }),
      givenEnd({ ...of, keyId: 'key_b', memberId: null, admittedAtMs: NOW_MS - hours * HOUR_MS - 1, status: 'failed' }),
      givenRefusal({ ...of, admittedAtMs: NOW_MS - hours * HOUR_MS - 2, count: 3 }),
      givenEnd({ ...ofOther, admittedAtMs: NOW_MS - hours * HOUR_MS - 3, entries: [givenEntry({ nanoUsd: 7 })] }),
    ]);
    await storeRecords(given(), records);
  });

  const spendOf = (wanted: (record: EndRecord) => boolean) =>
    formatUsd(
      records
        .filter(wanted)
        .flatMap((record) => record.entries)
        .reduce((sum, entry) => sum + (entry.nanoUsd ?? 0), 0),
    );
  const as = (role: RoleGrant, accountId: string | null = null) => world().as([role], accountId);

  test('adds up exactly what happened, by hour when the time is short', async () => {
    const from = new Date(NOW_MS - 24 * HOUR_MS).toISOString();
    const seen = must(await world().root('GET', `/overview?from=${from}`));
    expect(seen).toMatchObject({ requests: 12, errors: 4, refusals: 12, spend: spendOf(() => true) });
    expect(seen.range).toMatchObject({ from: from, interval: 'hour', time_zone: 'UTC' });
    const sum = (name: string) => seen.series.reduce((all: number, point: Record<string, number>) => all + (point[name] ?? 0), 0);
    expect([sum('requests'), sum('errors'), sum('refused'), sum('tokens')]).toEqual([12, 4, 12, seen.tokens]);
    expect(seen.series).toHaveLength(24);
    expect(seen.latency).toEqual({ p50_ms: 450.3, p95_ms: 450.3, sample: 8 });
    expect(seen.top_organizations.map((one: { name: string }) => one.name)).toEqual(['Acme', 'Other']);
    expect(seen.top_keys[0]).toMatchObject({ id: acme.key, name: 'Checkout', organization_id: acme.organization });
    expect(seen.top_models[0]).toMatchObject({ name: 'gpt-5-nano', requests: 12 });
    expect(seen.providers).toContainEqual({
      ...{ provider: 'openai', deployments: 0, cooling: 0, requests: 12, errors: 0, state: 'in_service' },
      attempts: expect.objectContaining({ attempts: 12, errors: 0, error_rate: 0, last_error: null, failing_since: null }),
      state_rule: expect.any(String),
    });
  });

  test('counts as requests what was admitted, whatever came of it, and in no figure what was refused', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root, { budgets: [{ amount: '1.00', period: 'total' }] });
    const of = { organizationId: organization.id, teamId: team.id, admittedAtMs: NOW_MS - HOUR_MS };
    await storeRecords(given(), [
      ...(['succeeded', 'failed', 'cancelled', 'estimated'] as const).map((status) => givenEnd({ ...of, status })),
      givenRefusal({ ...of, count: 7 }),
    ]);
    const seen = must(await root('GET', `/overview?organization_id=${organization.id}`));
    const sum = (name: string) => seen.series.reduce((all: number, point: Record<string, number>) => all + (point[name] ?? 0), 0);
    expect([seen.requests, sum('requests'), seen.top_models[0].requests, seen.top_keys[0].requests]).toEqual([4, 4, 4, 4]);
    expect([seen.errors, seen.refusals, sum('refused')]).toEqual([1, 7, 7]);
    const usage = must(await root('GET', `/usage?organization_id=${organization.id}`));
    expect(usage.total).toMatchObject({ admitted_requests: 4, requests: 3, estimated_requests: 1, refused_requests: 7 });
    const history = must(await root('GET', `/organizations/${organization.id}/limits/history`));
    expect(history.budgets[0].periods[0].requests).toBe(4);
  });

  test('begins its days where the reader says, and names the zone', async () => {
    const from = new Date(NOW_MS - 10 * 24 * HOUR_MS).toISOString();
    const inZone = async (zone: string) =>
      must(await world().root('GET', `/overview?organization_id=${acme.organization}&from=${from}${zone}`));
    const utc = await inZone('');
    expect([utc.range.time_zone, utc.series[1].time]).toEqual(['UTC', '2026-03-01T00:00:00.000Z']);
    const there = await inZone('&time_zone=America/New_York');
    expect(there.range).toMatchObject({ interval: 'day', time_zone: 'America/New_York' });
    expect(there.series.map((point: { time: string }) => point.time.slice(5, 16))).toEqual(
      // The clocks are set forward on March 8.
      ['02-28T05:00', ...[1, 2, 3, 4, 5, 6, 7, 8].map((day) => `03-0${day}T05:00`), '03-09T04:00', '03-10T04:00'],
    );
    expect(there.requests).toBe(utc.requests);
    expect((await world().root('GET', '/overview?time_zone=Mars/Olympus')).status).toBe(400);
  });

  test('an organization sees its own and nobody else’s', async () => {
    const owner = as({ role: 'org_owner', organizationId: acme.organization });
    const seen = must(await owner('GET', '/overview'));
    expect(seen.spend).toBe(spendOf((record) => record.organizationId === acme.organization));
    expect(JSON.stringify(seen)).not.toContain(other.organization);
    expect((await owner('GET', `/overview?organization_id=${other.organization}`)).status).toBe(404);
  });

  test('a developer sees what their own keys used', async () => {
    const { organization: organizationId, team: teamId } = acme;
    const developer = as({ role: 'team_developer', organizationId, teamId }, acme.owner);
    const seen = must(await developer('GET', '/overview'));
    expect(seen.spend).toBe(spendOf((record) => record.memberId === acme.member));
    expect(seen.errors).toBe(0);
    expect(seen.top_keys.map((one: { id: string }) => one.id)).toEqual([acme.key]);
    expect(seen.budgets_closest).toEqual([]);
    expect((await as({ role: 'org_member', organizationId })('GET', '/overview')).status).toBe(403);
  });

  test('the budgets nearest to their end come first, by their live state', async () => {
    const { root, deps } = world();
    const { organization } = await makeTeam(root, { name: 'Spender', budgets: [{ amount: '2.00', period: 'total' }] });
    const [budget] = organization.budgets;
    await storeRecords(given(), [givenEnd({ organizationId: organization.id, admittedAtMs: NOW_MS - HOUR_MS })]);
    const read = deps.counters.read.bind(deps.counters);
    deps.counters.read = async (specs) => {
      const readings = await read(specs);
      const isIts = (at: number) => specs[at]?.organizationId === organization.id;
      return {
        ...readings,
        used: specs.map((_, at) => (isIts(at) ? 1_500_000_000 : 0)),
        held: specs.map((_, at) => (isIts(at) ? 1 : 0)),
      };
    };
    const seen = must(await root('GET', '/overview'));
    deps.counters.read = read;
    expect(seen.budgets_closest).toEqual([
      {
        organization_id: organization.id,
        organization_name: 'Spender',
        scope: 'organization',
        scope_id: organization.id,
        scope_name: 'Spender',
        budget_id: budget.id,
        amount: '2.00',
        spent: '1.499999999',
        held: '0.000000001',
        ratio: 0.75,
        resets_at: null,
        live: true,
      },
    ]);
  });

  test('a stretch of time that is none, or too long, is refused by name', async () => {
    const { root } = world();
    const backwards = await root('GET', '/overview?from=2026-03-11T00:00:00Z&to=2026-03-10T00:00:00Z');
    expect([backwards.status, backwards.body.errors[0].pointer]).toEqual([400, '?from']);
    expect((await root('GET', '/overview?from=2020-01-01T00:00:00Z')).status).toBe(400);
  });

  test('counts the failed attempts that the reader may see, with the last error’s words for whom they are', async () => {
    const attempt: AttemptRecord = {
      ...{ deploymentId: 'dep_01', provider: 'anthropic', upstreamModel: 'up', startedMs: 0, tookMs: 9, result: 'error' },
      ...{ status: 503, code: 'unavailable', message: 'Overloaded', next: 'ended', nextReason: 'no_candidate_left' },
      ...{ waitMs: null, notTried: [], dropped: [] },
    };
    const again: AttemptRecord = { ...attempt, next: 'retried', waitMs: 150 };
    const quota: AttemptRecord = { ...attempt, status: 429, code: 'quota', message: 'org-operator has no credit' };
    const atMs = NOW_MS - 2 * HOUR_MS;
    const failed = { status: 'failed', deploymentId: null, provider: null, entries: [], httpStatus: 502 } as const;
    const own = { ...failed, organizationId: acme.organization, teamId: acme.team, memberId: acme.member };
    const elsewhere = { ...failed, organizationId: other.organization, teamId: other.team, memberId: null };
    const seen = [
      givenEnd({ ...own, admittedAtMs: atMs, attempts: 2, tried: [again, attempt] }),
      givenEnd({ ...own, memberId: null, admittedAtMs: atMs + 1_000, attempts: 1, tried: [quota] }),
      givenEnd({ ...elsewhere, admittedAtMs: atMs + 2_000, attempts: 2, tried: [again, attempt] }),
    ] as const;
    await storeRecords(given(), seen);
    const from = new Date(NOW_MS - 24 * HOUR_MS).toISOString();
    const of = async (ask: ReturnType<typeof as>) => {
      const { providers } = must(await ask('GET', `/overview?from=${from}`));
      return providers.find(({ provider }: { provider: string }) => provider === 'anthropic');
    };
    const { organization: organizationId, team: teamId } = acme;
    const root = await of(world().root);
    expect(root).toMatchObject({ errors: 5, state: 'failing', attempts: { attempts: 5, errors: 5, error_rate: 1 } });
    expect(root.attempts.last_error).toMatchObject({ request_id: seen[2].requestId, status: 503, message: 'Overloaded' });
    expect(root.attempts.failing_since).toBe(new Date(atMs + 9).toISOString());
    const owner = await of(as({ role: 'org_owner', organizationId }));
    expect(owner).toMatchObject({ errors: 3, attempts: { attempts: 3, errors: 3 } });
    // Words about the operator's account are not for a tenant.
    expect(owner.attempts.last_error).toMatchObject({ request_id: seen[1].requestId, code: 'quota', message: null });
    const person = await of(as({ role: 'team_developer', organizationId, teamId }, acme.owner));
    expect(person).toMatchObject({ errors: 2, attempts: { attempts: 2, errors: 2 } });
    expect(person.attempts.last_error).toMatchObject({ request_id: seen[0].requestId, message: 'Overloaded' });
    const stranger = await of(as({ role: 'org_owner', organizationId: other.organization }));
    expect(stranger.attempts).toMatchObject({ attempts: 2, errors: 2, last_error: { organization_id: other.organization } });
  });
});
