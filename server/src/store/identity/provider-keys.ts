/** The keys by which identity providers sign: JWKs of OpenID Connect. Every query names the organization. */
import { and, eq, gte, inArray, lte, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { identityProviderKeys } from '../schema.ts';

export interface ProviderAddress {
  readonly organizationId: string;
  readonly providerId: string;
}

export interface StoredKey {
  readonly id: string;
  readonly value: string;
  readonly seenAt: Date;
}

/** Returns the trusted keys of a provider that were seen at `since` or later. */
export async function readKeys(db: Database, address: ProviderAddress, since: Date): Promise<readonly StoredKey[]> {
  return db
    .select({ id: identityProviderKeys.id, value: identityProviderKeys.value, seenAt: identityProviderKeys.seenAt })
    .from(identityProviderKeys)
    .where(and(ofProvider(address), eq(identityProviderKeys.state, 'trusted'), gte(identityProviderKeys.seenAt, since)))
    .orderBy(identityProviderKeys.id);
}

/** Returns the keys that a person removed, as they were stored. */
export async function removedKeys(db: Database, address: ProviderAddress): Promise<readonly string[]> {
  const rows = await db
    .select({ value: identityProviderKeys.value })
    .from(identityProviderKeys)
    .where(and(ofProvider(address), eq(identityProviderKeys.state, 'gone')));
  return rows.map(({ value }) => value);
}

/** A key to store. `value` is its JWK with `from`, the address that lists it. */
export interface ListedKey {
  readonly id: string;
  readonly value: string;
}

const KEPT_MS = 24 * 3_600_000;

/** True for a stored key that a person removed, if the listed one is the same: a provider may use its name for another key. */
const IS_REMOVED = sql`${identityProviderKeys.state} = 'gone'
  and ${identityProviderKeys.value}::jsonb - 'from' = excluded.value::jsonb - 'from'`;

/**
 * Stores the keys that an address lists now. Those that it no longer lists are deleted, and count again if it lists them again; so
 * are those of another address that were not seen for a day. A key that a person removed stays `gone` while it is the same key. An
 * older list never replaces a newer one that another process stored.
 */
export async function writeKeys(
  db: Database,
  address: ProviderAddress,
  { from, keys }: { readonly from: string; readonly keys: readonly ListedKey[] },
  at: Date,
): Promise<void> {
  if (keys.length === 0) return;
  await db.transaction(async (tx) => {
    await tx
      .insert(identityProviderKeys)
      .values(keys.map(({ id, value }) => ({ ...address, id, value, state: 'trusted' as const, seenAt: at, createdAt: at })))
      .onConflictDoUpdate({
        target: [identityProviderKeys.organizationId, identityProviderKeys.providerId, identityProviderKeys.id],
        set: { value: sql`excluded.value`, state: sql`case when ${IS_REMOVED} then 'gone' else 'trusted' end`, seenAt: at },
        setWhere: lte(identityProviderKeys.seenAt, at),
      });
    const listed = new Set(keys.map(({ id }) => id));
    const isGone = ({ id, value, seenAt }: StoredKey) =>
      !listed.has(id) && (value.includes(JSON.stringify(from)) || seenAt.getTime() < at.getTime() - KEPT_MS);
    const gone = (await readKeys(tx, address, new Date(0))).filter(isGone).map(({ id }) => id);
    if (gone.length === 0) return;
    await tx
      .delete(identityProviderKeys)
      .where(
        and(
          ofProvider(address),
          inArray(identityProviderKeys.id, gone),
          eq(identityProviderKeys.state, 'trusted'),
          lte(identityProviderKeys.seenAt, at),
        ),
      );
  });
}

function ofProvider({ organizationId, providerId }: ProviderAddress) {
  return and(eq(identityProviderKeys.organizationId, organizationId), eq(identityProviderKeys.providerId, providerId));
}
