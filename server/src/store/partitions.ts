/**
 * Monthly partitions (UTC) of the tables that keep one row per request. The database refuses a row whose month has no partition.
 */
import { sql } from 'drizzle-orm';
import type { Database, DatabaseKind } from './database.ts';
import { PARTITIONED_TABLES } from './schema.ts';

/** Creates partitions, and remembers the months that exist, so that a check before every batch is cheap. */
export interface Partitions {
  /**
   * Creates missing months for these instants (milliseconds since the epoch). Throws RangeError outside the years 2000 to 2199.
   */
  ensure(instantsMs: Iterable<number>): Promise<void>;
  /** Clears the remembered months, because the database may have lost some. */
  forget(): void;
}

/**
 * Makes the partitions of a process. Call `ensure` at start with now and a month ahead, and before writing rows with their times.
 */
export function newPartitions(db: Database, kind: DatabaseKind): Partitions {
  const known = new Set<string>();
  return {
    async ensure(instantsMs) {
      const missing = monthsOf(instantsMs).filter((month) => !known.has(month));
      if (missing.length === 0) return;
      await makeMonths(db, kind, missing);
      for (const month of missing) known.add(month);
    },
    forget: () => known.clear(),
  };
}

/** Returns the distinct months of instants, as `2025-11`. */
function monthsOf(instantsMs: Iterable<number>): string[] {
  const months = new Set<string>();
  for (const atMs of instantsMs) {
    if (!(atMs >= MIN_MS && atMs < MAX_MS)) throw new RangeError(`there is no partition for the time ${atMs}`);
    months.add(new Date(atMs).toISOString().slice(0, 7));
  }
  return [...months];
}

const MIN_MS = Date.UTC(2000, 0);
const MAX_MS = Date.UTC(2200, 0);
/** The advisory lock for creating partitions, any fixed number. Replicas that create the same month wait for each other. */
const PARTITION_LOCK = '8097873633911041390';

async function makeMonths(db: Database, kind: DatabaseKind, months: readonly string[]): Promise<void> {
  const names = months.flatMap((month) => PARTITIONED_TABLES.map((table) => nameOf(table, month)));
  if ((await existing(db, names)).size === names.length) return;
  await db.transaction(async (tx) => {
    if (kind === 'postgresql') await tx.execute(sql`select pg_advisory_xact_lock(${PARTITION_LOCK})`);
    const made = await existing(tx, names);
    for (const month of months) {
      for (const table of PARTITIONED_TABLES) {
        if (!made.has(nameOf(table, month))) await makePartition(tx, table, month);
      }
    }
  });
}

async function existing(db: Database, names: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.execute<{ name: string }>(
    sql`select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where c.relname = any(${sql.param(names)})`,
  );
  return new Set(rows.map((row) => row.name));
}

/** The partition of one table for one month. */
export interface Partition {
  readonly name: string;
  /** The first instant of the month. `endMs` is the first instant of the next. */
  readonly startMs: number;
  readonly endMs: number;
}

/** Returns the partitions of a table, oldest first. */
export async function partitionsOf(db: Database, table: (typeof PARTITIONED_TABLES)[number]): Promise<readonly Partition[]> {
  const { rows } = await db.execute<{ name: string }>(sql`select c.relname as name from pg_inherits i
    join pg_class c on c.oid = i.inhrelid where i.inhparent = ${table}::regclass order by 1`);
  return rows.flatMap(({ name }) => {
    const [year, month] = name
      .slice(table.length + 1)
      .split('_')
      .map(Number) as [number, number];
    const [startMs, endMs] = [Date.UTC(year, month - 1), Date.UTC(year, month)];
    return Number.isNaN(startMs) ? [] : [{ name, startMs, endMs }];
  });
}

/**
 * Drops a month with its rows. Throws if it cannot lock the table within 2 s; writers of other months wait no longer than that.
 */
export async function dropPartition(db: Database, { name }: Partition): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`set local lock_timeout = '2s'`);
    await tx.execute(sql`drop table ${sql.identifier(name)}`);
  });
}

/** Creates the table first and then attaches it, which does not block readers and writers of other months. */
async function makePartition(tx: Database, table: string, month: string): Promise<void> {
  const name = sql.identifier(nameOf(table, month));
  const parent = sql.identifier(table);
  await tx.execute(sql`create table ${name} (like ${parent} including all)`);
  await tx.execute(
    sql`alter table ${parent} attach partition ${name} for values from (${sql.raw(startOf(month))}) to (${sql.raw(startOf(monthAfter(month)))})`,
  );
}

function nameOf(table: string, month: string): string {
  return `${table}_${month.replace('-', '_')}`;
}

/** Returns the bound as SQL text, because partition bounds take no parameters. The text holds only digits that monthsOf made. */
function startOf(month: string): string {
  return `'${month}-01 00:00:00+00'`;
}

function monthAfter(month: string): string {
  const [year, ordinal] = month.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, ordinal)).toISOString().slice(0, 7);
}
