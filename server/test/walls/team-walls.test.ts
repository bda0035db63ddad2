/** The walls between the teams of an organization, over HTTP, as somebody who looks for a way around them would ask. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { AdminDeps } from '../../src/admin/http/deps.ts';
import { createMemoryCounters } from '../../src/counters/memory/memory-counters.ts';
import type { Role } from '../../src/domain/tenancy/permission.ts';
import { createTrigrams } from '../../src/store/installation/name-indexes.ts';
import { type Client, must, withAdmin } from '../admin/support.ts';
import { readCsv } from '../exports/read-csv.ts';
import { asActor, listenTo } from '../live/listen.ts';
import { withDatabase } from '../support/database.ts';
import { grantsOf, makeTenants, ROLES, type TeamPlace, type Tenants } from '../support/tenants.ts';

/** Every counter says that this much was used. */
const USED = 5_000_000_000;
const POLICY = { rate_limits: { rpm: 60 }, budgets: [{ amount: '100.00', period: 'month' }] };

const clock = { nowMs: () => Date.parse('2026-03-10T12:00:00Z'), monotonicMs: () => 0 };
const real = createMemoryCounters({ clock, seedFrom: async () => [] });
const counters: AdminDeps['counters'] = Object.assign(Object.create(real) as AdminDeps['counters'], {
  read: async (specs: readonly unknown[]) => ({
    used: specs.map(() => USED),
    held: specs.map(() => 0),
    resetsAtMs: specs.map(() => clock.nowMs() + 1_000),
  }),
});
const world = withAdmin(withDatabase(), { counters });
let tenants: Tenants;
let own: TeamPlace;
let sibling: TeamPlace;
let foreign: TeamPlace;

beforeAll(async () => {
  const { root } = world();
  must(await root('POST', '/deployments', { model: 'granted', provider: 'fake', upstream_model: 'fake-small', mode: 'chat' }));
  must(await root('POST', '/deployments', { model: 'secret', provider: 'fake', upstream_model: 'fake-small', mode: 'chat' }));
  const organization = { ...POLICY, asset_access: { mode: 'selected', targets: ['granted'] } };
  const ask = async (method: string, path: string, body?: unknown) => must(await root(method, path, body));
  tenants = await makeTenants(ask, { organization, team: POLICY, key: POLICY });
  own = tenants[0].teams[0];
  sibling = tenants[0].teams[1];
  foreign = tenants[1].teams[0];
});

/** A person with the role in the first team of the first tenant: the developer of that team, with whatever role. */
function as(role: Role): Client {
  return world().as(grantsOf(role, own), own.developer.accountId);
}

const TEAM_ROLES = ['team_admin', 'team_developer', 'team_viewer'] as const;
const NARROW = ['org_member', ...TEAM_ROLES] as const;
const WIDE = ROLES.filter((role) => !(NARROW as readonly string[]).includes(role));
const idsOf = (rows: readonly { id?: string; member_id?: string }[]) => rows.map((row) => row.id ?? row.member_id).sort();
const sorted = (...ids: readonly string[]) => [...ids].sort();

describe('what a member sees', () => {
  // promise: **Team walls.**
  // promise: A member sees their own organization's name, limits and models, the teams they belong to
  test.each(NARROW)('%s sees the organization’s name, limits and models, and not how it stands or who is in it', async (role) => {
    const seen = must(await as(role)('GET', `/organizations/${own.organizationId}`));
    expect(seen).toMatchObject({ name: tenants[0].slug, rate_limits: { rpm: 60 }, asset_access: { targets: ['granted'] } });
    expect(seen.budgets).toEqual([expect.objectContaining({ amount: '100.00', period: 'month' })]);
    const hidden = { owners: null, team_count: null, member_count: null, key_count: null, limits_status: null, standing: null };
    expect(seen).toMatchObject(hidden);
    const names = must(await as(role)('GET', '/callable-targets')).data.map((one: { name: string }) => one.name);
    expect(names).toEqual(['granted']);
    expect((await as(role)('GET', `/organizations/${own.organizationId}/effective-access`)).status).toBe(200);
  });

  test.each(TEAM_ROLES)('%s sees their own team, its people, keys and service accounts, and those of no other', async (role) => {
    const inside = `/organizations/${own.organizationId}`;
    const page = 'limit=200';
    const asked = async (path: string) => idsOf(must(await as(role)('GET', path)).data);
    expect(await asked(`/teams?${page}`)).toEqual([own.teamId]);
    expect(await asked(`${inside}/teams?${page}`)).toEqual([own.teamId]);
    expect(await asked(`/keys?${page}`)).toEqual(sorted(own.key.id, own.developer.key.id));
    expect(await asked(`${inside}/keys?${page}`)).toEqual(sorted(own.key.id, own.developer.key.id));
    expect(await asked(`/service-accounts?${page}`)).toContain(own.serviceAccountId);
    expect(await asked(`/service-accounts?${page}`)).not.toContain(sibling.serviceAccountId);
    expect(await asked(`${inside}/members?${page}`)).toEqual([own.developer.memberId]);
    expect(await asked(`/teams/${own.teamId}/members?${page}`)).toEqual([own.developer.memberId]);
    const file = readCsv((await as(role)('GET', '/keys/export')).text);
    expect(file.map((line) => line.id).sort()).toEqual(sorted(own.key.id, own.developer.key.id));
  });

  test('who is in no team sees themselves, their own keys, and no team', async () => {
    const member = as('org_member');
    const inside = `/organizations/${own.organizationId}`;
    expect(must(await member('GET', '/teams'))).toMatchObject({ data: [], total: 0 });
    expect(idsOf(must(await member('GET', '/keys')).data)).toEqual([own.developer.key.id]);
    expect(idsOf(must(await member('GET', `${inside}/members`)).data)).toEqual([own.developer.memberId]);
    expect((await member('GET', `${inside}/members/${own.developer.memberId}`)).status).toBe(200);
    expect((await member('GET', `${inside}/members/${sibling.developer.memberId}`)).status).toBe(403);
  });

  test.each(NARROW)('%s is refused every page of another team, and told of another tenant’s as of nothing', async (role) => {
    const pages = ({ organizationId, teamId, key, serviceAccountId, developer }: TeamPlace) => [
      `/teams/${teamId}`,
      `/teams/${teamId}/keys`,
      `/teams/${teamId}/members`,
      `/teams/${teamId}/service-accounts`,
      `/teams/${teamId}/self-service`,
      `/teams/${teamId}/limits/status`,
      `/keys/${key.id}`,
      `/keys/${key.id}/limits/status`,
      `/service-accounts/${serviceAccountId}`,
      `/organizations/${organizationId}/members/${developer.memberId}`,
      `/access/explain?key_id=${key.id}`,
    ];
    const statuses = async (place: TeamPlace) =>
      Promise.all(pages(place).map(async (path) => (await as(role)('GET', path)).status));
    expect(new Set(await statuses(sibling))).toEqual(new Set([403]));
    expect(new Set(await statuses(foreign))).toEqual(new Set([404]));
  });

  test.each(WIDE)('%s sees all teams', async (role) => {
    const asked = await as(role)('GET', `/organizations/${own.organizationId}/keys?limit=200`);
    expect(idsOf(must(asked).data)).toEqual(sorted(...tenants[0].teams.flatMap((team) => [team.key.id, team.developer.key.id])));
    const seen = must(await as(role)('GET', `/organizations/${own.organizationId}`));
    expect(seen).toMatchObject({ owners: [], team_count: 3, member_count: 3, key_count: 6 });
  });

  test('a colleague’s other teams, and the keys in them, are not told', async () => {
    const { root } = world();
    const added = { account_id: own.developer.accountId, role: 'team_viewer' };
    must(await root('POST', `/teams/${sibling.teamId}/members`, added));
    const key = { team_id: sibling.teamId, name: 'elsewhere', owner: { account_id: own.developer.accountId } };
    const made = must(await root('POST', '/keys', key));
    const path = `/organizations/${own.organizationId}/members`;
    const colleague = world().as(grantsOf('team_admin', own), tenants[2].teams[0].developer.accountId);
    for (const seen of [
      must(await colleague('GET', path)).data[0],
      must(await colleague('GET', `${path}/${own.developer.memberId}`)),
    ]) {
      expect(seen.teams.map((team: { team_id: string }) => team.team_id)).toEqual([own.teamId]);
      expect(seen.key_count).toBe(1);
    }
    expect(must(await root('GET', `${path}/${own.developer.memberId}`))).toMatchObject({ key_count: 2, teams: [{}, {}] });
    must(await root('DELETE', `/keys/${made.id}`));
    must(await root('DELETE', `/teams/${sibling.teamId}/members/${own.developer.memberId}`));
  });
});

describe('spend', () => {
  const roles = ['org_member', 'team_viewer'] as const;

  // promise: Spend is shown only to who may read usage, on every path
  test.each(roles)('is told to a %s nowhere', async (role) => {
    const paths = [
      '/organizations',
      `/organizations/${own.organizationId}`,
      '/organizations/summary',
      '/teams',
      `/organizations/${own.organizationId}/members/${own.developer.memberId}`,
      `/keys/${own.developer.key.id}`,
    ];
    for (const path of paths) {
      const { status, text } = await as(role)('GET', path);
      expect(`${path}: ${status}`).toBe(`${path}: ${200}`);
      expect(text).not.toMatch(/"(spen[dt]\w*|held|used|remaining)":"?[0-9.]*[1-9]/);
    }
    const refused = ['limits/status', 'limits/stream', 'limits/history'].map(
      (what) => `/organizations/${own.organizationId}/${what}`,
    );
    for (const path of [
      ...refused,
      '/usage',
      '/requests',
      '/overview',
      '/usage/export',
      '/requests/export',
      '/requests/stream',
      '/alerts',
    ])
      expect(`${path}: ${(await as(role)('GET', path)).status}`).toBe(`${path}: ${403}`);
    const [line] = readCsv((await as(role)('GET', '/organizations/export')).text);
    expect(line).toMatchObject({
      id: own.organizationId,
      standing: '',
      spend_30d_usd: '',
      budget_used: '',
      members: '',
      owners: '',
    });
  });

  test('of one’s own team is told to its admin, and of one’s own key to its developer', async () => {
    const admin = as('team_admin');
    expect(must(await admin('GET', `/teams/${own.teamId}`)).limits_status.budgets).toEqual([
      expect.objectContaining({ spent: '5.00' }),
    ]);
    expect((await admin('GET', `/teams/${own.teamId}/limits/status`)).status).toBe(200);
    const developer = as('team_developer');
    expect(must(await developer('GET', `/keys/${own.developer.key.id}`)).limits_status.budgets).toHaveLength(1);
    expect(must(await developer('GET', `/keys/${own.key.id}`)).limits_status).toBeNull();
    expect(must(await developer('GET', `/teams/${own.teamId}`)).limits_status).toBeNull();
    expect((await developer('GET', `/keys/${own.key.id}/limits/status`)).status).toBe(403);
  });

  test('of the organization, other teams and people is not among the budgets that a team’s admin sees', async () => {
    const { root } = world();
    const member = `/organizations/${own.organizationId}/members/${own.developer.memberId}`;
    must(await root('PATCH', member, { budgets: [{ amount: '50.00', period: 'month' }] }));
    const scopes = async (role: Role) =>
      must(await as(role)('GET', '/overview')).budgets_closest.map((one: { scope: string; scope_id: string }) => one.scope_id);
    expect((await scopes('team_admin')).sort()).toEqual(sorted(own.teamId, own.key.id, own.developer.key.id));
    expect(await scopes('team_developer')).toEqual([own.developer.key.id]);
    expect(await scopes('org_billing')).toContain(own.developer.memberId);
  });

  test('cannot be found out by a filter, an order or a sum', async () => {
    const member = as('org_member');
    const standing = must(await world().root('GET', `/organizations/${own.organizationId}`)).standing.status;
    expect(must(await world().root('GET', `/organizations?status=${standing}`)).data.length).toBeGreaterThan(0);
    expect(must(await member('GET', `/organizations?status=${standing}`)).data).toEqual([]);
    expect(must(await member('GET', '/organizations?status=active')).data).toHaveLength(1);
    for (const sort of ['spend', '-budget_used', 'keys', '-teams']) {
      const { data, next_cursor } = must(await member('GET', `/organizations?sort=${sort}&limit=1`));
      expect([data.length, next_cursor]).toEqual([1, null]);
    }
    const sums = { total: 1, teams: 0, over_budget: 0, spend_period: '0.00' };
    expect(must(await member('GET', '/organizations/summary'))).toMatchObject(sums);
  });

  test('does not order what it may not be read of, across the pages of a person of two organizations', async () => {
    const [mine, other] = tenants;
    const grants = [...grantsOf('org_billing', mine.teams[0]), ...grantsOf('org_member', other.teams[0])];
    const both = world().as(grants, own.developer.accountId);
    const first = must(await both('GET', '/organizations?sort=-spend&limit=1'));
    const second = must(await both('GET', `/organizations?sort=-spend&limit=1&cursor=${first.next_cursor}`));
    expect([first.data[0].id, second.data[0].id]).toEqual([mine.organizationId, other.organizationId]);
    expect([first.data[0].standing, second.data[0].standing]).toEqual([expect.anything(), null]);
  });
});

describe('ways around', () => {
  test.each(NARROW)('search and names tell a %s of nothing beyond their own', async (role) => {
    const hidden = [sibling.teamId, sibling.key.id, sibling.developer.memberId, foreign.teamId, foreign.key.id];
    for (const id of hidden) expect(must(await as(role)('GET', `/search?q=${id}`)).data).toEqual([]);
    expect(must(await as(role)('GET', `/names?ids=${hidden.join(',')}`)).names).toEqual({});
    const alike = must(await as(role)('GET', `/search?q=${encodeURIComponent(sibling.teamName)}`)).data;
    for (const { id } of alike as readonly { id: string }[]) expect(hidden).not.toContain(id);
    const shown = must(await as(role)('GET', `/names?ids=${own.organizationId}`)).names;
    expect(shown).toEqual({ [own.organizationId]: tenants[0].slug });
  });

  test.each(NARROW)('who can call a target is told to a %s as far as their own teams', async (role) => {
    const answer = must(await as(role)('GET', '/access/explain?target=granted'));
    expect(answer.organizations.map((one: { id: string }) => one.id)).toEqual([own.organizationId]);
    const seen = JSON.stringify(answer);
    for (const id of [sibling.teamId, sibling.key.id, sibling.developer.memberId, foreign.teamId]) expect(seen).not.toContain(id);
    expect(seen.includes(own.teamId)).toBe(role !== 'org_member');
  });

  test('a preview tells nobody the catalogue, or the access of a team or a person they may not read', async () => {
    const grants = { level: 'organization', organization_id: own.organizationId, asset_access: { mode: 'all' } };
    const seen = await as('org_owner')('POST', '/access/preview', grants);
    expect([seen.status, seen.text.includes('secret')]).toEqual([403, false]);
    const of = ({ organizationId, teamId, developer }: TeamPlace, memberId = developer.memberId) => ({
      level: 'key',
      organization_id: organizationId,
      team_id: teamId,
      member_id: memberId,
      asset_access: { mode: 'inherit' },
    });
    expect((await as('team_admin')('POST', '/access/preview', of(own))).status).toBe(200);
    expect((await as('team_admin')('POST', '/access/preview', of(sibling))).status).toBe(403);
    expect((await as('team_admin')('POST', '/access/preview', of(own, sibling.developer.memberId))).status).toBe(403);
    expect((await as('team_admin')('POST', '/access/preview', of(foreign))).status).toBe(404);
  });

  test('what nobody has and what another tenant has are answered in the same words', async () => {
    const paths = ({ organizationId, teamId, key, developer }: TeamPlace) => [
      `/organizations/${organizationId}`,
      `/teams/${teamId}`,
      `/keys/${key.id}`,
      `/organizations/${organizationId}/members/${developer.memberId}`,
      `/access/explain?key_id=${key.id}`,
      `/usage?key_id=${key.id}`,
    ];
    const never = (id: string) => `${id.slice(0, -6)}ffffff`;
    const nothing = {
      ...foreign,
      organizationId: never(foreign.organizationId),
      teamId: never(foreign.teamId),
      key: { ...foreign.key, id: never(foreign.key.id) },
    };
    for (const [at, path] of paths(foreign).entries()) {
      const [there, nowhere] = [await as('org_owner')('GET', path), await as('org_owner')('GET', paths(nothing)[at] as string)];
      expect([there.status, there.body.detail]).toEqual([404, nowhere.body.detail]);
    }
  });

  test('the stream of a team’s limits is for who may read its usage', async () => {
    const opened = await listenTo(world().address, `/teams/${own.teamId}/limits/stream`, asActor(grantsOf('team_viewer', own)));
    expect(opened.status).toBe(403);
    const followed = await listenTo(world().address, `/teams/${own.teamId}/limits/stream`, asActor(grantsOf('team_admin', own)));
    expect(followed.status).toBe(200);
    followed.close();
    await followed.ended;
  });
});

describe('a team’s admin', () => {
  test('adds a member of the organization by the exact address, and learns of no account elsewhere', async () => {
    const path = `/teams/${own.teamId}/members`;
    const admin = world().as(grantsOf('team_admin', own), tenants[2].teams[0].developer.accountId);
    const add = (email: string) => admin('POST', path, { email, role: 'team_viewer' });
    const [elsewhere, nobody] = [await add(foreign.developer.email), await add('nobody@headgate.test')];
    expect([elsewhere.status, elsewhere.body.errors]).toEqual([400, nobody.body.errors]);
    expect(must(await add(sibling.developer.email))).toMatchObject({
      member_id: sibling.developer.memberId,
      role: 'team_viewer',
    });
    const both = { email: sibling.developer.email, account_id: sibling.developer.accountId, role: 'team_viewer' };
    for (const body of [both, { role: 'team_viewer' }]) expect((await admin('POST', path, body)).status).toBe(400);
    must(await admin('DELETE', `${path}/${sibling.developer.memberId}`));
  });
});

describe('the search', () => {
  const events = ['budget.threshold'];
  const hook = async (organization_id: string | null) => {
    const body = { organization_id, name: 'Walled hook', url: 'https://hooks.example.com/a', events };
    return must(await world().root('POST', '/webhooks', body)).id as string;
  };
  let hooks: Readonly<Record<'own' | 'foreign' | 'platform', string>>;

  beforeAll(async () => {
    expect(await createTrigrams(world().deps.db)).toBeNull();
    hooks = {
      own: await hook(own.organizationId),
      foreign: await hook(foreign.organizationId),
      platform: await hook(null),
    };
  });

  /** Everything that any of these texts finds: parts of names, in any order, with typos, and whole ids. */
  async function foundBy(role: Role, place: TeamPlace): Promise<ReadonlySet<string>> {
    const { teamName, developer, key, organizationId, teamId, serviceAccountId } = place;
    const slug = tenants.find((tenant) => tenant.organizationId === organizationId)?.slug ?? '';
    const texts = [
      ...[slug, slug.slice(2), slug.replace('tenant', 'tennant'), teamName, teamName.slice(1), developer.email],
      ...['wall', 'hook walled', 'waled hook', 'e', 'te', 'key', 'service'],
      ...[organizationId, teamId, key.id, developer.key.id, developer.memberId, serviceAccountId, ...Object.values(hooks)],
    ];
    const found = new Set<string>();
    for (const text of texts) {
      const { data } = must(await as(role)('GET', `/search?q=${encodeURIComponent(text.slice(0, 100))}`));
      for (const { id } of data as readonly { id: string }[]) found.add(id);
    }
    return found;
  }

  test.each([...WIDE, ...NARROW].filter((role) => !role.startsWith('platform_')))(
    '%s finds nothing of another tenant and no webhook but their own, by parts and typos either',
    async (role) => {
      const found = new Set([...(await foundBy(role, foreign)), ...(await foundBy(role, own))]);
      const of = (tenant: Tenants[number]) =>
        tenant.teams.flatMap(({ teamId, key, serviceAccountId, developer }) => [
          ...[tenant.organizationId, teamId, key.id, serviceAccountId],
          ...[developer.accountId, developer.memberId, developer.key.id],
        ]);
      for (const id of [...of(tenants[1]), ...of(tenants[2]), hooks.foreign, hooks.platform]) expect(found).not.toContain(id);
      expect(found).toContain(own.organizationId);
      expect(found.has(hooks.own)).toBe(role === 'org_owner' || role === 'org_admin');
      if (!(NARROW as readonly string[]).includes(role)) return;
      for (const id of [sibling.teamId, sibling.key.id, sibling.serviceAccountId, sibling.developer.memberId])
        expect(found).not.toContain(id);
    },
  );

  test('the platform finds all of it, so the walls above are what hides it', async () => {
    const found = new Set([...(await foundBy('platform_admin', foreign)), ...(await foundBy('platform_admin', own))]);
    for (const { organizationId, teamId, key, serviceAccountId, developer } of [foreign, own])
      expect([...found]).toEqual(
        expect.arrayContaining([organizationId, teamId, key.id, serviceAccountId, developer.memberId, developer.key.id]),
      );
    expect([...found]).toEqual(expect.arrayContaining(Object.values(hooks)));
  });
});

describe('names of models', () => {
  test('are not found out by choosing them: one that is not granted and one that is not there are refused alike', async () => {
    const admin = as('org_admin');
    const refusal = async (path: string, target: string) => {
      const { status, text } = await admin('PATCH', path, { asset_access: { mode: 'restrict', targets: [target] } });
      expect(status).toBe(400);
      return JSON.parse(text.replaceAll(target, 'target')) as { errors: unknown };
    };
    const member = `/organizations/${own.organizationId}/members/${sibling.developer.memberId}`;
    for (const path of [`/teams/${own.teamId}`, member, `/keys/${own.key.id}`]) {
      const [hidden, unknown] = [await refusal(path, 'secret'), await refusal(path, 'nowhere')];
      expect(hidden.errors).toEqual(unknown.errors);
    }
  });
});
