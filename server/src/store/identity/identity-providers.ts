/** Identity providers of organizations. Deleted ones stay as rows that nothing here returns. */
import { and, asc, count, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { identityProviderKeys, identityProviders, organizations } from '../schema.ts';

export type ProviderRow = typeof identityProviders.$inferSelect;
export type ProviderKeyRow = typeof identityProviderKeys.$inferSelect;

export interface ProviderKey {
  readonly organizationId: string;
  readonly id: string;
}

export async function find(db: Database, key: ProviderKey): Promise<ProviderRow | null> {
  const [row] = await db.select().from(identityProviders).where(at(key));
  return row ?? null;
}

/** Finds a provider, and locks its row until the transaction ends. */
export async function lock(tx: Database, key: ProviderKey): Promise<ProviderRow | null> {
  const [row] = await tx.select().from(identityProviders).where(at(key)).for('update');
  return row ?? null;
}

/** A provider with its organization. */
export interface ProviderOfOrganization {
  readonly provider: ProviderRow;
  readonly organization: { readonly id: string; readonly name: string; readonly slug: string };
}

/**
 * Finds the provider of an address of ours by its id alone, which discovers the tenant: the browser that comes back names no
 * other. Null if it or its organization was deleted, or the organization is archived.
 */
export async function discover(db: Database, id: string): Promise<ProviderOfOrganization | null> {
  const [row] = await db
    .select({
      provider: identityProviders,
      organization: { id: organizations.id, name: organizations.name, slug: organizations.slug },
    })
    .from(identityProviders)
    .innerJoin(organizations, and(eq(organizations.id, identityProviders.organizationId), IS_OPEN))
    .where(and(eq(identityProviders.id, id), isNull(identityProviders.deletedAt)));
  return row ?? null;
}

/** Organizations that people may open. */
export const IS_OPEN = inArray(organizations.status, ['active', 'suspended']);

/** Returns all providers of an organization, in their order. There are at most 20. */
export async function list(db: Database, organizationId: string): Promise<readonly ProviderRow[]> {
  return db
    .select()
    .from(identityProviders)
    .where(and(eq(identityProviders.organizationId, organizationId), isNull(identityProviders.deletedAt)))
    .orderBy(asc(identityProviders.position), asc(identityProviders.id));
}

/** A provider that a person may choose. */
export interface ChoosableProvider {
  readonly organizationId: string;
  readonly id: string;
  readonly name: string;
}

/** Returns the active providers of these organizations, by organization id. */
export async function activeOf(
  db: Database,
  organizationIds: readonly string[],
): Promise<ReadonlyMap<string, readonly ChoosableProvider[]>> {
  if (organizationIds.length === 0) return new Map();
  const rows = await db
    .select({ organizationId: identityProviders.organizationId, id: identityProviders.id, name: identityProviders.name })
    .from(identityProviders)
    .where(
      and(
        inArray(identityProviders.organizationId, [...organizationIds]),
        eq(identityProviders.state, 'active'),
        isNull(identityProviders.deletedAt),
      ),
    )
    .orderBy(asc(identityProviders.position), asc(identityProviders.id));
  return Map.groupBy(rows, (row) => row.organizationId);
}

/** Returns the organization with this slug or id that people may open, or null. */
export async function openOrganization(
  db: Database,
  wanted: { readonly slug: string } | { readonly id: string },
): Promise<{ readonly id: string; readonly name: string; readonly slug: string } | null> {
  const which = 'slug' in wanted ? eq(organizations.slug, wanted.slug) : eq(organizations.id, wanted.id);
  const [row] = await db
    .select({ id: organizations.id, name: organizations.name, slug: organizations.slug })
    .from(organizations)
    .where(and(which, IS_OPEN));
  return row ?? null;
}

export async function countOf(tx: Database, organizationId: string): Promise<number> {
  const [row] = await tx
    .select({ total: count() })
    .from(identityProviders)
    .where(and(eq(identityProviders.organizationId, organizationId), isNull(identityProviders.deletedAt)));
  return row?.total ?? 0;
}

export async function insert(tx: Database, row: typeof identityProviders.$inferInsert): Promise<ProviderRow> {
  const [inserted] = await tx.insert(identityProviders).values(row).returning();
  return inserted as ProviderRow;
}

/** Updates a provider and increments its version. */
export async function update(
  tx: Database,
  key: ProviderKey,
  changes: Partial<typeof identityProviders.$inferInsert>,
  now: Date,
): Promise<ProviderRow> {
  const [row] = await tx
    .update(identityProviders)
    .set({ ...changes, version: sql`${identityProviders.version} + 1`, updatedAt: now })
    .where(at(key))
    .returning();
  return row as ProviderRow;
}

/** Stores the time of a sign-in. It is no change of the provider. */
export async function markSignIn(tx: Database, key: ProviderKey, now: Date): Promise<void> {
  await tx.update(identityProviders).set({ lastSignInAt: now }).where(at(key));
}

/** Returns the keys of a provider, oldest first, at most 100. */
export async function listKeys(db: Database, { organizationId, id }: ProviderKey): Promise<readonly ProviderKeyRow[]> {
  return db
    .select()
    .from(identityProviderKeys)
    .where(and(eq(identityProviderKeys.organizationId, organizationId), eq(identityProviderKeys.providerId, id)))
    .orderBy(asc(identityProviderKeys.createdAt), asc(identityProviderKeys.id))
    .limit(KEYS_MAX);
}

/** The most keys of a provider that people see and choose among. */
export const KEYS_MAX = 100;

/** Stores a key as trusted, or trusts it again. */
export async function trustKey(
  tx: Database,
  { organizationId, id: providerId }: ProviderKey,
  { id, value, notAfter, at: now }: { readonly id: string; readonly value: string; readonly notAfter: Date; readonly at: Date },
): Promise<void> {
  await tx
    .insert(identityProviderKeys)
    .values({ organizationId, providerId, id, value, state: 'trusted', notAfter, seenAt: now, createdAt: now })
    .onConflictDoUpdate({
      target: [identityProviderKeys.organizationId, identityProviderKeys.providerId, identityProviderKeys.id],
      set: { state: 'trusted', seenAt: now },
    });
}

/** Sets whether a key counts. Returns false if the provider has no such key. */
export async function setKeyState(
  tx: Database,
  key: ProviderKey & { readonly keyId: string },
  state: ProviderKeyRow['state'],
): Promise<boolean> {
  const changed = await tx
    .update(identityProviderKeys)
    .set({ state })
    .where(
      and(
        eq(identityProviderKeys.organizationId, key.organizationId),
        eq(identityProviderKeys.providerId, key.id),
        eq(identityProviderKeys.id, key.keyId),
      ),
    )
    .returning({ id: identityProviderKeys.id });
  return changed.length > 0;
}

function at({ organizationId, id }: ProviderKey) {
  return and(
    eq(identityProviders.organizationId, organizationId),
    eq(identityProviders.id, id),
    isNull(identityProviders.deletedAt),
  );
}
