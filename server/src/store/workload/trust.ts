/** The trusted issuers and trust rules that concern one token. */
import { and, asc, eq, or } from 'drizzle-orm';
import type { TrustedIssuer } from '../../domain/identity/trust.ts';
import type { Database } from '../database.ts';
import { organizations, trustedIssuerKeys, trustedIssuers, trustRules } from '../schema.ts';

export type IssuerRow = typeof trustedIssuers.$inferSelect;
export type RuleRow = typeof trustRules.$inferSelect;

/** An organization's trust in one issuer, with its rules in the order of their creation. */
export interface Trust {
  readonly organization: Pick<typeof organizations.$inferSelect, 'id' | 'slug' | 'name' | 'status'>;
  readonly issuer: IssuerRow;
  readonly rules: readonly RuleRow[];
}

/**
 * Finds the trust that a token asks for: of the organization with this slug or id, in the issuer with exactly this `iss`. Returns
 * null if there is none. This look-up finds the tenant.
 */
export async function findTrust(
  db: Database,
  { place, issuer }: { readonly place: string; readonly issuer: string },
): Promise<Trust | null> {
  const { id, slug, name, status } = organizations;
  const [found] = await db
    .select({ organization: { id, slug, name, status }, issuer: trustedIssuers })
    .from(organizations)
    .innerJoin(trustedIssuers, eq(trustedIssuers.organizationId, organizations.id))
    .where(and(or(eq(organizations.slug, place), eq(organizations.id, place)), eq(trustedIssuers.issuer, issuer)));
  if (found === undefined) return null;
  const { organizationId, id: issuerId } = found.issuer;
  return { ...found, rules: await rulesOf(db, { organizationId, issuerId }) };
}

/** Returns the rules of an issuer, oldest first. */
export function rulesOf(
  db: Database,
  { organizationId, issuerId }: { readonly organizationId: string; readonly issuerId: string },
): Promise<readonly RuleRow[]> {
  return db
    .select()
    .from(trustRules)
    .where(and(eq(trustRules.organizationId, organizationId), eq(trustRules.issuerId, issuerId)))
    .orderBy(asc(trustRules.id));
}

/** Returns the key set that was last fetched for an issuer; null if there is none. */
export async function findKeySet(db: Database, { organizationId, id }: Pick<TrustedIssuer, 'organizationId' | 'id'>) {
  const [row] = await db
    .select()
    .from(trustedIssuerKeys)
    .where(and(eq(trustedIssuerKeys.organizationId, organizationId), eq(trustedIssuerKeys.issuerId, id)));
  return row === undefined ? null : { keySet: row.keySet, fetchedAtMs: row.fetchedAt.getTime() };
}

/** Stores a fetched key set. Does nothing if the issuer was changed since: the set may be of its old address. */
export async function saveKeySet(
  db: Database,
  { organizationId, id, version }: Pick<TrustedIssuer, 'organizationId' | 'id' | 'version'>,
  { keySet, fetchedAtMs }: { readonly keySet: string; readonly fetchedAtMs: number },
): Promise<void> {
  await db.transaction(async (tx) => {
    const [issuer] = await tx
      .select({ version: trustedIssuers.version })
      .from(trustedIssuers)
      .where(and(eq(trustedIssuers.organizationId, organizationId), eq(trustedIssuers.id, id)))
      .for('share');
    if (issuer?.version !== version) return;
    const row = { keySet, fetchedAt: new Date(fetchedAtMs) };
    await tx
      .insert(trustedIssuerKeys)
      .values({ organizationId, issuerId: id, ...row })
      .onConflictDoUpdate({ target: [trustedIssuerKeys.organizationId, trustedIssuerKeys.issuerId], set: row });
  });
}

/** Forgets the key set of an issuer whose source of keys changed. */
export async function dropKeySet(
  tx: Database,
  { organizationId, id }: Pick<TrustedIssuer, 'organizationId' | 'id'>,
): Promise<void> {
  await tx
    .delete(trustedIssuerKeys)
    .where(and(eq(trustedIssuerKeys.organizationId, organizationId), eq(trustedIssuerKeys.issuerId, id)));
}
