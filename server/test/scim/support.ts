/** An organization with a verified domain and a SCIM token, and its identity provider's calls. */

import { newId } from '../../src/lib/id.ts';
import { groupMappings, organizationDomains } from '../../src/store/schema.ts';
import { type AdminWorld, freshSlug, makeAccount, makeOrganization, must } from '../admin/support.ts';

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
export const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

export interface ScimAnswer {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test asks for a field by its name, and a wrong one fails the test.
  readonly body: any;
  readonly text: string;
}

/** One directory that calls the endpoint. */
export type Directory = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<ScimAnswer>;

export interface Site {
  readonly organizationId: string;
  /** The verified domain. */
  readonly domain: string;
  readonly token: string;
  readonly scim: Directory;
}

export async function makeSite(world: AdminWorld): Promise<Site> {
  const { root, deps } = world;
  const { id: organizationId } = await makeOrganization(root);
  const domain = `${freshSlug('corp')}.example`;
  await deps.db
    .insert(organizationDomains)
    .values({ organizationId, domain, challenge: 'x', state: 'verified', createdBy: 'test' });
  const { token } = must(await root('POST', `/organizations/${organizationId}/scim-tokens`, { name: 'Okta' }));
  return { organizationId, domain, token, scim: directoryOf(world.address, token) };
}

export function directoryOf(address: string, token: string): Directory {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${address}/scim/v2${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/scim+json',
        ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }),
        ...headers,
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    return { status: response.status, type, headers: response.headers, text, body: text === '' ? null : JSON.parse(text) };
  };
}

/** A person as Okta sends them. */
export function personBody(userName: string, more: object = {}): object {
  const [givenName = 'Ada'] = userName.split('@');
  return {
    schemas: [USER],
    userName,
    name: { givenName, familyName: 'Lovelace' },
    emails: [{ primary: true, value: userName, type: 'work' }],
    displayName: `${givenName} Lovelace`,
    active: true,
    ...more,
  };
}

export const patchBody = (...operations: readonly object[]) => ({ schemas: [PATCH_OP], Operations: operations });

/** The body of an answer that must be a success. */
export function mustScim(answer: ScimAnswer) {
  if (answer.status >= 300) throw new Error(`${answer.status}: ${answer.text}`);
  return answer.body;
}

export async function makePerson({ scim, domain }: Site, name: string, more: object = {}) {
  return mustScim(await scim('POST', '/Users', personBody(`${name}@${domain}`, more)));
}

/** A mapping of a group of the directory, as an owner makes it. */
export async function mapGroup(
  { deps }: AdminWorld,
  { organizationId }: Site,
  wanted: { readonly group: string; readonly createdBy: string } & (
    | { readonly role: 'org_owner' | 'org_admin' | 'org_billing' | 'org_auditor' }
    | { readonly teamId: string; readonly teamRole: 'team_admin' | 'team_developer' | 'team_viewer' }
  ),
): Promise<string> {
  const id = newId('map');
  const { group: value, createdBy } = wanted;
  const gives = 'role' in wanted ? { role: wanted.role } : { teamId: wanted.teamId, teamRole: wanted.teamRole };
  await deps.db.insert(groupMappings).values({ organizationId, id, source: 'scim', value, createdBy, ...gives });
  return id;
}

/** An owner made by hand, in whose name mappings are. */
export async function makeOwner({ root }: AdminWorld, organizationId: string): Promise<{ accountId: string; memberId: string }> {
  const account = await makeAccount(root, 'Owner');
  const body = { account_id: account.id, role: 'org_owner' };
  const member = must(await root('POST', `/organizations/${organizationId}/members`, body));
  return { accountId: account.id, memberId: member.id };
}

export const memberOf = async ({ root }: AdminWorld, { organizationId }: Site, id: string) =>
  must(await root('GET', `/organizations/${organizationId}/members/${id}`));

export async function makeGroup({ scim }: Site, displayName: string, ...ids: readonly string[]): Promise<string> {
  return mustScim(await scim('POST', '/Groups', { displayName, members: ids.map((value) => ({ value })) })).id;
}
