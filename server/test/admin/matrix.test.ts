/** Every route, every role, in one's own organization and in another: what `can()` says is what is answered. */
import { beforeAll, describe, expect, test } from 'vitest';
import { ROUTES } from '../../src/admin/app.ts';
import { isPermitted, type Place } from '../../src/admin/authorize.ts';
import type { Permission, RoleGrant } from '../../src/domain/permission.ts';
import { withDatabase } from '../support/database.ts';
import { upstream } from './catalogue-support.ts';
import { makeOrganization, must, withAdmin } from './support.ts';

/** The ids of one tenant. */
interface Tenant {
  readonly organizationId: string;
  readonly teamId: string;
  readonly accountId: string;
  readonly memberId: string;
  readonly serviceAccountId: string;
  readonly keyId: string;
  readonly tokenId: string;
  readonly invitationId: string;
  readonly webhookId: string;
  readonly deliveryId: string;
}

interface Ids {
  readonly mine: Tenant;
  readonly other: Tenant;
  readonly credentialId: string;
  readonly deploymentId: string;
  readonly routeGroupId: string;
  readonly accountId: string;
}

/** Where a call goes, and where in the tree that is. */
interface Target {
  readonly path: string;
  readonly place: Place;
  readonly body?: object;
}

const world = withAdmin(withDatabase(), { upstream });
let ids: Ids;

beforeAll(async () => {
  ids = await makeIds();
});

/** Their object is a request of the data plane, which this suite has none of, or many at once; told apart in their own tests. */
const TESTED_ELSEWHERE = new Set([
  'GET /requests/:request_id',
  'GET /decisions/:request_id',
  'GET /access/explain',
  'GET /names',
]);

const roles = (tenant: Tenant): Readonly<Record<string, readonly RoleGrant[]>> => {
  const { organizationId, teamId } = tenant;
  return {
    nobody: [],
    platform_admin: [{ role: 'platform_admin' }],
    platform_auditor: [{ role: 'platform_auditor' }],
    org_owner: [{ role: 'org_owner', organizationId }],
    org_admin: [{ role: 'org_admin', organizationId }],
    org_billing: [{ role: 'org_billing', organizationId }],
    org_auditor: [{ role: 'org_auditor', organizationId }],
    org_member: [{ role: 'org_member', organizationId }],
    team_admin: [{ role: 'team_admin', organizationId, teamId }],
    team_developer: [{ role: 'team_developer', organizationId, teamId }],
    team_viewer: [{ role: 'team_viewer', organizationId, teamId }],
  };
};

/** What is open to everybody, or to whoever is signed in, asks for no role: test/identity has it. */
const isEndless = (name: string) => ROUTES[name as keyof typeof ROUTES]?.form === 'events'; // test/live has them.
const asksForRole = (name: string) => !['public', 'signed_in'].includes(String(ROUTES[name as keyof typeof ROUTES]?.permission));

describe.each(Object.keys(ROUTES).filter((name) => asksForRole(name) && !isEndless(name) && !TESTED_ELSEWHERE.has(name)))(
  '%s',
  (name) => {
    // promise: Organization scope controls how teams, keys, and access are partitioned.
    test('answers each role what it may, in its own organization and in another', async () => {
      const route = ROUTES[name as keyof typeof ROUTES];
      if (route === undefined) throw new Error('a route of the table');
      const wanted = (typeof route.permission === 'string' ? [route.permission] : route.permission) as readonly Permission[];
      for (const [role, grants] of Object.entries(roles(ids.mine))) {
        for (const where of ['mine', 'other'] as const) {
          for (const accountId of [null, ids.mine.accountId]) {
            const target = targetOf(name, ids[where]);
            const seen = await statusFor(name, target, grants, accountId);
            expect(`${role} in ${where} as ${accountId ?? 'a token'}: ${seen}`).toBe(
              `${role} in ${where} as ${accountId ?? 'a token'}: ${expected(name, target.place, wanted, grants, accountId)}`,
            );
          }
        }
      }
    }, 60_000);
  },
);

/** 200 for a read; for a change `400`, because it carries a parameter that no route knows, which is looked at after the permission. */
async function statusFor(name: string, target: Target, grants: readonly RoleGrant[], accountId: string | null): Promise<number> {
  const [method = ''] = name.split(' ');
  const client = world().as(grants, accountId);
  if (method === 'GET') return (await client('GET', target.path)).status;
  return (await client(method, `${target.path}?nonsense=1`, target.body ?? {})).status;
}

function expected(
  name: string,
  place: Place,
  wanted: readonly Permission[],
  roles: readonly RoleGrant[],
  accountId: string | null,
): number {
  const actor = { kind: 'account', id: 'x', name: 'x', roles, accountId } as const;
  if (wanted.some((permission) => isPermitted(actor, permission, place))) return name.startsWith('GET') ? 200 : 400;
  const organizationId =
    'anywhereIn' in place ? (place.anywhereIn === 'platform' ? null : place.anywhereIn.organizationId) : place.organizationId;
  const belongs = roles.some((grant) => !('organizationId' in grant) || grant.organizationId === organizationId);
  return organizationId === null || belongs ? 403 : 404;
}

/** Lists over the whole tree show whatever part the caller may see. */
const TREE_LISTS = [
  '/invitations',
  '/organizations',
  '/organizations/summary',
  '/organizations/export',
  '/teams',
  '/service-accounts',
  '/keys',
  '/admin-tokens',
  '/callable-targets',
  '/usage',
  '/requests',
  '/overview',
  '/search',
  '/keys/export',
  '/requests/export',
  '/usage/export',
  '/alerts',
  '/webhooks',
];
/** What a question cannot be asked without. */
const QUERIES: Readonly<Record<string, string>> = {
  '/search': '?q=x',
  '/prices/suggest': '?provider=fake&upstream_model=fake-large',
  '/ledger/review': '?since=2026-01-01T00:00:00Z',
};
/** Lists inside one organization, of which a team's people see their team's part. */
const PARTIAL_LISTS = [
  '/organizations/:id/teams',
  '/organizations/:id/members',
  '/organizations/:id/keys',
  '/organizations/:id/usage',
];

function targetOf(name: string, tenant: Tenant): Target {
  const [method = '', pattern = ''] = name.split(' ');
  const path = pattern.replaceAll(/:[a-z_]+/g, (parameter) => encodeURIComponent(idFor(pattern, parameter, tenant)));
  return { path: path + (QUERIES[pattern] ?? ''), ...placeAndBody(method, pattern, tenant) };
}

function idFor(pattern: string, parameter: string, tenant: Tenant): string {
  if (parameter === ':member_id') return tenant.memberId;
  if (parameter === ':name') return pattern.startsWith('/jobs') ? 'proof' : 'matrix-model';
  if (parameter === ':key') return 'matrix-group';
  if (parameter === ':delivery_id') return tenant.deliveryId;
  const byResource: Readonly<Record<string, string>> = {
    organizations: tenant.organizationId,
    teams: tenant.teamId,
    accounts: ids.accountId,
    'service-accounts': tenant.serviceAccountId,
    keys: tenant.keyId,
    'admin-tokens': tenant.tokenId,
    invitations: tenant.invitationId,
    credentials: ids.credentialId,
    deployments: ids.deploymentId,
    'route-groups': ids.routeGroupId,
    webhooks: tenant.webhookId,
    prices: ids.deploymentId,
  };
  const id = byResource[pattern.split('/')[1] ?? ''];
  if (id === undefined) throw new Error(`this suite has no object for ${pattern}: make one in makeIds`);
  return id;
}

function placeAndBody(method: string, pattern: string, tenant: Tenant): { place: Place; body?: object } {
  const { organizationId, teamId } = tenant;
  if (method === 'GET' && TREE_LISTS.includes(pattern)) return { place: { anywhereIn: 'platform' } };
  if (method === 'GET' && PARTIAL_LISTS.includes(pattern)) return { place: { anywhereIn: { organizationId } } };
  if (pattern.startsWith('/organizations/:id/members/')) return { place: { organizationId, ownerAccountId: tenant.accountId } };
  if (pattern.startsWith('/organizations/:id')) return { place: { organizationId } };
  if (pattern.startsWith('/teams/:id') || pattern.startsWith('/service-accounts/:id'))
    return { place: { organizationId, teamId } };
  if (pattern.startsWith('/keys/:id')) return { place: { organizationId, teamId, ownerAccountId: tenant.accountId } };
  if (pattern === '/keys') {
    const body = { team_id: teamId, name: 'x', owner: { account_id: tenant.accountId } };
    return { place: { organizationId, teamId, ownerAccountId: tenant.accountId }, body };
  }
  if (pattern === '/playground') {
    const body = { key_id: tenant.keyId, model: 'x', messages: [{ role: 'user', content: 'x' }] };
    return { place: { organizationId, teamId, ownerAccountId: tenant.accountId }, body };
  }
  if (pattern === '/access/preview') {
    const body = { level: 'team', organization_id: organizationId, asset_access: { mode: 'inherit' } };
    return { place: { organizationId }, body };
  }
  if (pattern.startsWith('/invitations')) return { place: { organizationId }, body: invitationBody(organizationId) };
  if (pattern.startsWith('/webhooks')) return { place: { organizationId }, body: webhookBody(organizationId) };
  if (pattern.startsWith('/admin-tokens')) return { place: { organizationId }, body: tokenBody(organizationId) };
  if (pattern === '/prices' && method === 'POST') return { place: { organizationId: null }, body: priceBody() };
  return { place: { organizationId: null } };
}

function tokenBody(organizationId: string): object {
  return { name: 'x', role: 'org_member', organization_id: organizationId };
}

function webhookBody(organizationId: string): object {
  return { name: 'x', url: 'https://hooks.example/x', events: ['budget.threshold'], organization_id: organizationId };
}

function invitationBody(organizationId: string): object {
  return { email: `${organizationId}@example.com`, role: 'org_member', organization_id: organizationId };
}

function priceBody(): object {
  return { deployment_id: ids.deploymentId, prices: { input_per_million: '1' } };
}

async function makeIds(): Promise<Ids> {
  const { root } = world();
  const deployment = must(
    await root('POST', '/deployments', { model: 'matrix-model', provider: 'fake', upstream_model: 'fake-small', mode: 'chat' }),
  );
  const credential = must(
    await root('POST', '/credentials', { name: 'matrix', provider: 'openai', api_key: 'sk-upstream-secret' }),
  );
  must(await root('POST', '/access-groups', { key: 'matrix-group', name: 'Matrix' }));
  const group = must(await root('POST', '/route-groups', { key: 'matrix-route', members: [{ deployment_id: deployment.id }] }));
  const account = must(await root('POST', '/accounts', { email: 'matrix@example.com', name: 'Matrix' }));
  return {
    mine: await makeTenant('mine'),
    other: await makeTenant('other'),
    credentialId: credential.id,
    deploymentId: deployment.id,
    routeGroupId: group.id,
    accountId: account.id,
  };
}

async function makeTenant(name: string): Promise<Tenant> {
  const { root } = world();
  const organization = await makeOrganization(root);
  const organizationId = organization.id;
  const team = must(
    await root('POST', `/organizations/${organizationId}/teams`, { name: 'Team', self_service: { enabled: true } }),
  );
  const account = must(await root('POST', '/accounts', { email: `${name}@example.com`, name }));
  const member = must(await root('POST', `/teams/${team.id}/members`, { account_id: account.id, role: 'team_developer' }));
  const service = must(await root('POST', `/teams/${team.id}/service-accounts`, { name: 'ci' }));
  const key = must(await root('POST', '/keys', { team_id: team.id, name: 'own', owner: { account_id: account.id } }));
  const token = must(await root('POST', '/admin-tokens', tokenBody(organizationId)));
  const invitation = must(await root('POST', '/invitations', invitationBody(organizationId)));
  const webhook = must(await root('POST', '/webhooks', webhookBody(organizationId)));
  const delivery = must(await root('POST', `/webhooks/${webhook.id}/test`));
  return {
    organizationId,
    teamId: team.id,
    accountId: account.id,
    memberId: member.member_id,
    serviceAccountId: service.id,
    keyId: key.id,
    tokenId: token.id,
    invitationId: invitation.id,
    webhookId: webhook.id,
    deliveryId: delivery.id,
  };
}
