/** Keys, the hashes of their secrets, and their owners. The row and history of a revoked key stay. */
import { and, eq, gt, gte, inArray, isNotNull, isNull, lt, ne, or, type SQL, sql } from 'drizzle-orm';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { type Total, totalOf } from '../paging.ts';
import { keySecrets, keys } from '../schema.ts';
import { withinReach } from './reach.ts';
import { organizationsOf } from './tenant-objects.ts';

export type KeyRow = typeof keys.$inferSelect;

/** The ids of one key. */
export interface KeyId {
  readonly organizationId: string;
  readonly id: string;
}

export async function find(db: Database, key: KeyId): Promise<KeyRow | null> {
  const [row] = await db.select().from(keys).where(of(key));
  return row ?? null;
}

export async function lock(tx: Database, key: KeyId): Promise<KeyRow | null> {
  const [row] = await tx.select().from(keys).where(of(key)).for('update');
  return row ?? null;
}

export async function insert(tx: Database, row: typeof keys.$inferInsert): Promise<KeyRow> {
  const [inserted] = await tx.insert(keys).values(row).returning();
  return inserted as KeyRow;
}

/** Updates a key and increments its version. */
export async function update(tx: Database, key: KeyId, changes: Partial<typeof keys.$inferInsert>, at: Date): Promise<KeyRow> {
  const [row] = await tx
    .update(keys)
    .set({ ...changes, version: sql`${keys.version} + 1`, updatedAt: at })
    .where(of(key))
    .returning();
  return row as KeyRow;
}

/** Adds a secret to a key, as its hash. */
export async function addSecret(
  tx: Database,
  secret: {
    readonly organizationId: string;
    readonly keyId: string;
    readonly hash: Buffer;
    /** The name of the pepper that made the hash. */
    readonly pepper: string;
    readonly at: Date;
    /** The end of a short secret. Absent: it works until it is replaced. */
    readonly validUntil?: Date;
  },
): Promise<void> {
  const { organizationId, keyId, hash, pepper, at, validUntil } = secret;
  await tx.insert(keySecrets).values({ organizationId, keyId, hash, pepper, createdAt: at, validUntil: validUntil ?? null });
}

/** The time for which an ended secret is still known, so that its callers hear that it expired. */
const ENDED_SECRET_MS = 86_400_000;

/** Deletes secrets that ended more than a day ago, at most `most`. Returns their number. */
export async function dropEndedSecrets(db: Database, at: Date, most: number): Promise<number> {
  const before = new Date(at.getTime() - ENDED_SECRET_MS);
  const ended = sql`select hash from ${keySecrets} where ${lt(keySecrets.validUntil, before)} limit ${most}`;
  const gone = await db.delete(keySecrets).where(sql`${keySecrets.hash} in (${ended})`);
  return gone.rowCount ?? 0;
}

/** Ends every present secret of a key at `until`, or sooner if it already ends sooner. */
export async function endSecrets(tx: Database, key: KeyId, until: Date): Promise<void> {
  await tx
    .update(keySecrets)
    .set({ validUntil: until })
    .where(
      and(
        eq(keySecrets.organizationId, key.organizationId),
        eq(keySecrets.keyId, key.id),
        or(isNull(keySecrets.validUntil), gt(keySecrets.validUntil, until)),
      ),
    );
}

/** A selection of keys that are not revoked: of the organization, or of one team or owner in it. */
export interface KeysOf {
  readonly organizationId: string;
  readonly teamId?: string;
  readonly membershipId?: string;
  readonly serviceAccountId?: string;
  readonly kind?: KeyRow['kind'];
}

export async function listLiving(db: Database, whose: KeysOf): Promise<readonly KeyRow[]> {
  return await db.select().from(keys).where(living(whose)).orderBy(keys.id);
}

/** A member in one team. */
interface MemberInTeam {
  readonly organizationId: string;
  readonly teamId: string;
  readonly membershipId: string;
}

function ofMemberIn({ organizationId, teamId, membershipId }: MemberInTeam): SQL | undefined {
  return and(eq(keys.organizationId, organizationId), eq(keys.teamId, teamId), eq(keys.ownerMembershipId, membershipId));
}

/**
 * Returns the ids of a member's keys in a team that were valid at or after a time. Includes keys revoked or expired since then.
 */
export async function idsAliveSince(db: Database, own: MemberInTeam, since: Date): Promise<readonly string[]> {
  const rows = await db
    .select({ id: keys.id })
    .from(keys)
    .where(
      and(
        ofMemberIn(own),
        or(isNull(keys.revokedAt), gte(keys.revokedAt, since)),
        or(isNull(keys.expiresAt), gte(keys.expiresAt, since)),
      ),
    )
    .orderBy(keys.id);
  return rows.map((row) => row.id);
}

/** Returns the keys of a member's logins in a team that were revoked since a time. */
export async function endedLogins(db: Database, own: MemberInTeam, since: Date): Promise<readonly string[]> {
  const rows = await db
    .select({ id: keys.id })
    .from(keys)
    .where(and(ofMemberIn(own), eq(keys.kind, 'login'), gte(keys.revokedAt, since)));
  return rows.map((row) => row.id);
}

/** Revokes the selected keys and returns their ids. */
export async function revokeAll(tx: Database, whose: KeysOf, at: Date): Promise<readonly string[]> {
  const revoked = await tx
    .update(keys)
    .set({ status: 'revoked', revokedAt: at, updatedAt: at, version: sql`${keys.version} + 1` })
    .where(living(whose))
    .returning({ id: keys.id });
  return revoked.map((row) => row.id);
}

export interface KeyFilter {
  readonly reach: readonly Reach[];
  readonly organizationId?: string | undefined;
  readonly teamId?: string | undefined;
  readonly membershipIds?: readonly string[] | undefined;
  readonly serviceAccountId?: string | undefined;
  readonly status?: KeyRow['status'] | undefined;
  readonly kind?: KeyRow['kind'] | undefined;
  readonly ownedBy?: 'person' | 'service_account' | undefined;
  /** Only keys that are valid at `at` and were not used since `since`. */
  readonly unused?: UnusedKeys | undefined;
  readonly search?: string | undefined;
}

/** The times for a search of unused keys. For a key that was never used, its creation counts as its last use. */
export interface UnusedKeys {
  readonly since: Date;
  readonly at: Date;
}

/** Counts the unused keys of an organization. */
export function countUnused(db: Database, organizationId: string, unused: UnusedKeys): Promise<Total> {
  const wanted = and(eq(keys.organizationId, organizationId), isUnused(unused));
  return totalOf(db, db.select({ id: keys.id }).from(keys).where(wanted));
}

function isUnused({ since, at }: UnusedKeys): SQL | undefined {
  return and(
    eq(keys.status, 'active'),
    or(isNull(keys.expiresAt), gt(keys.expiresAt, at)),
    lt(sql`coalesce(${keys.lastUsedAt}, ${keys.createdAt})`, since.toISOString()),
  );
}

/**
 * Lists keys. A filter by team, service account or member without an organization reads only their organizations. Throws
 * InvalidCursor.
 */
export async function list(db: Database, filter: KeyFilter, page: PageRequest): Promise<Listed<KeyRow>> {
  const { organizationId, teamId, membershipIds, serviceAccountId, status, kind, ownedBy, unused } = filter;
  const ids = [teamId, serviceAccountId, ...(membershipIds ?? [])].filter((id) => id !== undefined);
  const isAsked = teamId !== undefined || serviceAccountId !== undefined || membershipIds !== undefined;
  const places = organizationId === undefined && isAsked ? await organizationsOf(db, ids) : null;
  const wanted = [
    withinReach(filter.reach, {
      organizationId: keys.organizationId,
      teamId: keys.teamId,
      membershipId: keys.ownerMembershipId,
    }),
    organizationId === undefined ? undefined : eq(keys.organizationId, organizationId),
    places === null ? undefined : inArray(keys.organizationId, [...places]),
    teamId === undefined ? undefined : eq(keys.teamId, teamId),
    membershipIds === undefined ? undefined : inArray(keys.ownerMembershipId, [...membershipIds]),
    serviceAccountId === undefined ? undefined : eq(keys.ownerServiceAccountId, serviceAccountId),
    status === undefined ? undefined : eq(keys.status, status),
    kind === undefined ? undefined : eq(keys.kind, kind),
    ownedBy === undefined ? undefined : OWNED_BY[ownedBy],
    unused === undefined ? undefined : isUnused(unused),
    named(keys, filter.search),
  ];
  return listNamed(db, keys, { list: 'keys', wanted, page, searched: filter.search !== undefined });
}

const OWNED_BY = { person: isNotNull(keys.ownerMembershipId), service_account: isNull(keys.ownerMembershipId) } as const;

function of({ organizationId, id }: KeyId): SQL | undefined {
  return and(eq(keys.organizationId, organizationId), eq(keys.id, id));
}

function living({ organizationId, teamId, membershipId, serviceAccountId, kind }: KeysOf): SQL | undefined {
  return and(
    eq(keys.organizationId, organizationId),
    ne(keys.status, 'revoked'),
    teamId === undefined ? undefined : eq(keys.teamId, teamId),
    membershipId === undefined ? undefined : eq(keys.ownerMembershipId, membershipId),
    serviceAccountId === undefined ? undefined : eq(keys.ownerServiceAccountId, serviceAccountId),
    kind === undefined ? undefined : eq(keys.kind, kind),
  );
}

/** Records the last use of keys. An older time never replaces a newer one. The version of a key stays the same. */
export async function markKeysUsed(
  db: Database,
  used: readonly { readonly organizationId: string; readonly keyId: string; readonly atMs: number }[],
): Promise<void> {
  if (used.length === 0) return;
  const columns = sql`${sql.param(used.map((use) => use.organizationId))}::text[], ${sql.param(used.map((use) => use.keyId))}::text[],
    ${sql.param(used.map((use) => new Date(use.atMs).toISOString()))}::timestamptz[]`;
  await db.execute(sql`update ${keys} set last_used_at = used.at from unnest(${columns}) as used(organization_id, key_id, at)
    where ${keys.organizationId} = used.organization_id and ${keys.id} = used.key_id
    and (${keys.lastUsedAt} is null or ${keys.lastUsedAt} < used.at)`);
}
