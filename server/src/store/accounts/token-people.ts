/** The people behind admin tokens, with what they hold now. Global: a person's roles stand in many organizations. */
import { and, eq, inArray, ne } from 'drizzle-orm';
import type { TokenPerson } from '../../domain/tenancy/admin-token.ts';
import type { RoleGrant } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { accountMemberships, accounts, memberships, organizations } from '../schema.ts';

/** A person behind a token, and what they are called. */
export type NamedTokenPerson = TokenPerson & { readonly name: string };

/** People by account id, with their roles on the platform and in organizations as a whole. An id that has no account is left out. */
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
