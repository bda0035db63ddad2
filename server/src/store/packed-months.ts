/**
 * Packs the indexes of months that are over. Rows of many keys come in turns, so the pages of an index are little more than half full
 * when a month ends. Nothing is inserted afterwards, so full pages cost nothing.
 */
import { sql } from 'drizzle-orm';
import type { Database } from './database.ts';
import { type Partition, partitionsOf } from './partitions.ts';

const PACKED_TABLES = ['request_records', 'ledger_records'] as const;
const DAY_MS = 86_400_000;
/** Rows of a month may still come during this time. */
const LATE_MS = 7 * DAY_MS;
/** An index of this size is rebuilt within the time that a statement of a job may take. */
const INDEX_BYTES_MAX = 16 * 2 ** 30;
const MARK = 'Headgate packed the indexes of this month.';

/** Returns the months that are over and not packed yet, oldest first. */
export async function monthsToPack(db: Database, nowMs: number): Promise<readonly Partition[]> {
  const over: Partition[] = [];
  for (const table of PACKED_TABLES)
    over.push(...(await partitionsOf(db, table)).filter(({ endMs }) => endMs + LATE_MS <= nowMs));
  const names = over.map(({ name }) => name);
  const { rows } = await db.execute<{ name: string }>(
    sql`select relname as name from pg_class where relname = any(${sql.param(names)}) and obj_description(oid, 'pg_class') = ${MARK}`,
  );
  const packed = new Set(rows.map(({ name }) => name));
  return over.filter(({ name }) => !packed.has(name));
}

/**
 * Rebuilds the indexes of a month while others read and write it. Returns the bytes before and after, and the indexes that are too
 * large for it. Calls `goOn` before each index; it may throw to stop. A run that was interrupted starts over.
 */
export async function packMonth(
  db: Database,
  { name }: Partition,
  goOn: () => void,
): Promise<{ readonly before: number; readonly after: number; readonly tooLarge: readonly string[] }> {
  const before = await indexesOf(db, name);
  const tooLarge: string[] = [];
  for (const index of before) {
    goOn();
    const quoted = sql.identifier(index.name);
    // An interrupted run leaves an unfinished copy.
    if (!index.isValid) await db.execute(sql`drop index concurrently if exists ${quoted}`);
    else if (index.bytes > INDEX_BYTES_MAX) tooLarge.push(index.name);
    else {
      await db.execute(sql`alter index ${quoted} set (fillfactor = 100)`);
      await db.execute(sql`reindex index concurrently ${quoted}`);
    }
  }
  await db.execute(sql`comment on table ${sql.identifier(name)} is ${sql.raw(`'${MARK}'`)}`);
  return { before: sumOf(before), after: sumOf(await indexesOf(db, name)), tooLarge };
}

interface Index extends Record<string, unknown> {
  readonly name: string;
  readonly bytes: number;
  readonly isValid: boolean;
}

async function indexesOf(db: Database, table: string): Promise<readonly Index[]> {
  const { rows } = await db.execute<Index>(sql`
    select c.relname as name, pg_relation_size(c.oid)::float8 as bytes, i.indisvalid as "isValid"
    from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = ${table}::regclass order by 1`);
  return rows;
}

const sumOf = (indexes: readonly Index[]) => indexes.reduce((sum, { bytes }) => sum + bytes, 0);
