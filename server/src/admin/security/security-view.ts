import { z } from 'zod';
import { admits, type OrganizationAccess } from '../../domain/access/access.ts';
import type { CallableTarget, Catalogue } from '../../domain/routing/catalogue.ts';
import {
  ORGANIZATION_ROLES,
  type OrganizationRole,
  ROLES_ABOVE_TEAMS,
  type RoleAboveTeams,
} from '../../domain/tenancy/permission.ts';
import { lastSeen, passkeysOf } from '../../store/accounts/account-facts.ts';
import { presentProofs } from '../../store/accounts/address-proofs.ts';
import type { AdminTokenRow } from '../../store/accounts/admin-tokens.ts';
import type { Database } from '../../store/database.ts';
import type { Member } from '../../store/tenancy/memberships.ts';
import { instantOut, isoOf, isoOrNull } from '../http/fields.ts';

/** The API views of the findings on an organization's security page. */

export const memberFindingOut = z
  .object({
    id: z.string().meta({ description: 'The id of the membership.' }),
    account_id: z.string(),
    name: z.string(),
    email: z.string(),
    role: z.enum(ORGANIZATION_ROLES),
    passkeys: z.int(),
    vouched_by: z.string().nullable().meta({
      description:
        'The name of the platform admin who vouched for the address. Null if the address was first proved in another way, or not at all.',
    }),
    vouched_at: instantOut.nullable(),
    last_seen_at: instantOut.nullable(),
  })
  .meta({ id: 'MemberFinding' });
export type MemberFinding = z.output<typeof memberFindingOut>;

/** Renders findings in the order of the rows. */
export async function viewMemberFindings(db: Database, members: readonly Member[]): Promise<MemberFinding[]> {
  const ids = members.map((member) => member.accountId);
  const proofs = await presentProofs(db, ids);
  const passkeys = await passkeysOf(db, ids);
  const seen = await lastSeen(db, ids);
  return members.map(({ id, accountId, account, role }) => {
    const proof = proofs.get(accountId);
    const vouch = proof?.how === 'platform_admin' ? proof : null;
    return {
      id,
      account_id: accountId,
      name: account.name,
      email: account.email,
      role: role as OrganizationRole,
      passkeys: passkeys.get(accountId) ?? 0,
      vouched_by: vouch?.provedByName ?? null,
      vouched_at: isoOrNull(vouch?.provedAt ?? null),
      last_seen_at: isoOrNull(seen.get(accountId) ?? null),
    };
  });
}

export const unownedTokenOut = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES_ABOVE_TEAMS),
    last_four: z.string(),
    created_at: instantOut,
    last_used_at: instantOut.nullable(),
    ends_at: instantOut
      .nullable()
      .meta({ description: 'The time at which the token expires unless a person takes it over first.' }),
  })
  .meta({ id: 'UnownedToken' });

export function viewUnownedToken(row: AdminTokenRow): z.output<typeof unownedTokenOut> {
  return {
    id: row.id,
    name: row.name,
    role: row.role as RoleAboveTeams,
    last_four: row.lastFour,
    created_at: isoOf(row.createdAt),
    last_used_at: isoOrNull(row.lastUsedAt),
    ends_at: isoOrNull(row.unownedEndsAt),
  };
}

export const plainTargetOut = z
  .object({
    id: z.string().meta({ description: 'The name of the target.' }),
    kind: z.enum(['model', 'route_group']),
    deployments: z.int(),
    plain_deployments: z.int().meta({ description: 'The number of its enabled deployments that are called without TLS.' }),
  })
  .meta({ id: 'PlainTarget', description: 'A model or route group whose requests may leave without TLS.' });
export type PlainTarget = z.output<typeof plainTargetOut>;

/**
 * Returns the targets, by name, that an organization may call and that have an enabled deployment called without TLS. Tenants
 * learn this fact, but not the host, which only the platform may know.
 */
export function plainTargets(
  access: OrganizationAccess,
  catalogue: Catalogue,
  isPlain: (baseUrl: string) => boolean,
): readonly PlainTarget[] {
  return [...catalogue.targets.values()]
    .filter((target) => admits(access, target))
    .map((target) => plainTarget(target, isPlain))
    .filter(({ plain_deployments }) => plain_deployments > 0)
    .sort((one, other) => (one.id < other.id ? -1 : 1));
}

function plainTarget({ name, kind, members }: CallableTarget, isPlain: (baseUrl: string) => boolean): PlainTarget {
  const used = members.map(({ deployment }) => deployment).filter(({ enabled }) => enabled);
  const plain = used.filter(
    ({ credential }) => credential !== null && credential.baseUrl !== null && isPlain(credential.baseUrl),
  );
  return { id: name, kind, deployments: used.length, plain_deployments: plain.length };
}
