/**
 * Every route × every role × {own team, other team of the organization, other tenant}: what `can()` says is what is answered. With whole
 * sessions, by rows, and against a table written by hand: `npm run prove walls.matrix`.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { ROUTES } from '../../src/admin/http/app.ts';
import { isPermitted, type Place } from '../../src/admin/http/authorize.ts';
import type { Permission, RoleGrant } from '../../src/domain/tenancy/permission.ts';
import { withDatabase } from '../support/database.ts';
import { grantsOf, makeTenants, ROLES } from '../support/tenants.ts';
import { upstream } from './catalogue-support.ts';
import {
  alertRuleBody,
  type Ground,
  idFor,
  invitationBody,
  makeGround,
  makeShared,
  priceBody,
  tokenBody,
  webhookBody,
} from './ground.ts';
import { must, withAdmin } from './support.ts';

interface Grounds {
  readonly own: Ground;
  /** Another team of the same organization. */
  readonly team: Ground;
  readonly other: Ground;
}

/** Where a call goes, and where in the tree that is. */
interface Target {
  readonly path: string;
  readonly place: Place;
  readonly body?: object;
}

const world = withAdmin(withDatabase(), { upstream });
let grounds: Grounds;

beforeAll(async () => {
  const { root } = world();
  const shared = await makeShared(root);
  const [mine, other] = await makeTenants(async (method, path, body) => must(await root(method, path, body)));
  grounds = {
    own: await makeGround(root, mine.teams[0], shared),
    team: await makeGround(root, mine.teams[1], shared),
    other: await makeGround(root, other.teams[0], shared),
  };
});

/** Their object is a request of the data plane, which this suite has none of, or many at once; told apart in their own tests. */
const TESTED_ELSEWHERE = new Set([
  'GET /requests/:request_id',
  'GET /decisions/:request_id',
  'DELETE /organizations/:id/files/:file_id',
  'GET /organizations/:id/batches/:batch_id',
  'POST /organizations/:id/batches/:batch_id/cancel',
  'GET /access/explain',
  'GET /names',
  'GET /organizations/:id/identity-providers/:idp_id/test-result',
  // What asks, and its code or its key of kind `login`, are made in test/logins.
  'POST /logins/authorize',
  'POST /logins/device/approve',
  'DELETE /logins/:id',
]);

const roles = (own: Ground): readonly (readonly [string, readonly RoleGrant[]])[] => [
  ['nobody', []],
  ...ROLES.map((role) => [role, grantsOf(role, own)] as const),
];
/** As a person, and in one's own team as an admin token too, which owns nothing. */
const CALLERS = [
  { where: 'own', isToken: true },
  { where: 'own', isToken: false },
  { where: 'team', isToken: false },
  { where: 'other', isToken: false },
] as const;

/** What is open to everybody, or to whoever is signed in, asks for no role: test/identity has it. */
const isEndless = (name: string) => ROUTES[name as keyof typeof ROUTES]?.form === 'events'; // test/live has them.
const asksForRole = (name: string) => !['public', 'signed_in'].includes(String(ROUTES[name as keyof typeof ROUTES]?.permission));

describe.each(Object.keys(ROUTES).filter((name) => asksForRole(name) && !isEndless(name) && !TESTED_ELSEWHERE.has(name)))(
  '%s',
  (name) => {
    // promise: Organization scope controls how teams, keys, and access are partitioned.
    test('answers each role what it may, in its own team, in another of its organization and in another organization', async () => {
      const route = ROUTES[name as keyof typeof ROUTES];
      if (route === undefined) throw new Error('a route of the table');
      const wanted = (typeof route.permission === 'string' ? [route.permission] : route.permission) as readonly Permission[];
      for (const [role, grants] of roles(grounds.own)) {
        for (const { where, isToken } of CALLERS) {
          const accountId = isToken ? null : grounds.own.accountId;
          const target = targetOf(name, grounds[where]);
          const seen = await statusFor(name, target, grants, accountId);
          const asked = `${role} in ${where} as ${isToken ? 'a token' : 'a person'}`;
          expect(`${asked}: ${seen}`).toBe(`${asked}: ${expected(name, target.place, wanted, grants, accountId)}`);
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
  '/access/who-can',
  '/usage',
  '/requests',
  '/overview',
  '/search',
  '/keys/export',
  '/audit-events/all',
  '/audit-events/all/export',
  '/requests/export',
  '/usage/export',
  '/alerts',
  '/webhooks',
  '/alert-rules',
];
/** What a question cannot be asked without. */
const QUERIES: Readonly<Record<string, string>> = {
  '/search': '?q=x',
  '/access/who-can': '?permission=catalogue.manage',
  '/prices/suggest': '?provider=fake&upstream_model=fake-large',
  '/ledger/review': '?since=2026-01-01T00:00:00Z',
  '/mirror-copies': '?from=2026-01-01T00:00:00Z',
  '/organizations/:id/security/members': '?finding=vouched_for',
  '/organizations/:id/security/members/export': '?finding=password_only',
};
/** Lists inside one organization, of which a team's people see their team's part. */
const PARTIAL_LISTS = [
  '/organizations/:id/teams',
  '/organizations/:id/members',
  '/organizations/:id/keys',
  '/organizations/:id/usage',
  '/organizations/:id/files',
  '/organizations/:id/batches',
];

function targetOf(name: string, tenant: Ground): Target {
  const [method = '', pattern = ''] = name.split(' ');
  const path = pattern.replaceAll(/:[a-z_]+/g, (parameter) => encodeURIComponent(idIn(pattern, parameter, tenant)));
  return { path: path + (QUERIES[pattern] ?? ''), ...placeAndBody(method, pattern, tenant) };
}

function idIn(pattern: string, parameter: string, tenant: Ground): string {
  const id = idFor(pattern, parameter, tenant);
  if (id === null) throw new Error(`this suite has no object for ${pattern}: make one in makeGround`);
  return id;
}

function placeAndBody(method: string, pattern: string, tenant: Ground): { place: Place; body?: object } {
  const { organizationId, teamId } = tenant;
  if (method === 'GET' && TREE_LISTS.includes(pattern)) return { place: { anywhereIn: 'platform' } };
  if (method === 'GET' && PARTIAL_LISTS.includes(pattern)) return { place: { anywhereIn: { organizationId } } };
  if (method === 'GET' && pattern === '/organizations/:id/members/:member_id')
    return { place: { organizationId, teamId, ownerAccountId: tenant.accountId } };
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
    const body = { key_id: tenant.keyId, path: '/v1/messages', body: { model: 'x' } };
    return { place: { organizationId, teamId, ownerAccountId: tenant.accountId }, body };
  }
  if (pattern === '/access/preview') {
    const body = { level: 'team', organization_id: organizationId, asset_access: { mode: 'inherit' } };
    return { place: { organizationId }, body };
  }
  if (pattern.startsWith('/invitations')) return { place: { organizationId }, body: invitationBody(organizationId, teamId) };
  if (pattern.startsWith('/alert-rules')) return { place: { organizationId }, body: alertRuleBody(organizationId, []) };
  if (pattern.startsWith('/alerts/:id')) return { place: { organizationId } };
  if (pattern.startsWith('/scheduled-mails')) return { place: { organizationId } };
  if (pattern.startsWith('/webhooks')) return { place: { organizationId }, body: webhookBody(organizationId) };
  if (pattern.startsWith('/own-')) return { place: { organizationId } };
  if (pattern.startsWith('/admin-tokens')) return { place: { organizationId }, body: tokenBody(organizationId) };
  if (pattern === '/prices' && method === 'POST') return { place: { organizationId: null }, body: priceBody(tenant) };
  return { place: { organizationId: null } };
}
