import { z } from 'zod';
import { ACCOUNT_ORIGINS, ADDRESS_PROOFS } from '../../domain/tenancy/address.ts';
import { ORGANIZATION_ROLES, type OrganizationRole, PLATFORM_ROLES } from '../../domain/tenancy/permission.ts';
import { factsOf } from '../../store/accounts/account-facts.ts';
import type { AccountRow } from '../../store/accounts/accounts.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import type { AddressProofRow } from '../../store/accounts/address-proofs.ts';
import type { AdminCall } from '../http/call.ts';
import { instantOut, isoOf, isoOrNull } from '../http/fields.ts';
import { notFound } from '../http/problem.ts';
import type { Loaded } from '../http/route.ts';

/** The API view of an account, for callers who may read accounts. */

export const accountOut = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    email_verified: z.boolean().meta({ description: 'True if the present address is proved.' }),
    address_proof: z
      .object({
        how: z.enum(ADDRESS_PROOFS),
        at: instantOut,
        by: z.string(),
        by_name: z.string(),
        reason: z.string().nullable(),
      })
      .nullable()
      .meta({ description: 'The first proof of the present address. Null if the address is not proved.' }),
    made: z.object({
      how: z.enum(ACCOUNT_ORIGINS),
      by: z.string().nullable(),
      by_name: z.string().nullable(),
    }),
    bound_organization: z.object({ id: z.string(), name: z.string() }).nullable().meta({
      description:
        'The one organization that admits the account while its address is not proved. Null if only the platform admits it.',
    }),
    platform_role: z.enum(PLATFORM_ROLES).nullable(),
    status: z.enum(['active', 'disabled']),
    two_factor: z.boolean().meta({ description: 'True if an authenticator app is set up.' }),
    passkeys: z.int(),
    last_sign_in_at: instantOut.nullable(),
    memberships: z.array(
      z.object({
        organization_id: z.string(),
        organization_name: z.string(),
        member_id: z.string(),
        role: z.enum(ORGANIZATION_ROLES),
      }),
    ),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'Account', description: 'A person who can belong to organizations.' });

/** Loads an account. Accounts belong to no tenant, because one person may be in many. Throws 404 for an unknown one. */
export async function loadAccount(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<AccountRow>> {
  const row = await accounts.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('account');
  return { place: { organizationId: null }, object: row };
}

type AccountView = z.output<typeof accountOut>;

export async function viewAccount(call: AdminCall<unknown, unknown, unknown>, row: AccountRow): Promise<AccountView> {
  const [shown] = await viewAccounts(call, [row]);
  return shown as AccountView;
}

export async function viewAccounts(
  call: AdminCall<unknown, unknown, unknown>,
  rows: readonly AccountRow[],
): Promise<AccountView[]> {
  const of = await factsOf(call.deps.db, rows);
  return rows.map((row) => {
    const { hasTotp, passkeys, lastSignInAt, memberships, proof, boundTo } = of(row.id);
    return {
      id: row.id,
      ...accountFacts(row),
      email_verified: proof !== null,
      address_proof: proof === null ? null : viewProof(proof),
      made: { how: row.madeHow ?? 'earlier', by: row.madeBy, by_name: row.madeByName },
      bound_organization: proof === null ? boundTo : null,
      two_factor: hasTotp,
      passkeys,
      last_sign_in_at: isoOrNull(lastSignInAt),
      memberships: memberships.map(({ organizationId, organizationName, memberId, role }) => ({
        organization_id: organizationId,
        organization_name: organizationName,
        member_id: memberId,
        role: role as OrganizationRole,
      })),
      created_at: isoOf(row.createdAt),
      updated_at: isoOf(row.updatedAt),
    };
  });
}

/** Renders one proof of an address. */
export function viewProof({ how, provedAt, provedBy, provedByName, reason }: AddressProofRow) {
  return { how, at: isoOf(provedAt), by: provedBy, by_name: provedByName, reason };
}

/** Returns the fields that people change, which the audit log records. */
export function accountFacts(row: AccountRow) {
  return { name: row.name, email: row.email, platform_role: row.platformRole, status: row.status };
}

/** Returns the fields that identify an account in an audit event, in the platform's chain. */
export function accountObject(row: Pick<AccountRow, 'id' | 'name'>) {
  return { organizationId: null, objectType: 'account', objectId: row.id, objectName: row.name };
}
