/** Accounts are added to organizations and teams by who may, and nobody learns of accounts of another tenant. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { RoleGrant } from '../../src/domain/tenancy/permission.ts';
import { withDatabase } from '../support/database.ts';
import { grantsOf, makeTenant, ROLES, type TeamPlace } from '../support/tenants.ts';
import { type Client, makeAccount, makeOrganization, must, withAdmin } from './support.ts';

const world = withAdmin(withDatabase());

/** The accounts that a caller could name: of the same organization, of another one that they manage, and three that are strangers. */
const WHOSE = ['member', 'managed', 'tenant', 'nowhere', 'missing'] as const;
type Whose = (typeof WHOSE)[number];

interface Ground {
  readonly own: TeamPlace;
  readonly other: TeamPlace;
  /** An organization whose members some callers manage too. */
  readonly second: string;
}

let ground: Ground;
beforeAll(async () => {
  const { root } = world();
  const make = async () => (await makeTenant(async (method, path, body) => must(await root(method, path, body)))).teams[0];
  ground = { own: await make(), other: await make(), second: (await makeOrganization(root)).id };
});

/** An account with a proved address, so that only the caller's reach is judged. */
async function accountOf(whose: Whose): Promise<string> {
  const { root } = world();
  const { own, other, second } = ground;
  if (whose === 'missing') return 'acct_00000000000000000000000000000000';
  const { id } = await makeAccount(root);
  must(await root('POST', `/accounts/${id}/vouch`, { reason: 'known in person' }));
  const place = { member: own.organizationId, managed: second, tenant: other.organizationId, nowhere: null }[whose];
  if (place !== null) must(await root('POST', `/organizations/${place}/members`, { account_id: id, role: 'org_member' }));
  return id;
}

type Line = readonly [caller: string, grants: (ground: Ground) => readonly RoleGrant[], cells: string];

/** The answers by whose account it is, in the order of WHOSE. */
const TO_ORGANIZATION: readonly Line[] = [
  ['a platform admin', ({ own }) => grantsOf('platform_admin', own), '409 201 201 201 400'],
  ['an owner', ({ own }) => grantsOf('org_owner', own), '409 400 400 400 400'],
  ['an owner of both', both('org_owner'), '409 201 400 400 400'],
  ['an admin', ({ own }) => grantsOf('org_admin', own), '409 400 400 400 400'],
  ['an admin of both', both('org_admin'), '409 201 400 400 400'],
  ...ROLES.filter((role) => !['platform_admin', 'org_owner', 'org_admin'].includes(role)).map(
    (role) => [role, ({ own }: Ground) => grantsOf(role, own), '403 403 403 403 403'] as const,
  ),
  ['nobody', () => [], '404 404 404 404 404'],
];

const TO_TEAM: readonly Line[] = [
  ['a platform admin', ({ own }) => grantsOf('platform_admin', own), '201 201 201 201 400'],
  ['an owner', ({ own }) => grantsOf('org_owner', own), '201 400 400 400 400'],
  ['an owner of both', both('org_owner'), '201 201 400 400 400'],
  ['an admin', ({ own }) => grantsOf('org_admin', own), '201 400 400 400 400'],
  ['a team admin', ({ own }) => grantsOf('team_admin', own), '201 400 400 400 400'],
  ...ROLES.filter((role) => !['platform_admin', 'org_owner', 'org_admin', 'team_admin'].includes(role)).map(
    (role) => [role, ({ own }: Ground) => grantsOf(role, own), '403 403 403 403 403'] as const,
  ),
  ['nobody', () => [], '404 404 404 404 404'],
];

function both(role: 'org_owner' | 'org_admin') {
  return ({ own, second }: Ground): readonly RoleGrant[] => [
    ...grantsOf(role, own),
    { role: 'org_admin', organizationId: second },
  ];
}

interface Place {
  readonly path: (ground: Ground) => string;
  readonly role: string;
  readonly lines: readonly Line[];
}

const PLACES: Readonly<Record<string, Place>> = {
  'an organization': {
    path: ({ own }) => `/organizations/${own.organizationId}/members`,
    role: 'org_member',
    lines: TO_ORGANIZATION,
  },
  'a team': { path: ({ own }) => `/teams/${own.teamId}/members`, role: 'team_viewer', lines: TO_TEAM },
};

/** Accounts that nobody has added yet. */
const unused = new Map<Whose, string>();

// promise: A platform admin adds every account to every organization
// promise: An owner or admin adds members of the organizations whose members they manage
describe.each(Object.entries(PLACES))('who adds whose account to %s', (_, { path, role, lines }) => {
  test.each(lines)('%s', async (_, grants, cells) => {
    const client = world().as(grants(ground), 'acct_caller');
    for (const [at, wanted] of cells.split(' ').entries()) {
      const whose = WHOSE[at] as Whose;
      const account_id = unused.get(whose) ?? (await accountOf(whose));
      unused.set(whose, account_id);
      const before = await traceOf(account_id);
      const changes = world().changes.length;
      const answer = await client('POST', path(ground), { account_id, role });
      expect(`${whose}: ${answer.status}`).toBe(`${whose}: ${wanted}`);
      if (answer.status === 201) unused.delete(whose);
      if (answer.status === 201) continue;
      expect(await traceOf(account_id), 'a refusal stores nothing').toEqual(before);
      expect(world().changes).toHaveLength(changes);
    }
  });
});

/** What the platform knows of an account: its places, and how often somebody was added in the organization. */
async function traceOf(accountId: string): Promise<unknown> {
  const { root } = world();
  const { own } = ground;
  const account = await root('GET', `/accounts/${accountId}`);
  const added = await Promise.all(['member.add', 'team_member.add'].map((action) => eventsOf(own.organizationId, action)));
  return [account.body.memberships ?? null, added.flat().map(({ seq }) => seq)];
}

async function eventsOf(organizationId: string, action: string): Promise<readonly AuditEvent[]> {
  return must(await world().root('GET', `/audit-events?organization_id=${organizationId}&action=${action}&limit=200`)).data;
}

interface AuditEvent {
  readonly seq: number;
  readonly actor: { readonly id: string };
}

describe('a refusal', () => {
  test('is the same for another tenant’s account and for none, and says who can', async () => {
    const owner = world().as(grantsOf('org_owner', ground.own), 'acct_caller');
    for (const { path, role } of Object.values(PLACES)) {
      const refused = async (whose: Whose) =>
        (await owner('POST', path(ground), { account_id: await accountOf(whose), role })).body.errors;
      const [tenant, missing] = [await refused('tenant'), await refused('missing')];
      expect(tenant).toEqual(missing);
      expect(tenant[0]).toMatchObject({ pointer: '/account_id' });
      expect(tenant[0].message).toMatch(/invite the person by e-mail address, or ask a platform admin/);
    }
  });

  // promise: Nobody gives a role above their own.
  test('of a role above one’s own names the roles that may give it', async () => {
    const admin = world().as(both('org_admin')(ground), 'acct_caller');
    const account_id = await accountOf('managed');
    const path = `/organizations/${ground.own.organizationId}/members`;
    const refused = await admin('POST', path, { account_id, role: 'org_owner' });
    expect(refused.status).toBe(403);
    expect(refused.body.errors).toMatchObject([{ pointer: '/role' }]);
    expect(refused.body.detail).toContain('ask an owner of the organization or a platform admin.');
    expect((await world().root('GET', `/accounts/${account_id}`)).body.memberships).toHaveLength(1);
  });

  test('of another tenant’s organization tells nothing, whatever the account', async () => {
    const owner = world().as(both('org_owner')(ground), 'acct_caller');
    for (const path of [`/organizations/${ground.other.organizationId}`, `/teams/${ground.other.teamId}`]) {
      const role = path.startsWith('/teams') ? 'team_viewer' : 'org_member';
      for (const whose of WHOSE)
        expect((await owner('POST', `${path}/members`, { account_id: await accountOf(whose), role })).status).toBe(404);
    }
    expect((await owner('GET', `/organizations/${ground.other.organizationId}/member-candidates`)).status).toBe(404);
  });
});

describe('the accounts to choose from', () => {
  const idsOf = async (client: Client, organizationId: string, query = '') => {
    const { data } = must(await client('GET', `/organizations/${organizationId}/member-candidates?limit=200${query}`));
    return data.map(({ account_id }: { account_id: string }) => account_id) as string[];
  };

  test('are every account for a platform admin, and for others the members of the organizations they manage', async () => {
    const { root, as } = world();
    const { organizationId } = ground.own;
    const accounts = Object.fromEntries(
      await Promise.all(
        (['member', 'managed', 'tenant', 'nowhere'] as const).map(async (whose) => [whose, await accountOf(whose)]),
      ),
    ) as Record<Whose, string>;
    const seenBy = async (client: Client) => {
      const ids = await idsOf(client, organizationId);
      return (Object.keys(accounts) as Whose[]).filter((whose) => ids.includes(accounts[whose]));
    };
    expect(await seenBy(root)).toEqual(['member', 'managed', 'tenant', 'nowhere']);
    expect(await seenBy(as(both('org_owner')(ground), 'acct_caller'))).toEqual(['member', 'managed']);
    expect(await seenBy(as(grantsOf('org_admin', ground.own), 'acct_caller'))).toEqual(['member']);
    for (const role of ['platform_auditor', 'org_billing', 'org_auditor', 'org_member', 'team_admin'] as const) {
      const client = as(grantsOf(role, ground.own), 'acct_caller');
      expect([role, (await client('GET', `/organizations/${organizationId}/member-candidates`)).status]).toEqual([role, 403]);
    }
    // Who was removed is out of reach again.
    const path = `/organizations/${ground.second}/members`;
    const { data } = must(await root('GET', `${path}?limit=200`));
    const member = data.find(({ account_id }: { account_id: string }) => account_id === accounts.managed);
    must(await root('DELETE', `${path}/${member.id}`));
    expect(await seenBy(as(both('org_owner')(ground), 'acct_caller'))).toEqual(['member']);
  });

  test('say who is a member already, and whose address is not proved', async () => {
    const { root, as } = world();
    const { organizationId } = ground.own;
    const member = await accountOf('member');
    const unproved = await makeAccount(root, 'Unproved');
    must(await root('POST', `/organizations/${ground.second}/members`, { account_id: unproved.id, role: 'org_member' }));
    const path = `/organizations/${organizationId}/member-candidates`;
    const find = async (client: Client, search: string) => must(await client('GET', `${path}?search=${search}`)).data;
    expect(await find(root, member)).toMatchObject([{ account_id: member, member: { role: 'org_member' }, may_add: true }]);
    // The platform made this account, so a platform admin may add it; an organization may not.
    expect(await find(root, unproved.email)).toMatchObject([{ account_id: unproved.id, member: null, may_add: true }]);
    const owner = as(both('org_owner')(ground), 'acct_caller');
    expect(await find(owner, unproved.email.toUpperCase())).toMatchObject([{ account_id: unproved.id, may_add: false }]);
    const added = await owner('POST', `/organizations/${organizationId}/members`, {
      account_id: unproved.id,
      role: 'org_member',
    });
    expect([added.status, added.body.detail]).toEqual([409, expect.stringContaining('a platform admin can vouch for it')]);
  });
});

describe('an account is added with teams', () => {
  test('in one step, with an event for each, and once for one idempotency key', async () => {
    const { root, as } = world();
    const { organizationId, teamId } = ground.own;
    const owner = as(both('org_owner')(ground), 'acct_assigner');
    const account_id = await accountOf('managed');
    const body = { account_id, role: 'org_billing', teams: [{ team_id: teamId, role: 'team_admin' }] };
    const once = { 'idempotency-key': `add-${account_id}` };
    const path = `/organizations/${organizationId}/members`;
    const [first, again] = [await owner('POST', path, body, once), await owner('POST', path, body, once)];
    expect(must(first)).toMatchObject({ account_id, role: 'org_billing', teams: [{ team_id: teamId, role: 'team_admin' }] });
    expect([again.status, again.body.id]).toEqual([201, first.body.id]);
    const done = async (action: string) =>
      (await eventsOf(organizationId, action)).filter(({ actor }) => actor.id === 'acct_assigner');
    const { id } = first.body;
    expect(await done('member.add')).toMatchObject([{ object: { id }, after: { account_id, role: 'org_billing' } }]);
    expect(await done('team_member.add')).toMatchObject([{ object: { id: `${teamId}/${id}` }, after: { role: 'team_admin' } }]);
    // Removing the member undoes both.
    must(await owner('DELETE', `${path}/${first.body.id}`));
    expect((await root('GET', `/accounts/${account_id}`)).body.memberships).toHaveLength(1);
    expect(must(await root('GET', `/teams/${teamId}/members?search=${account_id}`)).data).toEqual([]);
  });

  test('or not at all, if one of them is not the organization’s, is listed twice or is one too many', async () => {
    const { root } = world();
    const { organizationId, teamId } = ground.own;
    const account_id = await accountOf('nowhere');
    const add = (...ids: string[]) =>
      root('POST', `/organizations/${organizationId}/members`, {
        account_id,
        role: 'org_member',
        teams: ids.map((team_id) => ({ team_id, role: 'team_viewer' })),
      });
    for (const [teams, pointer] of [
      [[teamId, ground.other.teamId], '/teams/1/team_id'],
      [[teamId, teamId], '/teams/1/team_id'],
      [Array.from({ length: 51 }, () => teamId), '/teams'],
    ] as const) {
      const refused = await add(...teams);
      expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, pointer]);
    }
    expect((await root('GET', `/accounts/${account_id}`)).body.memberships).toEqual([]);
    must(await add(teamId));
  });
});
