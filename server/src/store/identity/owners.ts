/** The owners of an organization who may act now: those who are told by mail, and who can be named for an emergency. */
import { and, asc, eq, exists, gte, inArray, isNull, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { accounts, identityLinks, identityProviders, memberships, passkeys } from '../schema.ts';

/** An owner who may act now. */
export interface ActiveOwner {
  readonly accountId: string;
  readonly name: string;
  readonly email: string;
  readonly passkeys: number;
}

/** Returns the active owners of an organization, oldest membership first, at most 200. */
export async function activeOwners(db: Database, organizationId: string): Promise<readonly ActiveOwner[]> {
  return db
    .select({
      accountId: accounts.id,
      name: accounts.name,
      email: accounts.email,
      passkeys: sql<number>`(select count(*)::int from ${passkeys} where ${passkeys.userId} = ${accounts.id})`,
    })
    .from(memberships)
    .innerJoin(accounts, eq(accounts.id, memberships.accountId))
    .where(
      and(
        eq(memberships.organizationId, organizationId),
        eq(memberships.role, 'org_owner'),
        eq(memberships.status, 'active'),
        eq(accounts.status, 'active'),
      ),
    )
    .orderBy(asc(memberships.id))
    .limit(OWNERS_MAX);
}

const OWNERS_MAX = 200;

/** Returns the last sign-in of one of these accounts through an active provider of the organization; null: none since `since`. */
export async function lastSignInThroughProvider(
  db: Database,
  wanted: { readonly organizationId: string; readonly accountIds: readonly string[]; readonly since: Date },
): Promise<Date | null> {
  if (wanted.accountIds.length === 0) return null;
  const [row] = await db
    .select({ at: identityLinks.lastUsedAt })
    .from(identityLinks)
    .innerJoin(
      identityProviders,
      and(
        eq(identityProviders.organizationId, identityLinks.organizationId),
        eq(identityProviders.id, identityLinks.providerId),
        eq(identityProviders.state, 'active'),
        isNull(identityProviders.deletedAt),
      ),
    )
    .where(
      and(
        eq(identityLinks.organizationId, wanted.organizationId),
        inArray(identityLinks.accountId, [...wanted.accountIds]),
        gte(identityLinks.lastUsedAt, wanted.since),
      ),
    )
    .orderBy(sql`${identityLinks.lastUsedAt} desc`)
    .limit(1);
  return row?.at ?? null;
}

/** Counts the active members of an organization, and those of them who signed in through an active provider. */
export async function countMembers(
  db: Database,
  organizationId: string,
): Promise<{ readonly members: number; readonly linked: number }> {
  const isLinked = exists(
    db
      .select({ id: identityLinks.accountId })
      .from(identityLinks)
      .innerJoin(
        identityProviders,
        and(
          eq(identityProviders.organizationId, identityLinks.organizationId),
          eq(identityProviders.id, identityLinks.providerId),
          eq(identityProviders.state, 'active'),
          isNull(identityProviders.deletedAt),
        ),
      )
      .where(and(eq(identityLinks.organizationId, organizationId), eq(identityLinks.accountId, memberships.accountId))),
  );
  const isMember = and(eq(memberships.organizationId, organizationId), eq(memberships.status, 'active'));
  return { members: await db.$count(memberships, isMember), linked: await db.$count(memberships, and(isMember, isLinked)) };
}
