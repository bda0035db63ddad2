/**
 * Generates data for load tests inside the database. The same sizes give the same rows. Organizations and keys differ in size as
 * real tenants do: the largest of 10,000 organizations has one key in forty. Requests are in order of time. The keys work: see
 * seedSecret.
 */
import { createHash } from 'node:crypto';
import type { QueryConfig, QueryResult } from 'pg';
import { hashSecret, newKeySecret } from '../../lib/secrets.ts';
import { type AuditTrail, appendAlone } from '../audit/audit.ts';
import type { OpenDatabase } from '../database.ts';
import { newPartitions } from '../partitions.ts';
import { SEED_BATCH, SEED_CATALOGUE, SEED_FUNCTIONS, SEED_REQUESTS, SEED_TENANCY } from './seed-statements.ts';

export interface SeedSize {
  readonly organizations: number;
  readonly keys: number;
  readonly requests: number;
  /** The number of days before `untilMs` over which the requests are spread evenly. */
  readonly days: number;
  readonly untilMs: number;
}

export interface SeedTarget {
  readonly database: OpenDatabase;
  /** The installation's pepper, so that the keys work. */
  readonly pepper: Buffer;
  readonly audit: AuditTrail;
}

/** Called with the progress of a step, such as `keys`, 120,000 of 500,000. */
export type SeedProgress = (step: 'organizations' | 'keys' | 'requests', done: number, of: number) => void;

/** The database already contains such data. A second load would count it twice. */
export class AlreadySeeded extends Error {
  constructor() {
    super('This database already has seed data. Use an empty database.');
    this.name = 'AlreadySeeded';
  }
}

/** Loads all data. Throws AlreadySeeded. After an interruption the finished part stays: start again with an empty database. */
export async function seed({ database, pepper, audit }: SeedTarget, size: SeedSize, progress: SeedProgress): Promise<void> {
  const spanMs = size.days * DAY_MS;
  const months = Array.from({ length: size.days + 1 }, (_, day) => size.untilMs - day * DAY_MS);
  await newPartitions(database.db, database.kind).ensure(months);
  // One connection, because the helper functions and tables are temporary.
  const connection = await database.pool.connect();
  const client: Session = {
    query: (text, values = []) => connection.query({ text, values: [...values], query_timeout: DAY_MS } as QueryConfig),
  };
  try {
    await client.query('SET statement_timeout = 0');
    if ((await client.query("select 1 from organizations where slug = 'seed-0'")).rowCount !== 0) throw new AlreadySeeded();
    await client.query(SEED_FUNCTIONS);
    await client.query(SEED_CATALOGUE);
    await seedTenancy(client, size, progress);
    await seedSecrets(client, pepper, size.keys, progress);
    await seedRequests(client, size, spanMs, progress);
    for (const table of ANALYZED) await client.query(`analyze ${table}`);
  } finally {
    // Close the connection, because a server's session has temporary objects. The embedded database has one session, so drop them
    // too.
    await client.query('discard temp').catch(() => {});
    connection.release(true);
  }
  await appendAlone(database.db, audit, auditEventOf(size));
}

/**
 * Returns the secret of a key by its number (0 to keys − 1). Anyone can compute it, so never seed a database that others can
 * reach.
 */
export function seedSecret(key: number): string {
  return newKeySecret((size) => createHash('sha256').update(`headgate seed key ${key}`).digest().subarray(0, size));
}

const DAY_MS = 86_400_000;
const ORGANIZATIONS_AT_ONCE = 2_000;
const KEYS_AT_ONCE = 20_000;
const REQUESTS_AT_ONCE = 50_000;
const ANALYZED = [
  'organizations',
  'teams',
  'memberships',
  'service_accounts',
  'keys',
  'key_secrets',
  'budgets',
  'tenant_objects',
].concat(['request_records', 'ledger_records', 'rollups']);

/** One connection without a statement timeout. */
interface Session {
  query(text: string, values?: readonly unknown[]): Promise<QueryResult>;
}

/** Calls `work` with each range [from, to) of 0 to `count`. */
async function inSteps(count: number, step: number, work: (from: number, to: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += step) await work(from, Math.min(from + step, count));
}

async function seedTenancy(client: Session, size: SeedSize, progress: SeedProgress): Promise<void> {
  await inSteps(size.organizations, ORGANIZATIONS_AT_ONCE, async (from, to) => {
    for (const statement of SEED_TENANCY.organizations) await client.query(statement, [from, to, size.untilMs]);
    progress('organizations', to, size.organizations);
  });
  await client.query(SEED_TENANCY.keyTable);
  await inSteps(size.keys, KEYS_AT_ONCE, async (from, to) => {
    await client.query(SEED_TENANCY.keyRows, [from, to, size.untilMs, size.organizations]);
    for (const statement of SEED_TENANCY.keys) await client.query(statement, [from, to]);
  });
}

/** Stores the secrets of all keys. This process hashes them, because the database does not know the pepper. */
async function seedSecrets(client: Session, pepper: Buffer, keys: number, progress: SeedProgress): Promise<void> {
  await inSteps(keys, KEYS_AT_ONCE, async (from, to) => {
    const numbers = Array.from({ length: to - from }, (_, index) => from + index);
    const secrets = numbers.map(seedSecret);
    const hashes = secrets.map((secret) => hashSecret(pepper, secret));
    await client.query(SEED_TENANCY.secrets, [numbers, hashes, secrets.map((secret) => secret.slice(-4))]);
    progress('keys', to, keys);
  });
  await client.query('analyze seed_keys');
}

async function seedRequests(client: Session, size: SeedSize, spanMs: number, progress: SeedProgress): Promise<void> {
  const { requests, keys, untilMs } = size;
  await inSteps(requests, REQUESTS_AT_ONCE, async (from, to) => {
    await client.query('BEGIN');
    await client.query('drop table if exists seed_batch');
    await client.query(SEED_BATCH(from, to, { requests, keys, untilMs, spanMs }));
    for (const statement of SEED_REQUESTS) await client.query(statement);
    await client.query('COMMIT');
    progress('requests', to, requests);
  });
}

function auditEventOf(size: SeedSize) {
  return {
    organizationId: null,
    at: new Date(),
    actorKind: 'system',
    actorId: 'seed',
    actorName: 'seed',
    action: 'seed.load',
    objectType: 'installation',
    objectId: 'installation',
    objectName: null,
    before: null,
    after: size,
    reason: null,
    ip: null,
    requestId: null,
  };
}
