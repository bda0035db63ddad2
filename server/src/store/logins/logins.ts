/** Logins: people on their devices. Each has a key of kind `login`. The row of an ended one stays. */
import { and, eq, gt, inArray, isNull, lt, or, type SQL, sql } from 'drizzle-orm';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { afterCursor, type Keyset, orderOf, type Page, pageLimit, pageOf } from '../paging.ts';
import { accounts, keys, logins, organizations, refreshTokens, teams } from '../schema.ts';
import { endSecrets } from '../tenancy/keys.ts';
import { withinReach } from '../tenancy/reach.ts';

export type LoginRow = typeof logins.$inferSelect;
export type EndReason = 'signed_out' | 'ended' | 'reuse' | 'idle' | 'expired' | 'unclaimed';

/** The ids of a login, which are those of its key. */
export interface LoginId {
  readonly organizationId: string;
  readonly keyId: string;
}

export async function insert(tx: Database, row: typeof logins.$inferInsert): Promise<void> {
  await tx.insert(logins).values(row);
}

export async function lock(tx: Database, login: LoginId): Promise<LoginRow | null> {
  const [row] = await tx.select().from(logins).where(of(login)).for('update');
  return row ?? null;
}

/** Records that tokens were fetched. */
export async function markRefreshed(tx: Database, login: LoginId, at: Date): Promise<void> {
  await tx.update(logins).set({ refreshedAt: at }).where(of(login));
}

/** Begins a login again: its device asked once more. */
export async function renew(tx: Database, login: LoginId, changes: Partial<typeof logins.$inferInsert>): Promise<void> {
  await tx.update(logins).set(changes).where(of(login));
}

/**
 * Ends a login: forgets its refresh tokens, revokes its key, and ends its access tokens at once. Returns false if it had ended
 * before. Bump the version of the organization's configuration in the same transaction, so that every replica learns of it.
 */
export async function end(tx: Database, login: LoginId, by: EndReason, at: Date): Promise<boolean> {
  await dropRefreshTokens(tx, login);
  const ended = await tx
    .update(logins)
    .set({ endedAt: at, endedBy: by })
    .where(and(of(login), isNull(logins.endedAt)))
    .returning({ keyId: logins.keyId });
  const revoked = await tx
    .update(keys)
    .set({ status: 'revoked', revokedAt: at, updatedAt: at, version: sql`${keys.version} + 1` })
    .where(and(eq(keys.organizationId, login.organizationId), eq(keys.id, login.keyId), sql`${keys.status} <> 'revoked'`))
    .returning({ id: keys.id });
  await endSecrets(tx, { organizationId: login.organizationId, id: login.keyId }, at);
  return ended.length > 0 || revoked.length > 0;
}

/** Forgets the refresh tokens of a login. */
export async function dropRefreshTokens(tx: Database, { organizationId, keyId }: LoginId): Promise<void> {
  await tx.delete(refreshTokens).where(and(eq(refreshTokens.organizationId, organizationId), eq(refreshTokens.keyId, keyId)));
}

/** The facts about a login: its key, its person and its place, and whether they may call now. */
export interface LoginFacts {
  readonly keyName: string;
  readonly email: string;
  readonly accountName: string;
  readonly organization: { readonly id: string; readonly slug: string; readonly name: string };
  readonly team: { readonly id: string; readonly name: string };
  /** False if the key, its owner, its team or its organization is not active. */
  readonly isActive: boolean;
}

/** Reads the facts about a login. Returns null if it is gone. */
export async function facts(db: Database, { organizationId, keyId }: LoginId): Promise<LoginFacts | null> {
  const { rows } = await db.execute<{
    key_name: string;
    email: string;
    account_name: string;
    organization_id: string;
    slug: string;
    organization_name: string;
    team_id: string;
    team_name: string;
    is_active: boolean;
  }>(sql`
    select k.name as key_name, a.email, a.name as account_name, o.id as organization_id, o.slug,
      o.name as organization_name, t.id as team_id, t.name as team_name,
      k.status = 'active' and (k.expires_at is null or k.expires_at > now()) and o.status = 'active' and t.status = 'active' and t.deleted_at is null and a.status = 'active'
        and exists (select from memberships m where m.organization_id = k.organization_id and m.id = k.owner_membership_id
          and m.account_id = l.account_id and m.status = 'active') as is_active
    from logins l join keys k on k.organization_id = l.organization_id and k.id = l.key_id
      join organizations o on o.id = l.organization_id
      join teams t on t.organization_id = k.organization_id and t.id = k.team_id
      join accounts a on a.id = l.account_id
    where l.organization_id = ${organizationId} and l.key_id = ${keyId}`);
  const [row] = rows;
  if (row === undefined) return null;
  return {
    keyName: row.key_name,
    email: row.email,
    accountName: row.account_name,
    organization: { id: row.organization_id, slug: row.slug, name: row.organization_name },
    team: { id: row.team_id, name: row.team_name },
    isActive: row.is_active,
  };
}

/** Returns the living login of a person in a team on a device of this name; null if there is none. Locks its row. */
export async function sameDevice(
  tx: Database,
  wanted: { readonly organizationId: string; readonly teamId: string; readonly accountId: string; readonly deviceName: string },
): Promise<LoginId | null> {
  const [row] = await tx
    .select({ organizationId: logins.organizationId, keyId: logins.keyId })
    .from(logins)
    .innerJoin(keys, ofKey())
    .where(
      and(
        eq(logins.organizationId, wanted.organizationId),
        eq(logins.accountId, wanted.accountId),
        eq(logins.deviceName, wanted.deviceName),
        eq(keys.teamId, wanted.teamId),
        isNull(logins.endedAt),
        sql`${keys.status} <> 'revoked'`,
      ),
    )
    .limit(1)
    .for('update');
  return row ?? null;
}

/** Counts the logins that were made since a time: of an organization, or of a person in it. */
export function countSince(
  db: Database,
  of: { readonly organizationId: string; readonly accountId?: string },
  since: Date,
): Promise<number> {
  return db.$count(
    logins,
    and(
      eq(logins.organizationId, of.organizationId),
      of.accountId === undefined ? undefined : eq(logins.accountId, of.accountId),
      gt(logins.createdAt, since),
    ),
  );
}

/** A login in a list. */
export interface ListedLogin {
  readonly login: LoginRow;
  readonly key: typeof keys.$inferSelect;
  readonly person: { readonly name: string; readonly email: string };
  readonly team: { readonly name: string };
  readonly organization: { readonly name: string };
}

export interface LoginFilter {
  /** The part of the tree that the caller may see. */
  readonly reach: readonly Reach[];
  /** The caller's own account: own logins are always listed. */
  readonly ownAccountId: string | null;
  /** The organizations whose own logins are listed. Null: all. */
  readonly ownIn: readonly string[] | null;
  readonly onlyOwn: boolean;
  readonly organizationId?: string | undefined;
  readonly teamId?: string | undefined;
}

const NEWEST_FIRST: Keyset = { name: 'logins', columns: [logins.keyId], direction: 'desc' };

/** Lists living logins, newest first. Throws InvalidCursor. */
export async function list(
  db: Database,
  filter: LoginFilter,
  at: Date,
  page: { readonly limit?: number | undefined; readonly cursor?: string | null | undefined },
): Promise<Page<ListedLogin>> {
  const limit = pageLimit(page.limit);
  const rows = await listed(db)
    .where(and(seen(filter), living(at), afterCursor(NEWEST_FIRST, page.cursor)))
    .orderBy(orderOf(NEWEST_FIRST))
    .limit(limit + 1);
  const { rows: kept, nextCursor } = pageOf(NEWEST_FIRST, rows, limit, (row) => [row.login.keyId]);
  return { rows: kept, nextCursor };
}

/** Returns the query of a filter, for counting with totalOf. */
export function countQuery(db: Database, filter: LoginFilter, at: Date) {
  return db
    .select({ keyId: logins.keyId })
    .from(logins)
    .innerJoin(keys, ofKey())
    .where(and(seen(filter), living(at)));
}

/** Returns logins whose time is over or whose tokens nobody fetched, and which nobody ended yet; the oldest first. */
export async function overdue(
  db: Database,
  at: Date,
  { idleSince, unclaimedSince, most }: { readonly idleSince: Date; readonly unclaimedSince: Date; readonly most: number },
): Promise<readonly (LoginId & { readonly by: EndReason })[]> {
  const rows = await db
    .select({
      organizationId: logins.organizationId,
      keyId: logins.keyId,
      endsAt: logins.endsAt,
      refreshedAt: logins.refreshedAt,
    })
    .from(logins)
    .where(
      and(
        isNull(logins.endedAt),
        or(
          lt(logins.endsAt, at),
          lt(logins.refreshedAt, idleSince),
          and(isNull(logins.refreshedAt), lt(logins.createdAt, unclaimedSince)),
        ),
      ),
    )
    .orderBy(logins.endsAt)
    .limit(most);
  return rows.map(({ organizationId, keyId, endsAt, refreshedAt }) => ({
    organizationId,
    keyId,
    by: endsAt <= at ? 'expired' : refreshedAt === null ? 'unclaimed' : 'idle',
  }));
}

function listed(db: Database) {
  return db
    .select({
      login: logins,
      key: keys,
      person: { name: accounts.name, email: accounts.email },
      team: { name: teams.name },
      organization: { name: organizations.name },
    })
    .from(logins)
    .innerJoin(keys, ofKey())
    .innerJoin(accounts, eq(accounts.id, logins.accountId))
    .innerJoin(teams, and(eq(teams.organizationId, keys.organizationId), eq(teams.id, keys.teamId)))
    .innerJoin(organizations, eq(organizations.id, logins.organizationId));
}

function seen({ reach, ownAccountId, ownIn, onlyOwn, organizationId, teamId }: LoginFilter): SQL | undefined {
  const isIn = ownIn === null ? undefined : inArray(logins.organizationId, [...ownIn]);
  const own = ownAccountId === null ? sql`false` : and(eq(logins.accountId, ownAccountId), isIn);
  const within = withinReach(reach, {
    organizationId: keys.organizationId,
    teamId: keys.teamId,
    membershipId: keys.ownerMembershipId,
  });
  return and(
    onlyOwn ? own : within === undefined ? undefined : or(own, within),
    organizationId === undefined ? undefined : eq(logins.organizationId, organizationId),
    teamId === undefined ? undefined : eq(keys.teamId, teamId),
  );
}

function living(at: Date): SQL | undefined {
  return and(isNull(logins.endedAt), gt(logins.endsAt, at), inArray(keys.status, ['active', 'disabled']));
}

function ofKey(): SQL | undefined {
  return and(eq(keys.organizationId, logins.organizationId), eq(keys.id, logins.keyId));
}

function of({ organizationId, keyId }: LoginId): SQL | undefined {
  return and(eq(logins.organizationId, organizationId), eq(logins.keyId, keyId));
}
