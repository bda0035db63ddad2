/** Renewal of the pepper: a hash moves from the previous pepper to the present one when its secret is used. */
import { and, eq, gt, isNull, or, sql } from 'drizzle-orm';
import { pepperName } from '../../lib/secrets.ts';
import type { Database } from '../database.ts';
import { adminTokens, keySecrets, keys, scimTokens } from '../schema.ts';

/** A hash in hex, and the pepper that made it. */
interface Hashed {
  readonly hash: string;
  readonly pepper: Buffer;
}

/** Moves the hash of a key's secret. Does nothing if another process already did. */
export async function moveSecret(db: Database, from: string, to: Hashed): Promise<void> {
  await db
    .update(keySecrets)
    .set(columnsOf(to))
    .where(eq(keySecrets.hash, bytesOf(from)));
}

/** Moves the hash of an admin token. Does nothing if another process already did. */
export async function moveAdminToken(db: Database, from: string, to: Hashed): Promise<void> {
  await db
    .update(adminTokens)
    .set(columnsOf(to))
    .where(eq(adminTokens.hash, bytesOf(from)));
}

/** Moves the hash of a token of the SCIM endpoint. Does nothing if another process already did. */
export async function moveScimToken(db: Database, from: string, to: Hashed): Promise<void> {
  await db
    .update(scimTokens)
    .set(columnsOf(to))
    .where(eq(scimTokens.hash, bytesOf(from)));
}

/** Counts the valid secrets that are hashed with another pepper than this one. Scans their tables. */
export async function countUnderOthers(
  db: Database,
  pepper: Buffer,
): Promise<{ readonly keys: number; readonly tokens: number }> {
  const other = (column: typeof keySecrets.pepper | typeof adminTokens.pepper | typeof scimTokens.pepper) =>
    sql`${column} is distinct from ${pepperName(pepper)}`;
  const isValid = (end: typeof keySecrets.validUntil | typeof adminTokens.expiresAt | typeof scimTokens.expiresAt) =>
    or(isNull(end), gt(end, sql`now()`));
  const [ofKeys] = await db
    .select({ count: sql<number>`count(*)::int` })
    .from(keySecrets)
    .innerJoin(keys, and(eq(keys.organizationId, keySecrets.organizationId), eq(keys.id, keySecrets.keyId)))
    .where(and(other(keySecrets.pepper), isValid(keySecrets.validUntil), sql`${keys.status} <> 'revoked'`));
  const [ofTokens] = await db
    .select({ count: sql<number>`count(*)::int` })
    .from(adminTokens)
    .where(and(other(adminTokens.pepper), isValid(adminTokens.expiresAt), isNull(adminTokens.revokedAt)));
  const [ofDirectories] = await db
    .select({ count: sql<number>`count(*)::int` })
    .from(scimTokens)
    .where(and(other(scimTokens.pepper), isValid(scimTokens.expiresAt), isNull(scimTokens.revokedAt)));
  return { keys: ofKeys?.count ?? 0, tokens: (ofTokens?.count ?? 0) + (ofDirectories?.count ?? 0) };
}

function columnsOf({ hash, pepper }: Hashed) {
  return { hash: bytesOf(hash), pepper: pepperName(pepper) };
}

function bytesOf(hash: string): Buffer {
  return Buffer.from(hash, 'hex');
}
