/** Proofs of addresses: who showed or said that an account's address is its own. Global: a person is in no one tenant. */
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

/** Keeps a proof. The same one by the same one again changes nothing: the first says since when. */
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

/** What an account may be admitted to by. Finds out first what is not known of it yet. */
export async function standingOf(
  db: Database,
  account: Pick<typeof accounts.$inferSelect, 'id' | 'madeHow'>,
): Promise<AddressStanding> {
  if (account.madeHow === null) await settleOrigins(db, [account.id]);
  const [row] = await db.select({ boundTo: accounts.boundOrganizationId }).from(accounts).where(eq(accounts.id, account.id));
  if (row === undefined) throw new Error('an account was asked about that is not there');
  const passwords = await db.$count(signInMethods, eq(signInMethods.userId, account.id));
  const keys = await db.$count(passkeys, eq(passkeys.userId, account.id));
  return { ...row, isProved: (await provedSince(db, account.id)) !== null, hasSignIn: passwords + keys > 0 };
}

/** Since when the present address of an account is proved; null: it is not. */
export async function provedSince(db: Database, accountId: string): Promise<Date | null> {
  return (await presentProofs(db, [accountId])).get(accountId)?.provedAt ?? null;
}

/** The first proof of the present address of each account, by account id; an account without one is not in it. */
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

/** Every proof of an account, those of earlier addresses too, the oldest first. */
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
 * Which accounts a list shows: those whose present address is proved, those whose is not, or those that somebody added a passkey to before it
 * was, who need not be the owner of the address.
 */
export const ADDRESS_FILTERS = ['proved', 'unproved', 'passkeys_before_proof'] as const;
export type AddressFilter = (typeof ADDRESS_FILTERS)[number];

/** The condition of a list of accounts. */
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

/** Joins a proof with the account whose present address it is of. */
export function isOfPresentAddress(): SQL | undefined {
  return and(eq(addressProofs.accountId, accounts.id), sql`${addressProofs.address} = lower(${accounts.email})`);
}
