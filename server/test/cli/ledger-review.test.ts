/** `headgate ledger review` on planted rows: what was settled wrongly is listed, with its reason, and nothing else, and nothing changes. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { EndRecord } from '../../src/ledger/records.ts';
import { upstream } from '../admin/catalogue-support.ts';
import { makeTeam, must, withAdmin } from '../admin/support.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { temporaryDirectory } from '../prove/gateway.ts';
import { onEveryDatabase } from '../support/database.ts';
import { givenEnd, givenEntry } from '../support/records.ts';
import { headgate } from './support.ts';

const MINUTE_MS = 60_000;
const SINCE_MS = Date.parse('2026-03-01T00:00:00Z');
const DAY_MS = 86_400_000;
const MS_MAX = 60_000;

interface Tenant {
  readonly organizationId: string;
  readonly teamId: string;
  readonly keyId: string;
  /** Another team of the organization, to which keys move. */
  readonly otherTeamId: string;
}

onEveryDatabase('headgate ledger review', (given) => {
  const world = withAdmin(given, { upstream });
  let tokenFile = '';
  let [acme, globex] = [{}, {}] as [Tenant, Tenant];
  /** By what it was planted as. */
  const planted = new Map<string, EndRecord>();

  beforeAll(async () => {
    world().time.nowMs = SINCE_MS - DAY_MS;
    [acme, globex] = [await tenant('Acme'), await tenant('Globex')];
    const [moved, atMs] = [await movedKey(acme), SINCE_MS + 5 * DAY_MS];
    for (const [index, [name, record]] of Object.entries({ ...suspects(moved, atMs), ...sound(moved, atMs) }).entries())
      planted.set(name, givenEnd({ admittedAtMs: SINCE_MS + (index + 1) * MINUTE_MS, ...acme, ...record }));
    await storeRecords(given(), [...planted.values()]);
    world().time.nowMs = SINCE_MS + 20 * DAY_MS;
    tokenFile = path.join(temporaryDirectory(), 'token');
    const made = must(await world().root('POST', '/admin-tokens', { name: 'review', role: 'platform_auditor' }));
    writeFileSync(tokenFile, made.token);
  }, MS_MAX);

  async function tenant(name: string): Promise<Tenant> {
    const { organization, team } = await makeTeam(world().root, { name }, { name: `${name} one` });
    const other = must(await world().root('POST', `/organizations/${organization.id}/teams`, { name: `${name} two` }));
    const key = must(await world().root('POST', '/keys', { team_id: team.id, name: `${name} key` }));
    return { organizationId: organization.id, teamId: team.id, keyId: key.id, otherTeamId: other.id };
  }

  /** A key that went from the first team to the other on the fifth day, and back an hour later. */
  async function movedKey({ teamId, otherTeamId }: Tenant): Promise<string> {
    const key = must(await world().root('POST', '/keys', { team_id: teamId, name: 'moved' }));
    world().time.nowMs = SINCE_MS + 5 * DAY_MS;
    must(await world().root('PATCH', `/keys/${key.id}`, { team_id: otherTeamId }));
    world().time.nowMs += 60 * MINUTE_MS;
    must(await world().root('PATCH', `/keys/${key.id}`, { team_id: teamId }));
    return key.id;
  }

  const suspects = (movedKeyId: string, movedAtMs: number): Record<string, Partial<EndRecord>> => ({
    'hung up at the finish': hungUp(),
    'hung up at the finish, elsewhere': { ...hungUp(), ...globex },
    'cut at the finish by a restart': { ...hungUp(), httpStatus: 200, code: 'service_unavailable' },
    'an error in a 200': errorInAnswer(),
    'an error in a 200, after a silent attempt': {
      ...errorInAnswer(),
      attempts: 2,
      entries: [estimated(900, { attempt: 1 }), estimated(1, { attempt: 2 })],
    },
    'an error as the first event': errorInStream(),
    'in flight when the key moved': { keyId: movedKeyId, teamId: acme.otherTeamId, admittedAtMs: movedAtMs - MINUTE_MS },
    'in flight when the key moved back, and hung up': {
      ...hungUp(),
      keyId: movedKeyId,
      admittedAtMs: movedAtMs + 59 * MINUTE_MS,
    },
  });

  const sound = (movedKeyId: string, movedAtMs: number): Record<string, Partial<EndRecord>> => ({
    answered: {},
    'hung up, with the usage reported': { ...hungUp(), entries: [givenEntry()] },
    'hung up before the finish': { ...hungUp(), finishReason: null },
    'hung up at the finish, after a silent attempt': {
      ...hungUp(),
      attempts: 2,
      entries: [estimated(900, { attempt: 1 }), givenEntry({ attempt: 2 })],
    },
    'hung up at the finish, for nothing': { ...hungUp(), entries: [estimated(5, { nanoUsd: 0 })] },
    'hung up at the finish, unpriced': { ...hungUp(), entries: [estimated(5, { nanoUsd: null, priceId: null })] },
    'answered without usage': { status: 'estimated', entries: [estimated(40)] },
    'embedded without usage': { ...errorInAnswer(), endpoint: 'embeddings' },
    'an answer nobody saw': { ...errorInAnswer(), httpStatus: 0 },
    'a stream that broke in its middle': { ...errorInStream(), entries: [estimated(30)] },
    'an error that was none of a 200': {
      ...errorInAnswer(),
      status: 'failed',
      httpStatus: 502,
      code: 'provider_error',
      entries: [],
    },
    'before the key moved': { keyId: movedKeyId, admittedAtMs: movedAtMs - 2 * MINUTE_MS },
    'by the other process, which heard of the move later': { keyId: movedKeyId, admittedAtMs: movedAtMs + 2_000 },
    'in the other team': { keyId: movedKeyId, teamId: acme.otherTeamId, admittedAtMs: movedAtMs + 10 * MINUTE_MS },
    'after it moved back': { keyId: movedKeyId, admittedAtMs: movedAtMs + 61 * MINUTE_MS },
    'hung up at the finish, too early to be asked for': { ...hungUp(), admittedAtMs: SINCE_MS - 1 },
    'hung up at the finish, too late to be asked for': { ...hungUp(), admittedAtMs: SINCE_MS + 10 * DAY_MS },
  });

  const review = (...flags: string[]) =>
    headgate({}, 'ledger', 'review', '--url', world().address, '--token-file', tokenFile, ...flags);
  const SPAN = ['--since', '2026-03-01', '--until', '2026-03-11T00:00:00Z'];
  const wanted = () => Object.keys(suspects('', 0)).map((name) => planted.get(name) as EndRecord);
  const json = async (...flags: string[]) => {
    const { code, out, err } = await review(...SPAN, '--json', ...flags);
    expect({ code, err }).toEqual({ code: 0, err: expect.not.stringContaining('headgate:') });
    return JSON.parse(out);
  };

  test('lists what was settled wrongly, of every tenant, and nothing else', { timeout: MS_MAX }, async () => {
    const { data } = await json();
    const names = new Map([...planted].map(([name, { requestId }]) => [requestId, name]));
    expect(data.map((row: { request_id: string }) => names.get(row.request_id))).toEqual(Object.keys(suspects('', 0)));
    const reasons = data.map((row: { reasons: string[] }) => row.reasons.join(' '));
    expect(reasons).toEqual([
      ...Array.from({ length: 3 }, () => 'hang_up_at_finish'),
      ...Array.from({ length: 2 }, () => 'error_in_answer'),
      'error_in_stream',
      'key_moved',
      'hang_up_at_finish key_moved',
    ]);
    expect(data[1]).toMatchObject({ organization_id: globex.organizationId, organization_name: 'Globex', charged: '0.00005' });
    expect(data[4]).toMatchObject({ attempt: 2, key_name: 'Acme key', team_name: 'Acme one' });
    expect(data[6]).toMatchObject({ team_id: acme.otherTeamId, admitted_team_id: acme.teamId, key_name: 'moved' });
    expect(data[7]).toMatchObject({ team_id: acme.teamId, admitted_team_id: acme.otherTeamId });
  });

  test('is a table for people, with what it is that makes a row suspect', { timeout: MS_MAX }, async () => {
    const { code, out, err } = await review(...SPAN);
    expect(code).toBe(0);
    const [head = '', ...lines] = out.trimEnd().split('\n');
    expect(head).toMatch(/^request +time +organization +team +key +charged USD +why$/);
    expect(lines).toHaveLength(8);
    expect(lines[0]).toMatch(/^req_\w+ +2026-03-01T00:01:00\.000Z +Acme +Acme one +Acme key +0\.00005 +the client hung up /);
    expect(lines[6]).toContain(`the key was in ${acme.teamId} when the request was admitted`);
    expect(err).toBe('8 entries. Nothing was changed.\n');
  });

  test('comes in pages, none of which leaves a row out', { timeout: MS_MAX }, async () => {
    const seen: string[] = [];
    for (let cursor: string | null = null, pages = 0; pages === 0 || cursor !== null; pages += 1) {
      const page: { data: { request_id: string }[]; next_cursor: string | null } = await json(
        ...['--limit', '3', ...(cursor === null ? [] : ['--cursor', cursor])],
      );
      expect(page.data.length).toBeLessThanOrEqual(3);
      seen.push(...page.data.map((row) => row.request_id));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(wanted().map(({ requestId }) => requestId));
    expect((await review(...SPAN, '--limit', '3')).err).toMatch(/^3 entries; more with --cursor \S+\n$/);
  });

  test('needs a beginning, and reads nothing that is not a time', { timeout: MS_MAX }, async () => {
    expect(await review()).toMatchObject({ code: 2, err: expect.stringContaining('--since') });
    expect(await review('--since', 'yesterday')).toMatchObject({ code: 2, err: expect.stringContaining('--since') });
    expect(await review('--since', '2026-03-02', '--until', '2026-03-01')).toMatchObject({ code: 1, out: '' });
    const answer = await world().root('GET', '/ledger/review?since=2026-03-01T00:00:00Z&cursor=x');
    expect([answer.status, answer.body.errors]).toEqual([400, [expect.objectContaining({ pointer: '?cursor' })]]);
    expect((await headgate({}, 'ledger', 'review', '--help')).out).toMatch(/cannot see/i);
  });

  test('is for the platform’s readers alone, and changes nothing', { timeout: MS_MAX }, async () => {
    const state = async () => (await given().pool.query(STATE)).rows;
    const before = await state();
    await json();
    expect(await state()).toEqual(before);
    const owner = world().as([{ role: 'org_owner', organizationId: acme.organizationId }]);
    expect((await owner('GET', '/ledger/review?since=2026-03-01T00:00:00Z')).status).toBe(403);
  });
});

const STATE = `select (select count(*) from ledger_entries) as ledger, (select sum(nano_usd) from ledger_entries) as nano_usd,
  (select count(*) from requests) as requests, (select count(*) from audit_events) as events, (select count(*) from rollups) as rollups`;

const estimated = (output: number, more = {}) =>
  givenEntry({ kind: 'estimated', usage: { input: 100, output }, nanoUsd: 50_000, ...more });

const hungUp = (): Partial<EndRecord> => ({
  status: 'cancelled',
  httpStatus: 499,
  stream: true,
  finishReason: 'stop',
  entries: [estimated(20)],
});

/** What is counted of a body without a choice is its being empty: a token at most. */
const errorInAnswer = (): Partial<EndRecord> => ({ status: 'estimated', finishReason: null, entries: [estimated(1)] });

const errorInStream = (): Partial<EndRecord> => ({
  status: 'failed',
  code: 'provider_error',
  stream: true,
  finishReason: null,
  entries: [estimated(0)],
});
