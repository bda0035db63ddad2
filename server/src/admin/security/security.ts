import { z } from 'zod';
import * as adminTokens from '../../store/accounts/admin-tokens.ts';
import { PERSON_FINDINGS, type PersonFinding } from '../../store/accounts/person-findings.ts';
import { organizationAccessFrom } from '../../store/configuration/policy-columns.ts';
import { pageOfSorted } from '../../store/paging.ts';
import * as keys from '../../store/tenancy/keys.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import { accessCatalogue } from '../access/access-fields.ts';
import { exportPages } from '../exports/paged-export.ts';
import { csvFile, textOut } from '../http/answer.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { idParams } from '../http/fields.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf, totalOut } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';
import { unusedFor } from '../keys/keys.ts';
import {
  type MemberFinding,
  memberFindingOut,
  type PlainTarget,
  plainTargetOut,
  plainTargets,
  unownedTokenOut,
  viewMemberFindings,
  viewUnownedToken,
} from './security-view.ts';

/** Security findings of an organization. Shown to callers who may read its whole audit log: its owners, admins and auditors. */

/** The number of days without use after which a key is a finding. */
const UNUSED_DAYS = 90;
const EXPORT_PAGE = 200;

const finding = z.enum(PERSON_FINDINGS).meta({
  description:
    '`vouched_for`: only a platform admin’s word proves the address. `password_only`: a password alone signs the person in, because no authenticator app is set up.',
});

export const summary = route({
  summary: 'Count the security findings of an organization',
  description: 'Each finding has its own list. `GET /organizations/{id}/keys?unused_days=90` lists unused keys.',
  permission: 'audit.read',
  params: idParams,
  response: z
    .object({
      vouched_for: totalOut,
      password_only: totalOut,
      unowned_admin_tokens: z.int(),
      plain_targets: z.int(),
      unused_keys: totalOut,
      unused_days: z.int(),
    })
    .meta({ id: 'SecuritySummary' }),
  load: load.organization,
  handle: async (call, organization) => {
    const { db, clock } = call.deps;
    const people = (one: PersonFinding) => memberships.countMembers(db, filterOf(call, organization, one));
    return {
      vouched_for: await people('vouched_for'),
      password_only: await people('password_only'),
      unowned_admin_tokens: await adminTokens.countUnowned(db, new Date(clock.nowMs()), organization.id),
      plain_targets: (await targetsOf(call, organization)).length,
      unused_keys: await keys.countUnused(db, organization.id, unusedFor(UNUSED_DAYS, clock.nowMs())),
      unused_days: UNUSED_DAYS,
    };
  },
});

export const members = route({
  summary: 'List an organization’s members with a security finding',
  description: 'Returns each person with what was found. `finding` narrows the list.',
  permission: 'audit.read',
  params: idParams,
  query: z.strictObject({ ...listQuery, finding }),
  response: pageOut(memberFindingOut),
  load: load.organization,
  handle: async (call, organization) => {
    const filter = { ...filterOf(call, organization, call.query.finding), search: searchOf(call.query) };
    const listed = await memberships.list(call.deps.db, filter, pageRequest(call.query));
    return renderPage(listed, await viewMemberFindings(call.deps.db, listed.rows));
  },
});

export const exportMembers = route({
  summary: 'Export members with a security finding as CSV',
  description: 'Sorted by name. At most 100,000 rows; if there are more, the last line says so.',
  permission: 'audit.read',
  params: idParams,
  query: z.strictObject({ finding }),
  response: textOut,
  form: 'text',
  load: load.organization,
  handle: async (call, organization) => {
    const filter = filterOf(call, organization, call.query.finding);
    return csvFile(
      `headgate-${call.query.finding}.csv`,
      exportPages(HEAD, (cursor) => pageOfMembers(call, filter, cursor)),
    );
  },
});

const HEAD = ['member_id', 'account_id', 'name', 'email', 'role', 'passkeys', 'vouched_by', 'vouched_at', 'last_seen_at'];

async function pageOfMembers(
  { deps: { db } }: AdminCall<unknown, unknown>,
  filter: memberships.MemberFilter,
  cursor: string | undefined,
) {
  const page = await memberships.list(db, filter, { sort: 'name', limit: EXPORT_PAGE, cursor });
  return { lines: (await viewMemberFindings(db, page.rows)).map(cellsOf), nextCursor: page.nextCursor };
}

function cellsOf(found: MemberFinding) {
  const { id, account_id, name, email, role, passkeys, vouched_by, vouched_at, last_seen_at } = found;
  return [id, account_id, name, email, role, passkeys, vouched_by, vouched_at, last_seen_at];
}

export const tokens = route({
  summary: 'List an organization’s working admin tokens without an owner',
  description:
    'Returns tokens that work and that belong to no person and no service account. Each should be taken over or revoked.',
  permission: 'audit.read',
  params: idParams,
  query: z.strictObject(listQuery),
  response: pageOut(unownedTokenOut),
  load: load.organization,
  handle: async (call, { id: organizationId }) => {
    const reach = reachWithin(call.actor, 'audit.read', { organizationId });
    const unownedAt = new Date(call.deps.clock.nowMs());
    const filter = { reach, organizationId, unownedAt, search: searchOf(call.query) };
    const listed = await adminTokens.list(call.deps.db, filter, pageRequest(call.query));
    return renderPage(listed, listed.rows.map(viewUnownedToken));
  },
});

export const upstreams = route({
  summary: 'List an organization’s targets without TLS',
  description:
    'Lists, by name, models and route groups with a deployment whose credential has an `http://` address on a public network.',
  permission: 'audit.read',
  params: idParams,
  query: z.strictObject({ limit: listQuery.limit, cursor: listQuery.cursor }),
  response: pageOut(plainTargetOut),
  load: load.organization,
  handle: async (call, organization) => {
    const found = await targetsOf(call, organization);
    const page = pageOfSorted('plain-targets', found, call.query, ({ id }) => id);
    return renderPage({ ...page, total: found.length }, page.rows);
  },
});

async function targetsOf({ deps }: AdminCall<unknown, unknown>, organization: OrganizationRow): Promise<readonly PlainTarget[]> {
  const catalogue = await accessCatalogue(deps.db);
  return plainTargets(organizationAccessFrom(organization), catalogue, deps.upstream.isPlainOnNetwork);
}

function filterOf(
  call: AdminCall<unknown, unknown>,
  { id: organizationId }: OrganizationRow,
  finding: PersonFinding,
): memberships.MemberFilter {
  return { reach: reachWithin(call.actor, 'audit.read', { organizationId }), organizationId, finding };
}
