/** Trusted issuers and trust rules, as people manage them. */
import { and, count, eq, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { trustedIssuers, trustRules } from '../schema.ts';
import type { IssuerRow, RuleRow } from './trust.ts';

/** The ids of an issuer or a rule. */
export interface TrustId {
  readonly organizationId: string;
  readonly id: string;
}

export async function findIssuer(db: Database, id: TrustId): Promise<IssuerRow | null> {
  const [row] = await db.select().from(trustedIssuers).where(ofIssuer(id));
  return row ?? null;
}

export async function lockIssuer(tx: Database, id: TrustId): Promise<IssuerRow | null> {
  const [row] = await tx.select().from(trustedIssuers).where(ofIssuer(id)).for('update');
  return row ?? null;
}

export async function findIssuerByName(db: Database, organizationId: string, issuer: string): Promise<IssuerRow | null> {
  const [row] = await db
    .select()
    .from(trustedIssuers)
    .where(and(eq(trustedIssuers.organizationId, organizationId), eq(trustedIssuers.issuer, issuer)));
  return row ?? null;
}

/** Inserts an issuer. Returns null if the organization trusts an issuer with the same `iss` already. */
export async function insertIssuer(tx: Database, row: typeof trustedIssuers.$inferInsert): Promise<IssuerRow | null> {
  const [inserted] = await tx.insert(trustedIssuers).values(row).onConflictDoNothing().returning();
  return inserted ?? null;
}

/** Updates an issuer and increments its version. */
export async function updateIssuer(
  tx: Database,
  id: TrustId,
  changes: Partial<typeof trustedIssuers.$inferInsert>,
  at: Date,
): Promise<IssuerRow> {
  const [row] = await tx
    .update(trustedIssuers)
    .set({ ...changes, version: sql`${trustedIssuers.version} + 1`, updatedAt: at })
    .where(ofIssuer(id))
    .returning();
  return row as IssuerRow;
}

/** Deletes an issuer. Delete its rules first. */
export async function removeIssuer(tx: Database, id: TrustId): Promise<void> {
  await tx.delete(trustedIssuers).where(ofIssuer(id));
}

export async function countIssuers(db: Database, organizationId: string): Promise<number> {
  const [row] = await db.select({ total: count() }).from(trustedIssuers).where(eq(trustedIssuers.organizationId, organizationId));
  return row?.total ?? 0;
}

export function listIssuers(
  db: Database,
  organizationId: string,
  search: string | undefined,
  page: PageRequest,
): Promise<Listed<IssuerRow>> {
  const wanted = [eq(trustedIssuers.organizationId, organizationId), named(trustedIssuers, search)];
  return listNamed(db, trustedIssuers, { list: 'trusted_issuers', wanted, page });
}

export async function findRule(db: Database, id: TrustId): Promise<RuleRow | null> {
  const [row] = await db.select().from(trustRules).where(ofRule(id));
  return row ?? null;
}

export async function lockRule(tx: Database, id: TrustId): Promise<RuleRow | null> {
  const [row] = await tx.select().from(trustRules).where(ofRule(id)).for('update');
  return row ?? null;
}

export async function insertRule(tx: Database, row: typeof trustRules.$inferInsert): Promise<RuleRow> {
  const [inserted] = await tx.insert(trustRules).values(row).returning();
  return inserted as RuleRow;
}

/** Updates a rule and increments its version. */
export async function updateRule(
  tx: Database,
  id: TrustId,
  changes: Partial<typeof trustRules.$inferInsert>,
  at: Date,
): Promise<RuleRow> {
  const [row] = await tx
    .update(trustRules)
    .set({ ...changes, version: sql`${trustRules.version} + 1`, updatedAt: at })
    .where(ofRule(id))
    .returning();
  return row as RuleRow;
}

/** Deletes a rule, and forgets which keys it made. Revoke them first. */
export async function removeRule(tx: Database, id: TrustId): Promise<void> {
  await tx.delete(trustRules).where(ofRule(id));
}

export async function countRules(db: Database, organizationId: string): Promise<number> {
  const [row] = await db.select({ total: count() }).from(trustRules).where(eq(trustRules.organizationId, organizationId));
  return row?.total ?? 0;
}

export function listRules(
  db: Database,
  { organizationId, issuerId }: { readonly organizationId: string; readonly issuerId: string | undefined },
  search: string | undefined,
  page: PageRequest,
): Promise<Listed<RuleRow>> {
  const wanted = [
    eq(trustRules.organizationId, organizationId),
    issuerId === undefined ? undefined : eq(trustRules.issuerId, issuerId),
    named(trustRules, search),
  ];
  return listNamed(db, trustRules, { list: 'trust_rules', wanted, page });
}

function ofIssuer({ organizationId, id }: TrustId) {
  return and(eq(trustedIssuers.organizationId, organizationId), eq(trustedIssuers.id, id));
}

function ofRule({ organizationId, id }: TrustId) {
  return and(eq(trustRules.organizationId, organizationId), eq(trustRules.id, id));
}
