/** Queries about sign-in that the sign-in library does not run itself. Global: a person is not part of one tenant. */
import { and, count, desc, eq, gt, inArray, isNotNull, isNull, lt, ne, or, sql } from 'drizzle-orm';
import { OWN } from '../../domain/identity/evidence.ts';
import type { MethodOrigin } from '../../domain/tenancy/address.ts';
import type { Database } from '../database.ts';
import {
  accounts,
  oneTimeLinks,
  passkeys,
  sessionEvidence,
  sessions,
  signInMethods,
  twoFactors,
  verifications,
} from '../schema.ts';
import type { AccountRow } from './accounts.ts';

/** The tables, under the names that the sign-in library uses. */
export const SIGN_IN_TABLES = {
  user: accounts,
  account: signInMethods,
  session: sessions,
  verification: verifications,
  twoFactor: twoFactors,
  passkey: passkeys,
};

export type SessionRow = typeof sessions.$inferSelect;

/** Finds a session that has not expired, with its account. Returns null if there is none or the account is disabled. */
export async function findSession(
  db: Database,
  wanted: { readonly token: string; readonly at: Date },
): Promise<{ readonly session: SessionRow; readonly account: AccountRow } | null> {
  const [found] = await db
    .select({ session: sessions, account: accounts })
    .from(sessions)
    .innerJoin(accounts, eq(accounts.id, sessions.userId))
    .where(and(eq(sessions.token, wanted.token), gt(sessions.expiresAt, wanted.at), eq(accounts.status, 'active')));
  return found ?? null;
}

/** A question whether a session has shown of late who it is. */
export interface ShownSince {
  readonly sessionId: string;
  readonly since: Date;
  /** Only its identity providers count beside the person's own ways; null: those of every organization do. */
  readonly organizationId: string | null;
}

/**
 * Reports whether the person has shown since a time who they are: in their own way, or at an identity provider that says when. A
 * provider also lets people in who signed in there long ago, so its answer alone is not enough. A session without evidence is of an
 * earlier version, and counts from its beginning.
 */
export async function shownSince(db: Database, { sessionId, since, organizationId }: ShownSince): Promise<boolean> {
  const ofSession = eq(sessionEvidence.sessionId, sessionId);
  const atProvider = and(
    gt(sessionEvidence.authenticatedAt, since),
    organizationId === null ? undefined : eq(sessionEvidence.organizationId, organizationId),
  );
  const own = and(eq(sessionEvidence.source, OWN), gt(sessionEvidence.shownAt, since));
  if ((await db.$count(sessionEvidence, and(ofSession, or(own, atProvider)))) > 0) return true;
  const [begun] = await db
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.id, sessionId), gt(sessions.createdAt, since)));
  return begun !== undefined && (await db.$count(sessionEvidence, ofSession)) === 0;
}

export async function markSessionUsed(db: Database, session: { readonly id: string; readonly at: Date }): Promise<void> {
  await db.update(sessions).set({ lastUsedAt: session.at }).where(eq(sessions.id, session.id));
}

/** Returns the sessions that have not expired, last used first, at most 200. */
export async function listSessions(db: Database, accountId: string, at: Date): Promise<readonly SessionRow[]> {
  return db
    .select()
    .from(sessions)
    .where(and(eq(sessions.userId, accountId), gt(sessions.expiresAt, at)))
    .orderBy(desc(sessions.lastUsedAt), sessions.id)
    .limit(SESSIONS_MAX);
}

const SESSIONS_MAX = 200;

/** Ends one session of an account. Returns false if the account has no such session. */
export async function endSession(tx: Database, session: { readonly accountId: string; readonly id: string }): Promise<boolean> {
  const ended = await tx
    .delete(sessions)
    .where(and(eq(sessions.userId, session.accountId), eq(sessions.id, session.id)))
    .returning({ id: sessions.id });
  return ended.length > 0;
}

/** Returns the id of the session with this token, or null if it has ended. */
export async function sessionIdOf(db: Database, token: string): Promise<string | null> {
  const [row] = await db.select({ id: sessions.id }).from(sessions).where(eq(sessions.token, token));
  return row?.id ?? null;
}

export async function endSessionOf(db: Database, token: string): Promise<void> {
  await db.delete(sessions).where(eq(sessions.token, token));
}

/** Ends every session of an account except `but`, and its open challenges. Returns the number of ended sessions. */
export async function endSessions(tx: Database, accountId: string, but: string | null = null): Promise<number> {
  const ended = await tx
    .delete(sessions)
    .where(and(eq(sessions.userId, accountId), but === null ? undefined : ne(sessions.id, but)))
    .returning({ id: sessions.id });
  await tx.delete(verifications).where(eq(verifications.value, accountId));
  return ended.length;
}

/** Deletes expired sessions and challenges, and links that expired 30 days ago. */
export async function dropExpired(db: Database, at: Date): Promise<void> {
  await db.delete(sessions).where(sql`${sessions.expiresAt} < ${at}`);
  await db.delete(verifications).where(sql`${verifications.expiresAt} < ${at}`);
  await db.delete(oneTimeLinks).where(sql`${oneTimeLinks.expiresAt} < ${new Date(at.getTime() - LINKS_KEPT_MS)}`);
}

/** Expired links are kept this long, so that an answer can say expired instead of unknown. */
const LINKS_KEPT_MS = 30 * 86_400_000;

/** Sets the password of an account to one that is already hashed. */
export async function setPassword(
  tx: Database,
  wanted: {
    readonly id: string;
    readonly accountId: string;
    readonly hash: string;
    readonly at: Date;
    readonly how: MethodOrigin;
  },
): Promise<void> {
  const { id, accountId, hash, at, how } = wanted;
  const set = { password: hash, addedHow: how, updatedAt: at };
  await tx
    .insert(signInMethods)
    .values({ id, userId: accountId, providerId: PASSWORD, accountId, createdAt: at, ...set })
    .onConflictDoUpdate({ target: [signInMethods.providerId, signInMethods.accountId], set });
}

/** Deletes the password of an account. Reports whether it had one. */
export async function dropPassword(tx: Database, accountId: string): Promise<boolean> {
  const gone = await tx
    .delete(signInMethods)
    .where(and(eq(signInMethods.providerId, PASSWORD), eq(signInMethods.accountId, accountId)))
    .returning({ id: signInMethods.id });
  return gone.length > 0;
}

/** The sign-in library's name for a password. */
const PASSWORD = 'credential';

/** Returns the hash of an account's password, or null if it has none. */
export async function passwordHash(db: Database, accountId: string): Promise<string | null> {
  const [row] = await db
    .select({ hash: signInMethods.password })
    .from(signInMethods)
    .where(and(eq(signInMethods.providerId, PASSWORD), eq(signInMethods.accountId, accountId)));
  return row?.hash ?? null;
}

/**
 * Reports whether an active platform admin has a sign-in method other than a passkey. If so, nobody can become the first admin.
 */
export async function isAnyAdminWithSignIn(db: Database): Promise<boolean> {
  const withPassword = await db
    .select({ id: accounts.id })
    .from(accounts)
    .innerJoin(signInMethods, eq(signInMethods.userId, accounts.id))
    .where(and(eq(accounts.platformRole, 'platform_admin'), eq(accounts.status, 'active')))
    .limit(1);
  return withPassword.length > 0;
}

export type OneTimeLink = typeof oneTimeLinks.$inferSelect;

export async function insertLink(tx: Database, row: typeof oneTimeLinks.$inferInsert): Promise<void> {
  await tx.insert(oneTimeLinks).values(row);
}

/** Finds a link by the hashes that its token may have. Includes used and expired ones. */
export async function findLink(db: Database, kind: OneTimeLink['kind'], hashes: readonly Buffer[]): Promise<OneTimeLink | null> {
  const [row] = await db
    .select()
    .from(oneTimeLinks)
    .where(and(inArray(oneTimeLinks.hash, [...hashes]), eq(oneTimeLinks.kind, kind)));
  return row ?? null;
}

/** Marks a link as used. Returns false if another call used it first or it has expired. */
export async function useLink(tx: Database, wanted: { readonly id: string; readonly at: Date }): Promise<boolean> {
  const used = await tx
    .update(oneTimeLinks)
    .set({ usedAt: wanted.at })
    .where(and(eq(oneTimeLinks.id, wanted.id), isNull(oneTimeLinks.usedAt), gt(oneTimeLinks.expiresAt, wanted.at)))
    .returning({ id: oneTimeLinks.id });
  return used.length > 0;
}

/** Deletes the unused links of an account, because a newer one replaces them. */
export async function dropLinks(tx: Database, wanted: { readonly kind: OneTimeLink['kind']; readonly accountId: string | null }) {
  const { kind, accountId } = wanted;
  await tx
    .delete(oneTimeLinks)
    .where(
      and(
        eq(oneTimeLinks.kind, kind),
        accountId === null ? isNull(oneTimeLinks.accountId) : eq(oneTimeLinks.accountId, accountId),
        isNull(oneTimeLinks.usedAt),
      ),
    );
}

/** The factors of an account other than its password. */
export interface Factors {
  readonly hasTotp: boolean;
  readonly recoveryCodesLeft: number;
  readonly passkeys: number;
}

export async function factorsOf(db: Database, accountId: string): Promise<Factors> {
  const [totp] = await db
    .select({ codes: twoFactors.backupCodes })
    .from(twoFactors)
    .where(and(eq(twoFactors.userId, accountId), eq(twoFactors.verified, true)));
  const [keys] = await db.select({ total: count() }).from(passkeys).where(eq(passkeys.userId, accountId));
  const left = totp === undefined ? 0 : (JSON.parse(totp.codes) as readonly string[]).length;
  return { hasTotp: totp !== undefined, recoveryCodesLeft: left, passkeys: keys?.total ?? 0 };
}

/** Deletes the authenticator app, its recovery codes and every passkey. The password alone is then enough to sign in. */
export async function dropFactors(tx: Database, accountId: string): Promise<DroppedFactors> {
  const { hasTotp, passkeys: kept } = await factorsOf(tx, accountId);
  await tx.delete(twoFactors).where(eq(twoFactors.userId, accountId));
  await tx.delete(passkeys).where(eq(passkeys.userId, accountId));
  await tx.update(accounts).set({ twoFactorEnabled: false }).where(eq(accounts.id, accountId));
  return { passkeys: kept, two_factor: hasTotp };
}

/**
 * Deletes the passkeys and the authenticator app that were added before a time, and returns what it deleted. An app without a
 * stored time stays: nobody can sign in with an app alone.
 */
export async function dropFactorsBefore(tx: Database, accountId: string, before: Date): Promise<DroppedFactors> {
  const gone = await tx
    .delete(passkeys)
    .where(and(eq(passkeys.userId, accountId), lt(passkeys.createdAt, before)))
    .returning({ id: passkeys.id });
  const apps = await tx
    .delete(twoFactors)
    .where(and(eq(twoFactors.userId, accountId), lt(twoFactors.addedAt, before)))
    .returning({ id: twoFactors.id });
  if (apps.length > 0) await tx.update(accounts).set({ twoFactorEnabled: false }).where(eq(accounts.id, accountId));
  return { passkeys: gone.length, two_factor: apps.length > 0 };
}

/** The deleted factors of an account, for the audit log. */
export interface DroppedFactors {
  readonly passkeys: number;
  readonly two_factor: boolean;
}

/** Stores the time at which the authenticator app of an account was confirmed. */
export async function markTotpAdded(tx: Database, accountId: string, at: Date): Promise<void> {
  await tx.update(twoFactors).set({ addedAt: at }).where(eq(twoFactors.userId, accountId));
}

/** Records that the person showed the password or another passkey again before they added this passkey. */
export async function markPasskeyAdded(tx: Database, id: string): Promise<void> {
  await tx.update(passkeys).set({ addedHow: 'shown_again' }).where(eq(passkeys.id, id));
}

/** Reports whether a session of an account still exists. It does not check whether the session has expired. */
export async function isSessionAlive(
  tx: Database,
  session: { readonly accountId: string; readonly id: string },
): Promise<boolean> {
  return (await tx.$count(sessions, and(eq(sessions.userId, session.accountId), eq(sessions.id, session.id)))) > 0;
}

/** One way to sign in, for display. */
export interface MethodRow {
  readonly kind: 'password' | 'passkey' | 'authenticator';
  readonly id: string;
  readonly name: string | null;
  /** Null if it was added before this was recorded. */
  readonly addedAt: Date | null;
  readonly how: MethodOrigin | null;
}

/** Lists every way to sign in of an account. The time of a password is its last change. */
export async function listMethods(db: Database, accountId: string): Promise<readonly MethodRow[]> {
  const passwords = await db.select().from(signInMethods).where(eq(signInMethods.userId, accountId));
  const apps = await db
    .select()
    .from(twoFactors)
    .where(and(eq(twoFactors.userId, accountId), eq(twoFactors.verified, true)));
  const keys = await listPasskeys(db, accountId);
  return [
    ...passwords.map((row) => ({ kind: 'password' as const, id: row.id, name: null, addedAt: row.updatedAt, how: row.addedHow })),
    ...apps.map((row) => ({
      kind: 'authenticator' as const,
      id: row.id,
      name: null,
      addedAt: row.addedAt,
      how: row.addedAt === null ? null : ('shown_again' as const),
    })),
    ...keys.map((row) => ({ kind: 'passkey' as const, id: row.id, name: row.name, addedAt: row.createdAt, how: row.addedHow })),
  ];
}

/**
 * Claims a name that may be used once. Returns false if another call claimed it first. The name is free again after `until`, when
 * the token or code behind it has expired.
 */
export async function claimOnce(
  db: Database,
  wanted: { readonly name: string; readonly at: Date; readonly until: Date },
): Promise<boolean> {
  const { name, at, until } = wanted;
  const claimed = await db
    .insert(verifications)
    .values({ id: name, identifier: name, value: '', expiresAt: until, createdAt: at, updatedAt: at })
    .onConflictDoUpdate({
      target: verifications.id,
      set: { expiresAt: until, updatedAt: at },
      setWhere: sql`${verifications.expiresAt} < ${at}`,
    })
    .returning({ id: verifications.id });
  return claimed.length > 0;
}

export type PasskeyRow = typeof passkeys.$inferSelect;

export async function listPasskeys(db: Database, accountId: string): Promise<readonly PasskeyRow[]> {
  return db.select().from(passkeys).where(eq(passkeys.userId, accountId)).orderBy(passkeys.createdAt, passkeys.id);
}

/** Deletes a passkey. Returns false if the account has no such passkey. */
export async function deletePasskey(tx: Database, wanted: { readonly accountId: string; readonly id: string }): Promise<boolean> {
  const gone = await tx
    .delete(passkeys)
    .where(and(eq(passkeys.userId, wanted.accountId), eq(passkeys.id, wanted.id)))
    .returning({ id: passkeys.id });
  return gone.length > 0;
}

/** Finds an account by its e-mail address, given in lower case. Returns null if there is none. */
export async function findByEmail(db: Database, email: string): Promise<AccountRow | null> {
  const [row] = await db
    .select()
    .from(accounts)
    .where(and(isNotNull(accounts.email), sql`lower(${accounts.email}) = ${email}`));
  return row ?? null;
}
