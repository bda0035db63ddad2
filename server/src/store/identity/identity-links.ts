/** People at identity providers who are accounts here, and what is known of accounts that come through one. */
import { and, eq, isNull, type SQL, sql } from 'drizzle-orm';
import type { KnownAccount, MembershipStanding } from '../../domain/identity/arrival.ts';
import type { AccountRow } from '../accounts/accounts.ts';
import { provedSince } from '../accounts/address-proofs.ts';
import type { Database } from '../database.ts';
import type { Listed } from '../named-list.ts';
import { afterCursor, type Keyset, orderOf, pageLimit, pageOf, totalOf } from '../paging.ts';
import { accountMemberships, accounts, identityLinks, identityProviders, memberships, organizations } from '../schema.ts';
import { IS_OPEN } from './identity-providers.ts';

export interface LinkKey {
  readonly organizationId: string;
  readonly providerId: string;
  readonly subject: string;
}

/** Returns the account that a person at a provider is linked to, or null. */
export async function findAccountId(db: Database, key: LinkKey): Promise<string | null> {
  const [row] = await db.select({ accountId: identityLinks.accountId }).from(identityLinks).where(at(key));
  return row?.accountId ?? null;
}

/** Links a person at a provider, or notes that the link was used. A link never moves to another account. */
export async function use(
  tx: Database,
  key: LinkKey,
  { accountId, email, now }: { readonly accountId: string; readonly email: string | null; readonly now: Date },
): Promise<void> {
  await tx
    .insert(identityLinks)
    .values({ ...key, accountId, email, createdAt: now, lastUsedAt: now })
    .onConflictDoUpdate({
      target: [identityLinks.organizationId, identityLinks.providerId, identityLinks.subject],
      set: { email, lastUsedAt: now },
      setWhere: eq(identityLinks.accountId, accountId),
    });
}

/** Returns the active providers that an account is linked to, at most 20, by name. */
export async function activeOfAccount(
  db: Database,
  accountId: string,
): Promise<readonly { readonly organizationId: string; readonly id: string; readonly name: string }[]> {
  const { organizationId, id, name } = identityProviders;
  return db
    .selectDistinct({ organizationId, id, name })
    .from(identityLinks)
    .innerJoin(
      identityProviders,
      and(eq(identityProviders.organizationId, identityLinks.organizationId), eq(identityProviders.id, identityLinks.providerId)),
    )
    .innerJoin(organizations, eq(organizations.id, identityLinks.organizationId))
    .where(
      and(
        eq(identityLinks.accountId, accountId),
        eq(identityProviders.state, 'active'),
        isNull(identityProviders.deletedAt),
        IS_OPEN,
      ),
    )
    .orderBy(identityProviders.name, identityProviders.id)
    .limit(PROVIDERS_SHOWN_MAX);
}

const PROVIDERS_SHOWN_MAX = 20;

/** Returns what is known of an account, as this organization's decision needs it. */
export async function knownAccount(db: Database, organizationId: string, account: AccountRow): Promise<KnownAccount> {
  const { id, status, platformRole } = account;
  const rows = await db
    .select({ organizationId: accountMemberships.organizationId, status: memberships.status })
    .from(accountMemberships)
    .leftJoin(
      memberships,
      and(eq(memberships.organizationId, accountMemberships.organizationId), eq(memberships.id, accountMemberships.membershipId)),
    )
    .where(eq(accountMemberships.accountId, id));
  const here = rows.find((row) => row.organizationId === organizationId);
  const membership: MembershipStanding = here === undefined ? 'none' : (here.status ?? 'removed');
  const isElsewhere = rows.length > (here === undefined ? 0 : 1);
  const isProved = (await provedSince(db, id)) !== null;
  const address = account.email.toLowerCase();
  return { id, address, isProved, isActive: status === 'active', platformRole, membership, isElsewhere };
}

/** A link for a list. */
export interface ShownLink {
  readonly providerId: string;
  readonly providerName: string;
  readonly subject: string;
  readonly accountId: string;
  readonly name: string;
  readonly accountEmail: string;
  readonly email: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

const NEWEST_FIRST: Keyset = {
  name: 'identity-links',
  columns: [identityLinks.createdAt, identityLinks.providerId, identityLinks.subject],
  direction: 'desc',
};

interface LinkFilter {
  readonly organizationId: string;
  readonly providerId?: string | undefined;
  readonly accountId?: string | undefined;
}

/** Returns one page of the links of an organization, newest first, without those of deleted providers. */
export async function list(
  db: Database,
  filter: LinkFilter,
  page: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
): Promise<Listed<ShownLink>> {
  const limit = pageLimit(page.limit);
  const wanted = conditionOf(filter);
  const rows = await select(db)
    .where(and(wanted, afterCursor(NEWEST_FIRST, page.cursor)))
    .orderBy(orderOf(NEWEST_FIRST))
    .limit(limit + 1);
  const kept = pageOf(NEWEST_FIRST, rows, limit, (row) => [row.createdAt, row.providerId, row.subject]);
  return { ...kept, total: await totalOf(db, select(db).where(wanted)) };
}

function select(db: Database) {
  return db
    .select({
      providerId: identityLinks.providerId,
      providerName: sql<string>`${identityProviders.name}`.as('provider_name'),
      subject: identityLinks.subject,
      accountId: identityLinks.accountId,
      name: sql<string>`${accounts.name}`.as('account_name'),
      accountEmail: sql<string>`${accounts.email}`.as('account_email'),
      email: identityLinks.email,
      createdAt: sql`${identityLinks.createdAt}`.mapWith(identityLinks.createdAt).as('linked_at'),
      lastUsedAt: identityLinks.lastUsedAt,
    })
    .from(identityLinks)
    .innerJoin(
      identityProviders,
      and(eq(identityProviders.organizationId, identityLinks.organizationId), eq(identityProviders.id, identityLinks.providerId)),
    )
    .innerJoin(accounts, eq(accounts.id, identityLinks.accountId));
}

function conditionOf({ organizationId, providerId, accountId }: LinkFilter): SQL | undefined {
  return and(
    eq(identityLinks.organizationId, organizationId),
    isNull(identityProviders.deletedAt),
    providerId === undefined ? undefined : eq(identityLinks.providerId, providerId),
    accountId === undefined ? undefined : eq(identityLinks.accountId, accountId),
  );
}

/** A link as its own account sees it. */
export interface OwnLink {
  readonly organizationId: string;
  readonly organizationName: string;
  readonly providerId: string;
  readonly providerName: string;
  readonly subject: string;
  readonly email: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

/** Returns the links of an account in all organizations that are not deleted, oldest first, at most 100. */
export async function ofAccount(db: Database, accountId: string): Promise<readonly OwnLink[]> {
  const { organizationId, providerId, subject, email, createdAt, lastUsedAt } = identityLinks;
  const named = { organizationName: organizations.name, providerName: identityProviders.name };
  return db
    .select({ organizationId, providerId, subject, email, createdAt, lastUsedAt, ...named })
    .from(identityLinks)
    .innerJoin(identityProviders, and(eq(identityProviders.organizationId, organizationId), eq(identityProviders.id, providerId)))
    .innerJoin(organizations, eq(organizations.id, organizationId))
    .where(and(eq(identityLinks.accountId, accountId), isNull(identityProviders.deletedAt), IS_OPEN))
    .orderBy(createdAt, providerId, subject)
    .limit(OWN_MAX);
}

const OWN_MAX = 100;

/** Deletes a link of this account. Returns its organization, or null if the account has no such link. */
export async function removeOwn(
  tx: Database,
  { accountId, providerId, subject }: { readonly accountId: string; readonly providerId: string; readonly subject: string },
): Promise<string | null> {
  const [gone] = await tx
    .delete(identityLinks)
    .where(
      and(eq(identityLinks.accountId, accountId), eq(identityLinks.providerId, providerId), eq(identityLinks.subject, subject)),
    )
    .returning({ organizationId: identityLinks.organizationId });
  return gone?.organizationId ?? null;
}

/** Deletes a link. Returns the account that it led to, or null if there is no such link. */
export async function remove(tx: Database, key: LinkKey): Promise<string | null> {
  const [gone] = await tx.delete(identityLinks).where(at(key)).returning({ accountId: identityLinks.accountId });
  return gone?.accountId ?? null;
}

/** Deletes every link of an account but one, in all organizations. Returns the number of deleted ones. */
export async function removeOthers(tx: Database, accountId: string, kept: LinkKey): Promise<number> {
  const links = await tx.select().from(identityLinks).where(eq(identityLinks.accountId, accountId));
  const others = links.filter((link) => link.providerId !== kept.providerId || link.subject !== kept.subject);
  for (const link of others) await tx.delete(identityLinks).where(at(link));
  return others.length;
}

function at({ organizationId, providerId, subject }: LinkKey) {
  return and(
    eq(identityLinks.organizationId, organizationId),
    eq(identityLinks.providerId, providerId),
    eq(identityLinks.subject, subject),
  );
}
