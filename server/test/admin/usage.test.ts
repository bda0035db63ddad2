import { beforeAll, describe, expect, test } from 'vitest';
import { formatUsd } from '../../src/domain/money/money.ts';
import { totalTokens } from '../../src/domain/usage/usage.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { requestId } from '../../src/lib/id.ts';
import * as schema from '../../src/store/schema.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry, givenRefusal } from '../support/records.ts';
import { makeOrganization, must, withAdmin } from './support.ts';
import { storeRecords } from './usage-support.ts';

const NOW_MS = Date.parse('2026-03-10T12:00:00Z');
const DAY_MS = 86_400_000;
const RECORDS_COUNT = 120;

onOneDatabase('usage and spend', (given) => {
  const world = withAdmin(given);
  let acme = '';
  let other = '';
  let records: readonly EndRecord[] = [];

  beforeAll(async () => {
    const { root } = world();
    acme = (await makeOrganization(root, { time_zone: 'Asia/Kolkata' })).id;
    other = (await makeOrganization(root)).id;
    records = recordsOf(acme, other);
    await storeRecords(given(), records);
  });

  const within = (organizationId: string | null, days = 30) =>
    records.filter(
      (record) =>
        (organizationId === null || record.organizationId === organizationId) && record.admittedAtMs >= NOW_MS - days * DAY_MS,
    );

  // promise: each of their ids resolves to the shared decision, and `refused_requests` sums `count`
  test('totals are exactly the sums of the rows, over the last 30 days unless said', async () => {
    const answer = must(await world().root('GET', `/usage?organization_id=${acme}&group_by=organization,model`));
    expect([answer.from, answer.to]).toEqual(['2026-02-08T12:00:00.000Z', '2026-03-10T12:00:00.000Z']);
    expect(plain(answer.total)).toEqual(sumsOf(within(acme)));
    for (const line of answer.data) {
      const { organization_id, model, ...sums } = plain(line);
      expect(organization_id).toBe(acme);
      expect(sums).toEqual(sumsOf(within(acme).filter((record) => record.calledName === model)));
    }
    const groups = new Set(within(acme).map((record) => record.calledName));
    expect(answer.data).toHaveLength(groups.size);
    expect(answer.truncated).toBe(false);
  });

  test('any stretch of time is exact, not only whole quarters of an hour', async () => {
    const fromMs = NOW_MS - 9 * DAY_MS + 123_457;
    const toMs = NOW_MS - 2 * DAY_MS - 654_321;
    const path = `/usage?from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}`;
    const expected = records.filter(({ admittedAtMs }) => admittedAtMs >= fromMs && admittedAtMs < toMs);
    expect(plain(must(await world().root('GET', path)).total)).toEqual(sumsOf(expected));
  });

  test('intervals begin where the organization’s days do', async () => {
    const answer = must(await world().root('GET', `/usage?organization_id=${acme}&interval=day`));
    expect(answer).toMatchObject({ time_zone: 'Asia/Kolkata', interval: 'day' });
    for (const line of answer.data) expect(line.start).toMatch(/T18:30:00.000Z$/);
    const requests = answer.data.reduce((total: number, line: { requests: number }) => total + line.requests, 0);
    expect(requests).toBe(answer.total.requests);
  });

  test('an organization’s own page says the same', async () => {
    const { root } = world();
    const one = must(await root('GET', `/organizations/${acme}/usage?group_by=team`));
    expect(one).toEqual(must(await root('GET', `/usage?organization_id=${acme}&group_by=team`)));
    expect((await root('GET', `/organizations/${acme}/usage?organization_id=${other}`)).status).toBe(400);
  });

  describe('shows a reader what is in their reach', () => {
    const totalOf = async (client: ReturnType<ReturnType<typeof world>['as']>, query = '') =>
      plain(must(await client('GET', `/usage${query}`)).total);

    test('the platform everything, an organization its own', async () => {
      const { root, as } = world();
      expect(await totalOf(root)).toEqual(sumsOf(within(null)));
      expect(await totalOf(as([{ role: 'platform_auditor' }]))).toEqual(sumsOf(within(null)));
      expect(await totalOf(as([{ role: 'org_billing', organizationId: acme }]))).toEqual(sumsOf(within(acme)));
    });

    test('a team’s admin the team’s', async () => {
      const admin = world().as([{ role: 'team_admin', organizationId: acme, teamId: 'team_0' }]);
      expect(await totalOf(admin)).toEqual(sumsOf(within(acme).filter((record) => record.teamId === 'team_0')));
    });

    test('a developer what their own keys used in that team', async () => {
      const { db } = given();
      await db.insert(schema.accounts).values({ id: 'acct_dev', name: 'Dev', email: 'dev@acme.test' });
      await db
        .insert(schema.memberships)
        .values({ organizationId: acme, id: 'mem_0', accountId: 'acct_dev', role: 'org_member' });
      const developer = world().as([{ role: 'team_developer', organizationId: acme, teamId: 'team_0' }], 'acct_dev');
      const own = within(acme).filter((record) => record.teamId === 'team_0' && record.memberId === 'mem_0');
      expect(own.length).toBeGreaterThan(0);
      expect(await totalOf(developer)).toEqual(sumsOf(own));
    });

    test('nobody another tenant’s: 404', async () => {
      const stranger = world().as([{ role: 'org_owner', organizationId: other }]);
      expect((await stranger('GET', `/usage?organization_id=${acme}`)).status).toBe(404);
      expect((await stranger('GET', `/organizations/${acme}/usage`)).status).toBe(404);
      const member = world().as([{ role: 'org_member', organizationId: acme }]);
      expect((await member('GET', `/usage?organization_id=${acme}`)).status).toBe(403);
    });

    test('a team, key or member names its organization: another tenant’s is 404', async () => {
      const { root, as } = world();
      const team = must(await root('POST', `/organizations/${acme}/teams`, { name: 'Known' }));
      expect((await as([{ role: 'org_owner', organizationId: other }])('GET', `/usage?team_id=${team.id}`)).status).toBe(404);
      expect(must(await root('GET', `/usage?team_id=${team.id}`)).total.requests).toBe(0);
      expect((await root('GET', '/usage?key_id=key_nowhere')).status).toBe(404);
    });
  });

  describe('is 400', () => {
    for (const query of [
      'from=2026-03-10T12:00:00Z&to=2026-03-10T12:00:00Z',
      'from=yesterday',
      'group_by=colour',
      'interval=minute',
      'interval=hour&from=2000-01-01T00:00:00Z',
      'time_zone=Mars/Olympus',
      'colour=red',
    ]) {
      test(query, async () => {
        expect((await world().root('GET', `/usage?${query}`)).status).toBe(400);
      });
    }
  });

  // promise: Ledger, request metadata and audit stay, with names snapshotted
  test('a deleted organization’s spend can still be read', async () => {
    const { root } = world();
    const { id } = await makeOrganization(root);
    await storeRecords(given(), [
      givenEnd({ organizationId: id, admittedAtMs: NOW_MS - 1_000, requestId: requestId(NOW_MS - 1_000) }),
    ]);
    must(await root('POST', `/organizations/${id}/archive`));
    must(await root('DELETE', `/organizations/${id}`));
    expect(must(await root('GET', `/usage?organization_id=${id}`)).total).toMatchObject({ requests: 1, spend: '0.000001' });
    expect(must(await root('GET', `/requests?organization_id=${id}`)).data).toHaveLength(1);
  });
});

/** The sums without the units, which have tests of their own. */
function plain({ units: _, partly_priced: __, ...sums }: Record<string, unknown>) {
  return sums;
}

/** Over 40 days, of two organizations, in every state. */
function recordsOf(acme: string, other: string): EndRecord[] {
  return Array.from({ length: RECORDS_COUNT }, (_, index) => {
    const admittedAtMs = NOW_MS - 1 - index * (DAY_MS / 3) - index * 7_919;
    const whose = {
      organizationId: index % 4 === 3 ? other : acme,
      teamId: `team_${index % 2}`,
      keyId: `key_${index % 5}`,
      memberId: index % 3 === 0 ? 'mem_0' : null,
      serviceAccountId: index % 3 === 0 ? null : 'svc_0',
      calledName: `model-${index % 3}`,
      admittedAtMs,
      requestId: requestId(admittedAtMs),
    };
    if (index % 10 === 4) return givenRefusal({ ...whose, count: 3, repeatIds: [] });
    if (index % 10 === 5) return givenEnd({ ...whose, entries: [givenEntry({ nanoUsd: null })] });
    if (index % 10 === 6) {
      return givenEnd({ ...whose, status: 'estimated', entries: [givenEntry({ kind: 'estimated', nanoUsd: 7 })] });
    }
    const usage = { input: index, cached_input: 2, output: index * 3, reasoning: 1, audio_input: index % 2 };
    const entries = [
      givenEntry({ usage, nanoUsd: index * 1_001 }),
      givenEntry({ attempt: 2, usage: { cache_write: 5 }, nanoUsd: 1 }),
    ];
    return givenEnd({ ...whose, entries, attempts: 2 });
  });
}

/** The same sums, worked out from the records. */
function sumsOf(records: readonly EndRecord[]) {
  const entries = records.flatMap((record) => record.entries);
  const tokens = (bucket: string) => entries.reduce((total, entry) => total + (entry.usage[bucket] ?? 0), 0);
  const counted = (...states: string[]) =>
    records.reduce((total, record) => total + (states.includes(record.status) ? record.count : 0), 0);
  return {
    admitted_requests: counted('succeeded', 'failed', 'cancelled', 'estimated'),
    requests: counted('succeeded', 'failed', 'cancelled'),
    estimated_requests: counted('estimated'),
    refused_requests: counted('refused'),
    unpriced_requests: records.filter((record) => record.entries.some((entry) => entry.nanoUsd === null)).length,
    input_tokens: tokens('input'),
    cached_input_tokens: tokens('cached_input'),
    cache_write_tokens: tokens('cache_write'),
    output_tokens: tokens('output'),
    reasoning_tokens: tokens('reasoning'),
    total_tokens: entries.reduce((total, entry) => total + totalTokens(entry.usage), 0),
    spend: formatUsd(entries.reduce((total, entry) => total + BigInt(entry.nanoUsd ?? 0), 0n)),
  };
}
