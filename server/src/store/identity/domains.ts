/** The domains of organizations. Only those in the states `verified` and `missing` count. */
import { and, asc, eq, inArray, lt } from 'drizzle-orm';
import type { DomainState } from '../../domain/identity/words.ts';
import type { Database } from '../database.ts';
import { organizationDomains } from '../schema.ts';

export type DomainRow = typeof organizationDomains.$inferSelect;

/** The states in which addresses of a domain count. A missing record counts until its grace ends. */
const COUNTING: readonly DomainState[] = ['verified', 'missing'];

/** Returns the domains of an organization whose addresses count, in ASCII and lower case. */
export async function verifiedDomains(db: Database, organizationId: string): Promise<ReadonlySet<string>> {
  const rows = await db
    .select({ domain: organizationDomains.domain })
    .from(organizationDomains)
    .where(and(eq(organizationDomains.organizationId, organizationId), inArray(organizationDomains.state, [...COUNTING])));
  return new Set(rows.map(({ domain }) => domain));
}

/** Returns the organization for which addresses of exactly this domain count; null: none. Its subdomains are other domains. */
export async function organizationOfDomain(db: Database, domain: string): Promise<string | null> {
  const [row] = await db
    .select({ organizationId: organizationDomains.organizationId })
    .from(organizationDomains)
    .where(and(eq(organizationDomains.domain, domain), inArray(organizationDomains.state, [...COUNTING])));
  return row?.organizationId ?? null;
}

/** Returns all domains of an organization by name. There are few: their number is bounded where they are added. */
export function list(db: Database, organizationId: string): Promise<readonly DomainRow[]> {
  return db
    .select()
    .from(organizationDomains)
    .where(eq(organizationDomains.organizationId, organizationId))
    .orderBy(asc(organizationDomains.domain));
}

interface DomainPlace {
  readonly organizationId: string;
  readonly domain: string;
}

export async function find(db: Database, place: DomainPlace): Promise<DomainRow | null> {
  const [row] = await db.select().from(organizationDomains).where(at(place));
  return row ?? null;
}

/** Finds a domain, and locks its row until the transaction ends. */
export async function lock(tx: Database, place: DomainPlace): Promise<DomainRow | null> {
  const [row] = await tx.select().from(organizationDomains).where(at(place)).for('update');
  return row ?? null;
}

/** Adds a domain. Returns null if the organization has it already. */
export async function insert(tx: Database, row: typeof organizationDomains.$inferInsert): Promise<DomainRow | null> {
  const [inserted] = await tx.insert(organizationDomains).values(row).onConflictDoNothing().returning();
  return inserted ?? null;
}

/** Stores the outcome of a check. Throws UniqueViolation if the domain is to count and counts for another organization. */
export async function update(
  tx: Database,
  place: DomainPlace,
  changes: Pick<DomainRow, 'state' | 'verifiedAt' | 'checkedAt' | 'missingSince' | 'problem'>,
): Promise<DomainRow> {
  const [row] = await tx.update(organizationDomains).set(changes).where(at(place)).returning();
  return row as DomainRow;
}

export async function remove(tx: Database, place: DomainPlace): Promise<void> {
  await tx.delete(organizationDomains).where(at(place));
}

/** Deletes all domains of an organization, so that another one may verify them. */
export async function removeAllOf(tx: Database, organizationId: string): Promise<void> {
  await tx.delete(organizationDomains).where(eq(organizationDomains.organizationId, organizationId));
}

/** Returns the domains that count and whose last check was before `before`, the oldest first. */
export function due(db: Database, before: Date, limit: number): Promise<readonly DomainRow[]> {
  return db
    .select()
    .from(organizationDomains)
    .where(and(inArray(organizationDomains.state, [...COUNTING]), lt(organizationDomains.checkedAt, before)))
    .orderBy(asc(organizationDomains.checkedAt), asc(organizationDomains.domain))
    .limit(limit);
}

function at({ organizationId, domain }: DomainPlace) {
  return and(eq(organizationDomains.organizationId, organizationId), eq(organizationDomains.domain, domain));
}
