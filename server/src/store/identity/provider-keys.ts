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

/** A key to store. `value` is its JWK with `from`, the address that lists it. */
export interface ListedKey {
  readonly id: string;
  readonly value: string;
}

const KEPT_MS = 24 * 3_600_000;

/**
 * Stores the keys that an address lists now. Those that it no longer lists become `gone`; so do those of another address that
 * were not seen for a day. An older list never replaces a newer one that another process stored.
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
        set: { value: sql`excluded.value`, state: 'trusted', seenAt: at },
        setWhere: lte(identityProviderKeys.seenAt, at),
      });
    const listed = new Set(keys.map(({ id }) => id));
    const isGone = ({ id, value, seenAt }: StoredKey) =>
      !listed.has(id) && (value.includes(JSON.stringify(from)) || seenAt.getTime() < at.getTime() - KEPT_MS);
    const gone = (await readKeys(tx, address, new Date(0))).filter(isGone).map(({ id }) => id);
    if (gone.length === 0) return;
    await tx
      .update(identityProviderKeys)
      .set({ state: 'gone' })
      .where(and(ofProvider(address), inArray(identityProviderKeys.id, gone), lte(identityProviderKeys.seenAt, at)));
  });
}

function ofProvider({ organizationId, providerId }: ProviderAddress) {
  return and(eq(identityProviderKeys.organizationId, organizationId), eq(identityProviderKeys.providerId, providerId));
}
