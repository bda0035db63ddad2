/**
 * Leases on what only one process may do. Without Redis the counters live in one process, and a second one on the same database would
 * grant every limit twice, so it refuses to start.
 *
 * When the holder crashed: its lease ends after 30 s, at once where the next process is on the same machine and can see that it is gone. One
 * that was just killed may take a moment to go: a start waits for it (`lib/timing/once-free.ts`).
 * When the database is away: the holder goes on; it learns that it lost the lease at the next renewal that gets through.
 */
import { eq, sql } from 'drizzle-orm';
import { describeProcess, isGone, isHere, type ProcessIdentity, parseIdentity, thisProcess } from '../../lib/process-identity.ts';
import type { Database } from '../database.ts';
import { processLeases } from '../schema.ts';

const LEASE_MS = 30_000;
const RENEW_EVERY_MS = 10_000;

/** Somebody else holds the lease. Its message is the one line an operator needs. */
export class LeaseHeld extends Error {
  /** The holder runs on this machine, so that we see it end. */
  readonly mayEnd: boolean;

  constructor(name: string, holder: ProcessIdentity | null, expiresInMs: number) {
    super(
      `Another Headgate (${nameOf(holder)}) already serves this database as "${name}". Stop it first, or set REDIS_URL to run several. ` +
        `If it crashed, its lease ends in ${Math.max(Math.ceil(expiresInMs / 1_000), 1)} s.`,
    );
    this.name = 'LeaseHeld';
    this.mayEnd = holder !== null && isHere(holder);
  }
}

/** Processes that count in memory and processes that count together cannot serve one database. Its message is the one line an operator needs. */
export class CountsElsewhere extends Error {
  /** All who count the other way run on this machine, so that we see them end. */
  readonly mayEnd: boolean;

  constructor(message: string, holders: readonly (ProcessIdentity | null)[]) {
    super(message);
    this.mayEnd = holders.every((holder) => holder !== null && isHere(holder));
  }
}

function nameOf(holder: ProcessIdentity | null): string {
  return holder === null ? 'unknown' : describeProcess(holder);
}

export interface Lease {
  /** Gives the lease back and stops renewing. */
  release(): Promise<void>;
}

export interface LeaseOptions {
  readonly name: string;
  /** Another process took the lease over while this one could not renew: stop serving. Called once. */
  readonly onLost: (error: LeaseHeld) => void;
  /** The newest migration that this process knows (`newestMigration`). */
  readonly knows?: string;
  /** Which master key this process was started with (`masterKeyName`). */
  readonly masterKey?: string;
  /** Tests pretend to be other processes. */
  readonly identity?: ProcessIdentity;
}

/** Takes the lease or throws LeaseHeld. Expiry is judged by the database's clock alone. */
export async function acquireLease(db: Database, options: LeaseOptions): Promise<Lease> {
  const { name, onLost, knows = null, masterKey = null, identity = thisProcess() } = options;
  const us = JSON.stringify(identity);
  const claim = { name, holder: us, knows, masterKey };
  await db.transaction((tx) => take(tx, claim));
  const timer = setInterval(() => renew(db, claim).catch(lost), RENEW_EVERY_MS).unref();
  function lost(error: unknown): void {
    // Any other failure is the database being away; the next renewal tries again.
    if (!(error instanceof LeaseHeld)) return;
    clearInterval(timer);
    onLost(error);
  }
  return {
    release: async () => {
      clearInterval(timer);
      await db.delete(processLeases).where(sql`${processLeases.name} = ${name} and ${processLeases.holder} = ${us}`);
    },
  };
}

/** What the lease of a process that counts alone is called. */
export const ALONE = 'counters';
/** What the leases of replicas are called; behind it the replica's own name. */
const REPLICA = 'replica:';

export function replicaLease(owner: string): string {
  return `${REPLICA}${owner}`;
}

/** The names of all replicas whose lease has not ended, by the database's clock. */
export async function liveReplicas(db: Database): Promise<readonly string[]> {
  return (await liveReplicaLeases(db)).map(({ name }) => name.slice(REPLICA.length));
}

async function liveReplicaLeases(db: Database): Promise<readonly { readonly name: string; readonly holder: string }[]> {
  const rows = await db
    .select({ name: processLeases.name, holder: processLeases.holder })
    .from(processLeases)
    .where(sql`starts_with(${processLeases.name}, ${REPLICA}) and ${processLeases.expiresAt} > now()`);
  return rows.filter(({ holder }) => !isSeenToBeGone(holder));
}

/**
 * Tells whether a replica may still run whose version does not know this migration. None can start any more once it is applied (`NewerSchema`),
 * so a false stays false. A replica that was cut off may come back to its lease: it counts for ten minutes beyond it, unless it is seen to be
 * gone. One that was just starting when the migration was applied has a minute to take its lease; none was on a database that is new.
 */
export async function mayRunBefore(db: Database, migration: string): Promise<boolean> {
  const replicas = await db
    .select({ holder: processLeases.holder, isOlder: IS_OLDER(migration) })
    .from(processLeases)
    .where(sql`starts_with(${processLeases.name}, ${REPLICA}) and ${MAY_COME_BACK}`);
  const possible = replicas.filter(({ holder }) => !isSeenToBeGone(holder));
  if (possible.some(({ isOlder }) => isOlder)) return true;
  return possible.length > 0 && (await wasJustApplied(db, migration));
}

/** A process that was cut off from the database may come back to its lease. */
const MAY_COME_BACK = sql`${processLeases.expiresAt} > now() - interval '10 minutes'`;

/** A process that serves the database, or was cut off from it less than ten minutes ago. */
export interface ServingProcess {
  /** Where it runs, for people. */
  readonly where: string;
  /** Which master key it was started with (`masterKeyName`); null: it is of a version that does not say. */
  readonly masterKey: string | null;
}

/** Every process that serves the database or may come back to it, without those that are seen to be gone. */
export async function servingProcesses(db: Database): Promise<readonly ServingProcess[]> {
  const rows = await db
    .select({ holder: processLeases.holder, masterKey: processLeases.masterKey })
    .from(processLeases)
    .where(sql`(${processLeases.name} = ${ALONE} or starts_with(${processLeases.name}, ${REPLICA})) and ${MAY_COME_BACK}`);
  return rows
    .filter(({ holder }) => !isSeenToBeGone(holder))
    .map(({ holder, masterKey }) => ({ where: nameOf(parseIdentity(holder)), masterKey }));
}

/** Names of migrations begin with their number, so their order is that of the text. */
const IS_OLDER = (migration: string) =>
  sql<boolean>`${processLeases.knows} is null or ${processLeases.knows} collate "C" < ${migration}`;

async function wasJustApplied(db: Database, migration: string): Promise<boolean> {
  const { rows } = await db.execute<{ applied: boolean }>(
    sql`select exists (select 1 from schema_migrations as one where name = ${migration} and applied_at > now() - interval '1 minute'
      and exists (select 1 from schema_migrations as earlier where earlier.applied_at < one.applied_at)) as applied`,
  );
  return rows[0]?.applied === true;
}

/** Throws CountsElsewhere while a process lives that counts the other way: `alone` in memory, or `together` in Redis. */
export async function refuseOtherCounting(db: Database, ours: 'alone' | 'together'): Promise<void> {
  if (ours === 'alone') {
    const replicas = await liveReplicaLeases(db);
    if (replicas.length === 0) return;
    throw new CountsElsewhere(
      `${replicas.length} Headgate processes with REDIS_URL serve this database and count together: set REDIS_URL here as well, or stop them first.`,
      replicas.map(({ holder }) => parseIdentity(holder)),
    );
  }
  const [lease] = await db
    .select({ holder: processLeases.holder })
    .from(processLeases)
    .where(sql`${processLeases.name} = ${ALONE} and ${processLeases.expiresAt} > now()`);
  if (lease === undefined || isSeenToBeGone(lease.holder)) return;
  const holder = parseIdentity(lease.holder);
  throw new CountsElsewhere(
    `Another Headgate (${nameOf(holder)}) serves this database without REDIS_URL and counts alone: stop it first.`,
    [holder],
  );
}

/** Leases of replicas that ended long ago; their processes never come back under that name. */
export async function dropDeadReplicas(db: Database): Promise<void> {
  await db
    .delete(processLeases)
    .where(sql`starts_with(${processLeases.name}, ${REPLICA}) and ${processLeases.expiresAt} < now() - interval '1 hour'`);
}

function isSeenToBeGone(holder: string): boolean {
  const identity = parseIdentity(holder);
  return identity !== null && isGone(identity);
}

const EXPIRES_AT = sql`now() + ${LEASE_MS} * interval '1 millisecond'`;

interface Claim {
  readonly name: string;
  readonly holder: string;
  readonly knows: string | null;
  readonly masterKey: string | null;
}

async function take(tx: Database, { name, holder: us, knows, masterKey }: Claim): Promise<void> {
  // Writing the row locks it whether it was there or not; a lease taken in the same instant is then visible.
  const [made] = await tx
    .insert(processLeases)
    .values({ name, holder: us, expiresAt: EXPIRES_AT, knows, masterKey })
    .onConflictDoUpdate({ target: processLeases.name, set: { name } })
    .returning({ holder: processLeases.holder, remainingMs: REMAINING_MS });
  if (made === undefined || made.holder === us) return;
  const holder = parseIdentity(made.holder);
  const isFree = made.remainingMs <= 0 || (holder !== null && isGone(holder));
  if (!isFree) throw new LeaseHeld(name, holder, made.remainingMs);
  const ours = { holder: us, expiresAt: EXPIRES_AT, knows, masterKey };
  await tx.update(processLeases).set(ours).where(eq(processLeases.name, name));
}

const REMAINING_MS = sql<number>`(extract(epoch from ${processLeases.expiresAt} - now()) * 1000)::float8`;

/** A row that vanished or expired without a new holder is simply ours again: taking is renewing. */
async function renew(db: Database, claim: Claim): Promise<void> {
  await db.transaction((tx) => take(tx, claim).then(() => extend(tx, claim.name)));
}

async function extend(tx: Database, name: string): Promise<void> {
  await tx.update(processLeases).set({ expiresAt: EXPIRES_AT }).where(eq(processLeases.name, name));
}
