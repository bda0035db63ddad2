/** The tokens of logins: access tokens, which are secrets of the login's key, and refresh tokens. Both are kept as hashes. */
import { and, eq, gt, inArray, lt, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { keySecrets, keys, refreshTokens } from '../schema.ts';
import * as allKeys from '../tenancy/keys.ts';
import type { LoginId } from './logins.ts';

export type RefreshTokenRow = typeof refreshTokens.$inferSelect;

/** A token as it is stored. */
interface Hashed {
  readonly hash: Buffer;
  /** The name of the pepper that made the hash. */
  readonly pepper: string;
}

/** Finds a refresh token by the hashes that it may have. It finds the tenant. */
export async function find(db: Database, hashes: readonly Buffer[]): Promise<RefreshTokenRow | null> {
  const [row] = await db
    .select()
    .from(refreshTokens)
    .where(inArray(refreshTokens.hash, [...hashes]));
  return row ?? null;
}

/** Stores a new pair of tokens of a login. */
export async function add(
  tx: Database,
  { organizationId, keyId }: LoginId,
  pair: {
    readonly access: Hashed;
    readonly accessUntil: Date;
    readonly refresh: Hashed;
    readonly refreshUntil: Date;
    readonly at: Date;
  },
): Promise<void> {
  const { access, accessUntil, refresh, refreshUntil, at } = pair;
  await allKeys.addSecret(tx, { organizationId, keyId, ...access, at, validUntil: accessUntil });
  await tx.insert(refreshTokens).values({ ...refresh, organizationId, keyId, createdAt: at, expiresAt: refreshUntil });
}

/** Marks a refresh token as used, and names the one that replaces it. */
export async function use(tx: Database, hash: Buffer, successor: Buffer, at: Date): Promise<void> {
  await tx.update(refreshTokens).set({ usedAt: at, successor }).where(eq(refreshTokens.hash, hash));
}

/** Counts the access tokens of a login that work. */
export function countLive(db: Database, { organizationId, keyId }: LoginId, at: Date): Promise<number> {
  return db.$count(
    keySecrets,
    and(eq(keySecrets.organizationId, organizationId), eq(keySecrets.keyId, keyId), gt(keySecrets.validUntil, at)),
  );
}

/** Finds the login that an access token belongs to, by its hashes. Returns null for the secret of any other key. */
export async function loginOfAccess(db: Database, hashes: readonly Buffer[]): Promise<LoginId | null> {
  const [row] = await db
    .select({ organizationId: keySecrets.organizationId, keyId: keySecrets.keyId })
    .from(keySecrets)
    .innerJoin(keys, and(eq(keys.organizationId, keySecrets.organizationId), eq(keys.id, keySecrets.keyId)))
    .where(and(inArray(keySecrets.hash, [...hashes]), eq(keys.kind, 'login')));
  return row ?? null;
}

/** Deletes refresh tokens that expired, and short secrets that ended more than a day ago. At most `most` of each. */
export async function dropOld(db: Database, at: Date, most: number): Promise<number> {
  const expired = sql`select hash from ${refreshTokens} where ${lt(refreshTokens.expiresAt, at)} limit ${most}`;
  await db.delete(refreshTokens).where(sql`${refreshTokens.hash} in (${expired})`);
  return allKeys.dropEndedSecrets(db, at, most);
}
