/** The evidence of sessions. Rows stay until their session ends, because a session without rows counts as the person's own. */
import { and, eq, inArray, like, ne, not, or, type SQL, sql } from 'drizzle-orm';
import { type Evidence, OWN, type OwnMethod } from '../../domain/identity/evidence.ts';
import type { Database } from '../database.ts';
import { sessionEvidence, sessions } from '../schema.ts';

type SessionFacts = Pick<typeof sessions.$inferSelect, 'id' | 'createdAt'>;

/** The evidence of a session, and the times when it was idle for too long, by organization. */
export interface StoredEvidence {
  readonly evidence: readonly Evidence[];
  readonly idleUntilMs: ReadonlyMap<string, number>;
}

/** The source of rows that tell when a session was idle for too long for an organization. */
const IDLE = 'idle:';

/** Returns the evidence of a session. One that an earlier version made has no rows, and counts as the person's own. */
export async function evidenceOf(db: Database, session: SessionFacts): Promise<StoredEvidence> {
  const rows = await db.select().from(sessionEvidence).where(eq(sessionEvidence.sessionId, session.id));
  if (rows.length === 0) return { evidence: [ownOfEarlier(session)], idleUntilMs: new Map() };
  const idle = rows.filter(({ source }) => source.startsWith(IDLE));
  const shown = rows.filter(({ source }) => !source.startsWith(IDLE)).map(evidenceFrom);
  return {
    evidence: shown.length === 0 ? [ownOfEarlier(session)] : shown,
    idleUntilMs: new Map(idle.map((row) => [row.organizationId ?? '', row.shownAt.getTime()])),
  };
}

function evidenceFrom(row: typeof sessionEvidence.$inferSelect): Evidence {
  const { source, organizationId, method, secondFactor, shownAt, expiresAt } = row;
  const times = { shownAtMs: shownAt.getTime(), expiresAtMs: expiresAt?.getTime() ?? null };
  return { source, organizationId, method, secondFactor, ...times };
}

function ownOfEarlier({ createdAt }: SessionFacts): Evidence {
  const times = { shownAtMs: createdAt.getTime(), expiresAtMs: null };
  return { source: OWN, organizationId: null, method: null, secondFactor: false, ...times };
}

/** Evidence to store. */
export interface NewEvidence {
  readonly sessionId: string;
  readonly at: Date;
  readonly secondFactor: boolean;
  /** Set for own evidence. */
  readonly method?: OwnMethod;
  /** Set for evidence of an identity provider. */
  readonly provider?: {
    readonly organizationId: string;
    readonly id: string;
    readonly sid: string | null;
    readonly subject: string;
    /** The time at which the person signed in at the provider; null: it did not say. */
    readonly authenticatedAt: Date | null;
  };
}

/** Stores evidence. It replaces earlier evidence of the same source. */
export async function addEvidence(tx: Database, { sessionId, at, secondFactor, method, provider }: NewEvidence): Promise<void> {
  const facts = {
    organizationId: provider?.organizationId ?? null,
    method: method ?? null,
    secondFactor,
    sid: provider?.sid ?? null,
    subject: provider?.subject ?? null,
    authenticatedAt: provider?.authenticatedAt ?? null,
    shownAt: at,
    expiresAt: null,
  };
  await tx
    .insert(sessionEvidence)
    .values({ sessionId, source: provider?.id ?? OWN, ...facts })
    .onConflictDoUpdate({ target: [sessionEvidence.sessionId, sessionEvidence.source], set: facts });
}

/** The evidence of a session, to give to the session that replaces it. */
export type KeptEvidence = readonly Omit<typeof sessionEvidence.$inferInsert, 'sessionId'>[];

/** Reads what a session has shown, so that it can be written for another one. */
export async function readEvidence(db: Database, sessionId: string): Promise<KeptEvidence> {
  const rows = await db.select().from(sessionEvidence).where(eq(sessionEvidence.sessionId, sessionId));
  if (rows.some(({ source }) => !source.startsWith(IDLE))) return rows;
  const [session] = await db.select().from(sessions).where(eq(sessions.id, sessionId));
  if (session === undefined) return rows;
  return [...rows, { ...NOTHING, source: OWN, secondFactor: false, shownAt: session.createdAt }];
}

/** Writes what an earlier session has shown, but for what the new one has shown itself. */
export async function writeEvidence(tx: Database, sessionId: string, kept: KeptEvidence): Promise<void> {
  if (kept.length === 0) return;
  await tx
    .insert(sessionEvidence)
    .values(kept.map((row) => ({ ...row, sessionId })))
    .onConflictDoNothing();
}

/** Gives a new session of the same account and browser what the earlier one has shown. The earlier one must still exist. */
export async function carryEvidence(tx: Database, { from, to }: { readonly from: string; readonly to: string }): Promise<void> {
  await writeEvidence(tx, to, await readEvidence(tx, from));
}

const NOTHING = { organizationId: null, method: null, sid: null, subject: null, authenticatedAt: null, expiresAt: null };

/** Notes that a session was idle for too long for an organization, so that what it has shown before does not count there. */
export async function noteIdle(
  db: Database,
  idle: { readonly sessionId: string; readonly organizationId: string; readonly at: Date },
): Promise<void> {
  const { sessionId, organizationId, at } = idle;
  await db
    .insert(sessionEvidence)
    .values({ sessionId, source: `${IDLE}${organizationId}`, organizationId, secondFactor: false, shownAt: at })
    .onConflictDoUpdate({ target: [sessionEvidence.sessionId, sessionEvidence.source], set: { shownAt: at } });
}

/**
 * Ends the evidence that an organization's identity providers gave to sessions of an account. The sessions stay, and so do the
 * rows: a session without rows would count as the person's own.
 */
export async function endEvidence(
  tx: Database,
  { organizationId, accountId }: { readonly organizationId: string; readonly accountId: string },
): Promise<number> {
  const ofAccount = tx.select({ id: sessions.id }).from(sessions).where(eq(sessions.userId, accountId));
  return end(tx, and(eq(sessionEvidence.organizationId, organizationId), inArray(sessionEvidence.sessionId, ofAccount)));
}

/** Ends everything that an identity provider has shown, because it no longer counts. Returns the number of sessions. */
export async function endEvidenceOfProvider(tx: Database, providerId: string): Promise<number> {
  return end(tx, eq(sessionEvidence.source, providerId));
}

/** A sign-out at an identity provider: of one of its sessions, of all of a person, or of both. At least one is given. */
export interface ProviderSignOut {
  readonly providerId: string;
  readonly sid: string | null;
  readonly subject: string | null;
}

/** Ends the evidence of a session at an identity provider, or of all sessions of a person there. */
export async function endEvidenceOfSignOut(tx: Database, { providerId, sid, subject }: ProviderSignOut): Promise<number> {
  if (sid === null && subject === null) return 0;
  return end(
    tx,
    and(
      eq(sessionEvidence.source, providerId),
      sid === null ? undefined : eq(sessionEvidence.sid, sid),
      subject === null ? undefined : eq(sessionEvidence.subject, subject),
    ),
  );
}

async function end(tx: Database, which: SQL | undefined): Promise<number> {
  const ended = await tx
    .update(sessionEvidence)
    .set({ expiresAt: new Date(0) })
    .where(and(which, ne(sessionEvidence.source, OWN), not(like(sessionEvidence.source, `${IDLE}%`)), isOpen()))
    .returning({ id: sessionEvidence.sessionId });
  return ended.length;
}

function isOpen(): SQL | undefined {
  return or(sql`${sessionEvidence.expiresAt} is null`, sql`${sessionEvidence.expiresAt} > ${new Date(0)}`);
}
