/** Facts that a list of accounts shows beside the rows: memberships, factors and proofs. Queried once for a whole page. */
import { and, asc, count, eq, inArray, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { accounts, auditEvents, organizations, passkeys, sessions, twoFactors } from '../schema.ts';
import { membershipsOf } from './account-places.ts';
import type { AccountRow } from './accounts.ts';
import { type AddressProofRow, presentProofs } from './address-proofs.ts';

export interface AccountFacts {
  readonly memberships: readonly {
    readonly organizationId: string;
    readonly organizationName: string;
    readonly memberId: string;
    readonly role: string;
  }[];
  readonly hasTotp: boolean;
  readonly passkeys: number;
  readonly lastSignInAt: Date | null;
  /** The first proof of its present address, or null. */
  readonly proof: AddressProofRow | null;
  /** The organization to which it is bound until its address is proved. */
  readonly boundTo: { readonly id: string; readonly name: string } | null;
}

const NOTHING: AccountFacts = {
  memberships: [],
  hasTotp: false,
  passkeys: 0,
  lastSignInAt: null,
  proof: null,
  boundTo: null,
};

/** Returns a function from account id to facts. Memberships omit removed ones and deleted organizations. */
export async function factsOf(
  db: Database,
  rows: readonly Pick<AccountRow, 'id' | 'boundOrganizationId'>[],
): Promise<(id: string) => AccountFacts> {
  if (rows.length === 0) return () => NOTHING;
  const ids = rows.map(({ id }) => id);
  const proofs = await presentProofs(db, ids);
  const bound = await boundOf(db, rows);
  const where = await membershipsOf(db, ids);
  const totp = await totpOf(db, ids);
  const keys = await passkeysOf(db, ids);
  const seen = await lastSignInsOf(db, ids);
  return (id) => ({
    memberships: where.get(id) ?? [],
    hasTotp: totp.has(id),
    passkeys: keys.get(id) ?? 0,
    lastSignInAt: seen.get(id) ?? null,
    proof: proofs.get(id) ?? null,
    boundTo: bound.get(id) ?? null,
  });
}

/** Returns the organization to which each account is bound, by account id. Includes deleted organizations. */
async function boundOf(db: Database, rows: readonly Pick<AccountRow, 'id' | 'boundOrganizationId'>[]) {
  const ids = [...new Set(rows.flatMap(({ boundOrganizationId }) => boundOrganizationId ?? []))];
  if (ids.length === 0) return new Map<string, { id: string; name: string }>();
  const found = await db
    .select({ id: organizations.id, name: organizations.name })
    .from(organizations)
    .where(inArray(organizations.id, ids));
  const byId = new Map(found.map((row) => [row.id, row]));
  return new Map(
    rows.flatMap(({ id, boundOrganizationId }) => {
      const organization = boundOrganizationId === null ? undefined : byId.get(boundOrganizationId);
      return organization === undefined ? [] : [[id, organization] as const];
    }),
  );
}

/**
 * Returns when each account was last active: its last use of a session, to the minute, or its last sign-in. Others are absent.
 */
export async function lastSeen(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, Date>> {
  if (ids.length === 0) return new Map();
  const seen = new Map(await lastSignInsOf(db, ids));
  const rows = await db
    .select({ id: sessions.userId, at: sql<string>`max(${sessions.lastUsedAt})` })
    .from(sessions)
    .where(inArray(sessions.userId, [...ids]))
    .groupBy(sessions.userId);
  for (const { id, at } of rows) {
    const [inSession, signedIn] = [new Date(at), seen.get(id)];
    if (signedIn === undefined || signedIn < inSession) seen.set(id, inSession);
  }
  return seen;
}

/**
 * Counts the active platform admins other than this account. Locks all their rows, so that the last two cannot both be removed.
 */
export async function countOtherAdmins(tx: Database, accountId: string): Promise<number> {
  const rows = await tx
    .select({ id: accounts.id })
    .from(accounts)
    .where(and(eq(accounts.platformRole, 'platform_admin'), eq(accounts.status, 'active')))
    .orderBy(asc(accounts.id))
    .for('update');
  return rows.filter(({ id }) => id !== accountId).length;
}

async function totpOf(db: Database, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await db
    .select({ id: twoFactors.userId })
    .from(twoFactors)
    .where(and(inArray(twoFactors.userId, [...ids]), eq(twoFactors.verified, true)));
  return new Set(rows.map(({ id }) => id));
}

/** Counts the passkeys of each of these accounts, by account id. Accounts without any are absent. */
export async function passkeysOf(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .select({ id: passkeys.userId, total: count() })
    .from(passkeys)
    .where(inArray(passkeys.userId, [...ids]))
    .groupBy(passkeys.userId);
  return new Map(rows.map(({ id, total }) => [id, total]));
}

/** Returns the last sign-in of each account, from the audit log: rows of ended sessions are deleted. */
async function lastSignInsOf(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, Date>> {
  const rows = await db
    .select({ id: auditEvents.objectId, at: sql<string>`max(${auditEvents.at})` })
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.chain, 'platform'),
        eq(auditEvents.objectType, 'account'),
        inArray(auditEvents.objectId, [...ids]),
        eq(auditEvents.action, 'account.sign_in'),
      ),
    )
    .groupBy(auditEvents.objectId);
  return new Map(rows.map(({ id, at }) => [id, new Date(at)]));
}
