/** The accounts that a caller may choose from: all, or the members of the organizations whose people the caller manages. */
import { and, eq, exists, inArray, ne, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { accounts, memberships } from '../schema.ts';
import type { AccountRow } from './accounts.ts';

interface ReachFilter {
  /** The organizations whose members are in reach. Null: every account is. */
  readonly organizationIds: readonly string[] | null;
  /** The beginning of the name or e-mail address, or the whole id. */
  readonly search?: string | undefined;
}

export function listInReach(
  db: Database,
  { organizationIds, search }: ReachFilter,
  page: PageRequest,
): Promise<Listed<AccountRow>> {
  const wanted = [memberOfAny(db, organizationIds), named(accounts, search, accounts.email)];
  return listNamed(db, accounts, { list: 'accounts-in-reach', wanted, page });
}

/** Reports whether the account is in reach. */
export async function isInReach(
  db: Database,
  accountId: string,
  organizationIds: ReachFilter['organizationIds'],
): Promise<boolean> {
  const [row] = await db
    .select({ id: accounts.id })
    .from(accounts)
    .where(and(eq(accounts.id, accountId), memberOfAny(db, organizationIds)));
  return row !== undefined;
}

function memberOfAny(db: Database, organizationIds: ReachFilter['organizationIds']): SQL | undefined {
  if (organizationIds === null) return undefined;
  if (organizationIds.length === 0) return sql`false`;
  const present = db
    .select({ id: memberships.id })
    .from(memberships)
    .where(
      and(
        inArray(memberships.organizationId, [...organizationIds]),
        eq(memberships.accountId, accounts.id),
        ne(memberships.status, 'removed'),
      ),
    );
  return exists(present);
}
