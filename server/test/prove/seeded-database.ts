/** A PostgreSQL with load-size data in it, made by the product's own seeder. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { openClient } from '../support/pg-client.ts';
import { startPostgres } from '../support/postgres.ts';
import { PROGRAM, START, startChild, temporaryDirectory } from './gateway.ts';

export interface SeedGoal {
  readonly organizations: number;
  readonly keys: number;
  readonly requests: number;
  /** Requests come last and in steps, so that what is in by then is whole. */
  readonly seedSecondsMax: number;
}

export interface SeededDatabase {
  readonly url: string;
  /** Holds the master key of its installation. */
  readonly dataDir: string;
  /** How much is in, as a reader wants it told. */
  readonly loaded: string;
  stop(): Promise<void>;
}

/** One of our own; or one that was seeded before, whose address and data directory the environment names. Null where PostgreSQL is missing. */
export async function openSeeded(goal: SeedGoal): Promise<SeededDatabase | null> {
  const given = await givenDatabase();
  if (given === null) return null;
  try {
    if (given.isEmpty) await seedFor(given.url, given.dataDir, goal);
    return { ...given, loaded: await prepared(given.url) };
  } catch (error) {
    await given.stop();
    throw error;
  }
}

async function givenDatabase(): Promise<(Omit<SeededDatabase, 'loaded'> & { readonly isEmpty: boolean }) | null> {
  const { PROVE_LISTS_DATABASE: url, PROVE_LISTS_DATA_DIR: dataDir } = process.env;
  if (url !== undefined && dataDir !== undefined) return { url, dataDir, isEmpty: false, stop: async () => {} };
  const server = await startPostgres();
  return server === null ? null : { url: server.url, dataDir: temporaryDirectory(), isEmpty: true, stop: () => server.stop() };
}

/** Loads until all is in or the time is up. */
async function seedFor(url: string, dataDir: string, goal: SeedGoal): Promise<void> {
  const flags = (['organizations', 'keys', 'requests'] as const).flatMap((name) => [`--${name}`, String(goal[name])]);
  const env = { ...process.env, DATABASE_URL: url, HEADGATE_DATA_DIR: dataDir };
  const child = startChild([process.execPath, ...START, PROGRAM, 'seed', ...flags], { env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said = (said + chunk).slice(-2_000)));
  const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  const code = await Promise.race([ended, sleep(goal.seedSecondsMax * 1_000, 'late' as const, { ref: false })]);
  if (code === 0) return;
  if (code !== 'late' || !said.includes('requests:')) throw new Error(`seeding ended with ${code}:\n${said}`);
  child.kill('SIGKILL');
  await ended;
}

/** Once the planner knows of what is in and the lease of the seeder is over. */
async function prepared(url: string): Promise<string> {
  return withClient(url, async (client) => {
    await client.query('vacuum analyze');
    await client.query('delete from process_leases');
    const count = async (table: string) => Number((await client.query(`select count(*) as n from ${table}`)).rows[0]?.n);
    const [organizations, keys, requests] = [await count('organizations'), await count('keys'), await count('requests')];
    const text = (n: number) => n.toLocaleString('en-US');
    return `${text(organizations)} organizations, ${text(keys)} keys, ${text(requests)} request-log rows`;
  });
}

/** A connection of its own for some questions. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await openClient(url);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
