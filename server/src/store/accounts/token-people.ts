/** The people behind admin tokens, with their present roles. Global: a person can have roles in many organizations. */
import { and, eq, inArray, ne } from 'drizzle-orm';
import type { TokenPerson } from '../../domain/tenancy/admin-token.ts';
import type { RoleGrant } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { accountMemberships, accounts, memberships, organizations } from '../schema.ts';

/** A person behind a token, with their name. */
export type NamedTokenPerson = TokenPerson & { readonly name: string };

/** Returns people by account id, with their platform and organization roles, but not team roles. Unknown ids are absent. */
export async function peopleOf(db: Database, accountIds: readonly string[]): Promise<ReadonlyMap<string, NamedTokenPerson>> {
  const ids = [...new Set(accountIds)];
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({
      id: accounts.id,
      name: accounts.name,
      status: accounts.status,
      platformRole: accounts.platformRole,
      organizationId: organizations.id,
      role: memberships.role,
    })
    .from(accounts)
    .leftJoin(accountMemberships, eq(accountMemberships.accountId, accounts.id))
    .leftJoin(
      memberships,
      and(
        eq(memberships.organizationId, accountMemberships.organizationId),
        eq(memberships.id, accountMemberships.membershipId),
        eq(memberships.status, 'active'),
      ),
    )
    .leftJoin(organizations, and(eq(organizations.id, memberships.organizationId), ne(organizations.status, 'deleted')))
    .where(inArray(accounts.id, ids));
  return new Map(
    [...Map.groupBy(rows, (row) => row.id)].map(([id, ofOne]) => {
      const [{ name, status, platformRole }] = ofOne as [(typeof ofOne)[number]];
      const roles: RoleGrant[] = platformRole === null ? [] : [{ role: platformRole }];
      for (const { organizationId, role } of ofOne) {
        if (organizationId !== null && role !== null) roles.push({ role, organizationId } as RoleGrant);
      }
      return [id, { name, isActive: status === 'active', roles }];
    }),
  );
}
