import { z } from 'zod';
import { mayAdmit } from '../../domain/tenancy/address.ts';
import { ORGANIZATION_ROLES, type OrganizationRole } from '../../domain/tenancy/permission.ts';
import type { AccountRow } from '../../store/accounts/accounts.ts';
import { listInReach } from '../../store/accounts/accounts-in-reach.ts';
import { admissionsOf } from '../../store/accounts/address-proofs.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import { admitsAs, organizationsInReach } from '../guards/admissible.ts';
import type { AdminCall } from '../http/call.ts';
import { idParams } from '../http/fields.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';

/** The API view of an account that a caller may choose for an organization or one of its teams. */
const candidateOut = z
  .object({
    account_id: z.string(),
    name: z.string(),
    email: z.string(),
    account_status: z.enum(['active', 'disabled']),
    member: z
      .object({ id: z.string(), role: z.enum(ORGANIZATION_ROLES) })
      .nullable()
      .meta({ description: 'The membership in this organization. Null if the account is not a member.' }),
    may_add: z.boolean().meta({
      description: 'False if the address is not proved, so that the caller may not add the account to this organization.',
    }),
  })
  .meta({ id: 'MemberCandidate' });

export const list = route({
  summary: 'Find accounts to add to an organization',
  description:
    'Platform roles find every account. Others find the members of the organizations whose members they manage; everybody else joins by an invitation (`POST /invitations`). `search` also matches the beginning of the e-mail address.',
  permission: 'members.manage',
  params: idParams,
  query: z.strictObject(listQuery),
  response: pageOut(candidateOut),
  load: load.organization,
  handle: async (call, organization) => {
    const filter = { organizationIds: organizationsInReach(call.actor), search: searchOf(call.query) };
    const listed = await listInReach(call.deps.db, filter, pageRequest(call.query));
    return renderPage(listed, await viewCandidates(call, organization.id, listed.rows));
  },
});

async function viewCandidates(
  { actor, deps: { db } }: AdminCall<unknown, unknown, unknown>,
  organizationId: string,
  rows: readonly AccountRow[],
): Promise<z.output<typeof candidateOut>[]> {
  const members = await memberships.findByAccounts(db, { organizationId, accountIds: rows.map(({ id }) => id) });
  const admissions = await admissionsOf(db, rows);
  return rows.map(({ id, name, email, status }) => {
    const member = members.get(id) ?? null;
    const admission = admissions.get(id);
    return {
      account_id: id,
      name,
      email,
      account_status: status,
      member: member === null ? null : { id: member.id, role: member.role as OrganizationRole },
      may_add: admission !== undefined && mayAdmit(admission, { organizationId, by: admitsAs(actor) }),
    };
  });
}
