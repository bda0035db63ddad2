/** People. Global: one person may belong to many organizations. */
import { eq, inArray } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { accountMemberships, accounts } from '../schema.ts';
import { type AddressFilter, addressCondition } from './address-proofs.ts';

export type AccountRow = typeof accounts.$inferSelect;

export async function find(db: Database, id: string): Promise<AccountRow | null> {
  const [row] = await db.select().from(accounts).where(eq(accounts.id, id));
  return row ?? null;
}

/** Returns the names of accounts by id, without those that do not exist. */
export async function namesOf(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: accounts.id, name: accounts.name })
    .from(accounts)
    .where(inArray(accounts.id, [...ids]));
  return new Map(rows.map(({ id, name }) => [id, name]));
}

export async function lock(tx: Database, id: string): Promise<AccountRow | null> {
  const [row] = await tx.select().from(accounts).where(eq(accounts.id, id)).for('update');
  return row ?? null;
}

/** Inserts an account. Throws UniqueViolation of `accounts_email` if the address is taken. */
export async function insert(tx: Database, row: typeof accounts.$inferInsert): Promise<AccountRow> {
  const [inserted] = await tx.insert(accounts).values(row).returning();
  return inserted as AccountRow;
}

export async function update(
  tx: Database,
  id: string,
  changes: Partial<typeof accounts.$inferInsert>,
  at: Date,
): Promise<AccountRow> {
  const [row] = await tx
    .update(accounts)
    .set({ ...changes, updatedAt: at })
    .where(eq(accounts.id, id))
    .returning();
  return row as AccountRow;
}

/** Returns every organization to which the account ever belonged. */
export async function organizationIds(db: Database, id: string): Promise<readonly string[]> {
  const rows = await db
    .select({ organizationId: accountMemberships.organizationId })
    .from(accountMemberships)
    .where(eq(accountMemberships.accountId, id));
  return rows.map((row) => row.organizationId);
}

/** Returns the account's membership in each of them. */
export async function membershipIds(db: Database, id: string): Promise<readonly string[]> {
  const rows = await db
    .select({ membershipId: accountMemberships.membershipId })
    .from(accountMemberships)
    .where(eq(accountMemberships.accountId, id));
  return rows.map((row) => row.membershipId);
}

export interface AccountFilter {
  readonly status?: 'active' | 'disabled' | undefined;
  readonly address?: AddressFilter | undefined;
  /** The beginning of the name or e-mail address, or the whole id. */
  readonly search?: string | undefined;
}

export function list(db: Database, { status, address, search }: AccountFilter, page: PageRequest): Promise<Listed<AccountRow>> {
  const wanted = [
    status === undefined ? undefined : eq(accounts.status, status),
    address === undefined ? undefined : addressCondition(db, address),
    named(accounts, search, accounts.email),
  ];
  return listNamed(db, accounts, { list: 'accounts', wanted, page });
}
