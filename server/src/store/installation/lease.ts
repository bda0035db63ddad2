/**
 * Leases for work that only one process may do. Without Redis, the counters are in the memory of one process. A second process on
 * the same database would grant every limit twice, so it refuses to start.
 *
 * If the holder crashes, its lease ends after 30 s. It ends at once if the next process is on the same machine and sees that the
 * holder is gone. A process that was just killed may take a moment to exit: a start waits for it (`lib/timing/once-free.ts`).
 *
 * If the database is unavailable, the holder continues. It learns of a lost lease at the next renewal that reaches the database.
 */
import { eq, sql } from 'drizzle-orm';
import { describeProcess, isGone, isHere, type ProcessIdentity, parseIdentity, thisProcess } from '../../lib/process-identity.ts';
import type { Database } from '../database.ts';
import { processLeases } from '../schema.ts';

const LEASE_MS = 30_000;
const RENEW_EVERY_MS = 10_000;

/** Another process holds the lease. The message is one line for the operator. */
export class LeaseHeld extends Error {
  /** True if the holder runs on this machine, so that we can see it end. */
  readonly mayEnd: boolean;
  /** The time until the lease ends unless it is renewed. */
  readonly expiresInMs: number;

  constructor(name: string, holder: ProcessIdentity | null, expiresInMs: number) {
    super(
      `Another Headgate (${nameOf(holder)}) already serves this database as "${name}". Stop it first, or set REDIS_URL in both to run several. ` +
        `If it crashed, its lease expires in ${Math.max(Math.ceil(expiresInMs / 1_000), 1)} s.`,
    );
    this.name = 'LeaseHeld';
    this.mayEnd = holder !== null && isHere(holder);
    this.expiresInMs = expiresInMs;
  }
}

/**
 * Other processes count differently, in memory or in Redis, and cannot share the database with this one. The message is one line
 * for the operator.
 */
export class CountsElsewhere extends Error {
  /** True if all those processes run on this machine, so that we can see them end. */
  readonly mayEnd: boolean;
  /** The time until the last of their leases ends unless it is renewed. */
  readonly expiresInMs: number;

  constructor(message: string, leases: readonly HeldLease[]) {
    const holders = leases.map(({ holder }) => parseIdentity(holder));
    super(message);
    this.mayEnd = holders.every((holder) => holder !== null && isHere(holder));
    this.expiresInMs = Math.max(...leases.map(({ remainingMs }) => remainingMs));
  }
}

/** A lease that another process holds. */
interface HeldLease {
  readonly holder: string;
  readonly remainingMs: number;
}

function nameOf(holder: ProcessIdentity | null): string {
  return holder === null ? 'unknown' : describeProcess(holder);
}

export interface Lease {
  /** Releases the lease and stops renewing it. */
  release(): Promise<void>;
}

export interface LeaseOptions {
  readonly name: string;
  /** Called once if another process took the lease over while this one could not renew it: stop serving. */
  readonly onLost: (error: LeaseHeld) => void;
  /** The newest migration that this process knows (`newestMigration`). */
  readonly knows?: string;
  /** The name of this process's master key (`masterKeyName`). */
  readonly masterKey?: string;
  /** The identity of another process, for tests. */
  readonly identity?: ProcessIdentity;
}

/** Takes the lease and renews it every 10 s. Expiry depends on the database's clock alone. Throws LeaseHeld. */
export async function acquireLease(db: Database, options: LeaseOptions): Promise<Lease> {
  const { name, onLost, knows = null, masterKey = null, identity = thisProcess() } = options;
  const us = JSON.stringify(identity);
  const claim = { name, holder: us, knows, masterKey };
  await db.transaction((tx) => take(tx, claim));
  const timer = setInterval(() => renew(db, claim).catch(lost), RENEW_EVERY_MS).unref();
  function lost(error: unknown): void {
    // On any other failure the database is unavailable, and the next renewal tries again.
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

/** The name of the lease of a process that counts alone. */
export const ALONE = 'counters';
/** The prefix of the leases of replicas. The replica's own name follows. */
const REPLICA = 'replica:';

export function replicaLease(owner: string): string {
  return `${REPLICA}${owner}`;
}

/** Returns the names of replicas whose lease has not ended by the database's clock, without those known to be gone. */
export async function liveReplicas(db: Database): Promise<readonly string[]> {
  return (await liveReplicaLeases(db)).map(({ name }) => name.slice(REPLICA.length));
}

async function liveReplicaLeases(db: Database): Promise<readonly (HeldLease & { readonly name: string })[]> {
  const rows = await db
    .select({ name: processLeases.name, holder: processLeases.holder, remainingMs: REMAINING_MS })
    .from(processLeases)
    .where(sql`starts_with(${processLeases.name}, ${REPLICA}) and ${processLeases.expiresAt} > now()`);
  return rows.filter(({ holder }) => !isSeenToBeGone(holder));
}

/**
 * Reports whether a replica may still run whose version does not know this migration. Its text must say `-- no way back`: once it is
 * applied, no such replica can start (`NewerSchema`), so false stays false. A replica that lost the database can renew its lease later. It counts for ten
 * minutes after the lease ended, unless it is known to be gone. A replica that was starting when the migration was applied has a
 * minute to take its lease, except on a new database.
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

/**
 * Reports whether a replica with an earlier version runs now, or may come back. One can also start later, so this is only for what
 * people are warned of.
 */
export async function runsOlderReplica(db: Database, newest: string): Promise<boolean> {
  const replicas = await db
    .select({ holder: processLeases.holder, isOlder: IS_OLDER(newest) })
    .from(processLeases)
    .where(sql`starts_with(${processLeases.name}, ${REPLICA}) and ${MAY_COME_BACK}`);
  return replicas.some(({ holder, isOlder }) => isOlder && !isSeenToBeGone(holder));
}

/** The leases of processes that may still renew them after they lost the database. */
const MAY_COME_BACK = sql`${processLeases.expiresAt} > now() - interval '10 minutes'`;

/** A process that serves the database, or whose lease ended less than ten minutes ago. */
export interface ServingProcess {
  /** The place where it runs, for people to read. */
  readonly where: string;
  /** The name of its master key (`masterKeyName`). Null for a version that does not store it. */
  readonly masterKey: string | null;
}

/** Returns every process that serves the database or may still renew its lease, without those known to be gone. */
export async function servingProcesses(db: Database): Promise<readonly ServingProcess[]> {
  const rows = await db
    .select({ holder: processLeases.holder, masterKey: processLeases.masterKey })
    .from(processLeases)
    .where(sql`(${processLeases.name} = ${ALONE} or starts_with(${processLeases.name}, ${REPLICA})) and ${MAY_COME_BACK}`);
  return rows
    .filter(({ holder }) => !isSeenToBeGone(holder))
    .map(({ holder, masterKey }) => ({ where: nameOf(parseIdentity(holder)), masterKey }));
}

/**
 * The condition for a holder without this migration. Names of migrations begin with their number, so text order is their order.
 */
const IS_OLDER = (migration: string) =>
  sql<boolean>`${processLeases.knows} is null or ${processLeases.knows} collate "C" < ${migration}`;

async function wasJustApplied(db: Database, migration: string): Promise<boolean> {
  const { rows } = await db.execute<{ applied: boolean }>(
    sql`select exists (select 1 from schema_migrations as one where name = ${migration} and applied_at > now() - interval '1 minute'
      and exists (select 1 from schema_migrations as earlier where earlier.applied_at < one.applied_at)) as applied`,
  );
  return rows[0]?.applied === true;
}

/** Throws CountsElsewhere while a process runs that counts the other way: `alone` in memory, or `together` in Redis. */
export async function refuseOtherCounting(db: Database, ours: 'alone' | 'together'): Promise<void> {
  if (ours === 'alone') {
    const replicas = await liveReplicaLeases(db);
    if (replicas.length === 0) return;
    throw new CountsElsewhere(
      `${replicas.length} Headgate processes with REDIS_URL serve this database. Set REDIS_URL here too, so that all count together, or stop them first.`,
      replicas,
    );
  }
  const [lease] = await db
    .select({ holder: processLeases.holder, remainingMs: REMAINING_MS })
    .from(processLeases)
    .where(sql`${processLeases.name} = ${ALONE} and ${processLeases.expiresAt} > now()`);
  if (lease === undefined || isSeenToBeGone(lease.holder)) return;
  const holder = nameOf(parseIdentity(lease.holder));
  throw new CountsElsewhere(
    `Another Headgate (${holder}) serves this database without REDIS_URL, so the two would not count together. Stop it first.`,
    [lease],
  );
}

/** Deletes leases of replicas that ended an hour ago. Their processes never use that name again. */
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
  // Inserting or updating the row locks it, and shows a lease that another process took at the same time.
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

/** Renews the lease by taking it again, which also works if the row is gone or expired without a new holder. */
async function renew(db: Database, claim: Claim): Promise<void> {
  await db.transaction((tx) => take(tx, claim).then(() => extend(tx, claim.name)));
}

async function extend(tx: Database, name: string): Promise<void> {
  await tx.update(processLeases).set({ expiresAt: EXPIRES_AT }).where(eq(processLeases.name, name));
}
