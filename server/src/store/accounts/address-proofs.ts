/** Proofs that an account's address belongs to its owner. Global: a person is not part of one tenant. */
import { and, asc, eq, exists, inArray, min, notExists, type SQL, sql } from 'drizzle-orm';
import type { AddressProof, AddressStanding } from '../../domain/tenancy/address.ts';
import { newId } from '../../lib/id.ts';
import type { Database } from '../database.ts';
import { accounts, addressProofs, passkeys, signInMethods } from '../schema.ts';
import { settleOrigins } from './address-origins.ts';

export type AddressProofRow = typeof addressProofs.$inferSelect;

interface NewProof {
  readonly accountId: string;
  readonly address: string;
  readonly how: AddressProof;
  readonly at: Date;
  readonly by: { readonly id: string; readonly name: string };
  readonly reason?: string | null;
}

/** Stores a proof. A second one of the same kind by the same actor changes nothing: the first one has the time. */
export async function addProof(tx: Database, proof: NewProof): Promise<void> {
  const { accountId, how, at, by, reason = null } = proof;
  await tx
    .insert(addressProofs)
    .values({
      id: newId('prf', at.getTime()),
      accountId,
      address: proof.address.toLowerCase(),
      how,
      provedAt: at,
      provedBy: by.id,
      provedByName: by.name,
      reason,
    })
    .onConflictDoNothing();
}

/** Returns the facts that decide where an account is admitted. Finds its origin first if that is unknown. */
export async function standingOf(
  db: Database,
  account: Pick<typeof accounts.$inferSelect, 'id' | 'madeHow'>,
): Promise<AddressStanding> {
  if (account.madeHow === null) await settleOrigins(db, [account.id]);
  const [row] = await db.select({ boundTo: accounts.boundOrganizationId }).from(accounts).where(eq(accounts.id, account.id));
  if (row === undefined) throw new Error('the account does not exist');
  const passwords = await db.$count(signInMethods, eq(signInMethods.userId, account.id));
  const keys = await db.$count(passkeys, eq(passkeys.userId, account.id));
  return { ...row, isProved: (await provedSince(db, account.id)) !== null, hasSignIn: passwords + keys > 0 };
}

/** Returns whether each address is proved, and where the account is bound, by account id. Finds unknown origins first. */
export async function admissionsOf(
  db: Database,
  rows: readonly Pick<typeof accounts.$inferSelect, 'id' | 'madeHow'>[],
): Promise<ReadonlyMap<string, Pick<AddressStanding, 'isProved' | 'boundTo'>>> {
  const ids = rows.map(({ id }) => id);
  await settleOrigins(
    db,
    rows.filter(({ madeHow }) => madeHow === null).map(({ id }) => id),
  );
  const proofs = await presentProofs(db, ids);
  const bound = await db
    .select({ id: accounts.id, boundTo: accounts.boundOrganizationId })
    .from(accounts)
    .where(inArray(accounts.id, ids));
  return new Map(bound.map(({ id, boundTo }) => [id, { isProved: proofs.has(id), boundTo }]));
}

/** Returns the time of the first proof of an account's present address, or null if it is not proved. */
export async function provedSince(db: Database, accountId: string): Promise<Date | null> {
  return (await presentProofs(db, [accountId])).get(accountId)?.provedAt ?? null;
}

/** Returns the first proof of each account's present address, by account id. Accounts without one are absent. */
export async function presentProofs(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, AddressProofRow>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ proof: addressProofs })
    .from(addressProofs)
    .innerJoin(accounts, isOfPresentAddress())
    .where(inArray(addressProofs.accountId, [...ids]))
    .orderBy(asc(addressProofs.provedAt), asc(addressProofs.id));
  return new Map(rows.toReversed().map(({ proof }) => [proof.accountId, proof]));
}

/** Returns the first 100 proofs of an account, oldest first. Includes those of earlier addresses. */
export function listProofs(db: Database, accountId: string): Promise<readonly AddressProofRow[]> {
  return db
    .select()
    .from(addressProofs)
    .where(eq(addressProofs.accountId, accountId))
    .orderBy(asc(addressProofs.provedAt), asc(addressProofs.id))
    .limit(PROOFS_SHOWN_MAX);
}

const PROOFS_SHOWN_MAX = 100;

/**
 * Filters of a list of accounts: present address proved, not proved, or proved only after a passkey was added. The person who
 * added that passkey need not own the address.
 */
export const ADDRESS_FILTERS = ['proved', 'unproved', 'passkeys_before_proof'] as const;
export type AddressFilter = (typeof ADDRESS_FILTERS)[number];

/** Returns the condition of a filter, for a query of accounts. */
export function addressCondition(db: Database, filter: AddressFilter): SQL {
  const proofs = db.select({ id: addressProofs.id }).from(addressProofs).where(isOfPresentAddress());
  switch (filter) {
    case 'proved':
      return exists(proofs);
    case 'unproved':
      return notExists(proofs);
    case 'passkeys_before_proof': {
      const since = db
        .select({ at: min(addressProofs.provedAt) })
        .from(addressProofs)
        .where(isOfPresentAddress());
      const isOfAccount = eq(passkeys.userId, accounts.id);
      const earlier = and(isOfAccount, sql`${passkeys.createdAt} < (${since})`);
      return exists(db.select({ id: passkeys.id }).from(passkeys).where(earlier));
    }
  }
}

/** Returns the condition that joins proofs of present addresses with their accounts. */
export function isOfPresentAddress(): SQL | undefined {
  return and(eq(addressProofs.accountId, accounts.id), sql`${addressProofs.address} = lower(${accounts.email})`);
}
