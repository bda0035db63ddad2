/**
 * Loads an archive into a table of its own in the schema `headgate_archive`, for questions in SQL. The gateway does not read these
 * tables and never drops them. The archive stays as it is.
 */
import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { BadArchive, faultOf, rowsOfArchive } from './archive-files.ts';
import { ARCHIVE_COLUMN_NAMES, type Manifest } from './archive-format.ts';
import type { CsvCell } from './csv-rows.ts';
import { namedCells } from './find-in-archive.ts';

const SCHEMA = 'headgate_archive';
const ROWS_AT_ONCE = 2_000;

/** Returns the name of the table for an archive, as SQL writes it. */
export function restoredTable({ name }: Pick<Manifest, 'name'>): string {
  return `${SCHEMA}.${tableOf(name)}`;
}

/**
 * Checks an archive, and loads it. Returns the number of rows. Throws BadArchive if it is damaged, or if its table is there already.
 * After an interruption nothing has the table's name, and the next call starts over.
 */
export async function restoreArchive(db: Database, folder: string, manifest: Manifest): Promise<number> {
  const fault = await faultOf(folder, manifest);
  if (fault !== null) throw new BadArchive(`${manifest.name} is damaged: ${fault}.`);
  const table = restoredTable(manifest);
  if (await exists(db, table)) throw new BadArchive(`${table} is there already. Drop it first with --drop.`);
  const draft = `${table}_loading`;
  const columns = ARCHIVE_COLUMN_NAMES.map((name) => (name === 'byok' ? 'null::boolean as byok' : name)).join(', ');
  await db.execute(sql.raw(`create schema if not exists ${SCHEMA}`));
  await db.execute(sql.raw(`drop table if exists ${draft}`));
  await db.execute(sql.raw(`create table ${draft} as select ${columns} from requests with no data`));
  let count = 0;
  for await (const rows of rowsOfArchive(folder, manifest)) {
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
      count += await load(db, draft, manifest, rows.slice(from, from + ROWS_AT_ONCE));
    }
  }
  await db.execute(sql.raw(`create index on ${draft} (request_id)`));
  await db.execute(sql.raw(`create index on ${draft} (organization_id, admitted_at)`));
  await db.execute(sql.raw(`alter table ${draft} rename to ${tableOf(manifest.name)}`));
  return count;
}

/** Drops the table of a restored archive. Returns false if there is none. */
export async function dropRestored(db: Database, manifest: Pick<Manifest, 'name'>): Promise<boolean> {
  const isThere = await exists(db, restoredTable(manifest));
  await db.execute(sql.raw(`drop table if exists ${restoredTable(manifest)}`));
  return isThere;
}

async function load(db: Database, table: string, manifest: Manifest, rows: readonly (readonly CsvCell[])[]): Promise<number> {
  const json = JSON.stringify(rows.map((row) => namedCells(manifest, row)));
  const { rowCount } = await db.execute(
    sql`insert into ${sql.raw(table)} select * from json_populate_recordset(null::${sql.raw(table)}, ${json}::json)`,
  );
  return rowCount ?? 0;
}

async function exists(db: Database, table: string): Promise<boolean> {
  const { rows } = await db.execute<{ is_there: boolean }>(sql`select to_regclass(${table}) is not null as is_there`);
  return rows[0]?.is_there === true;
}

/** An archive's name has letters, digits, hyphens, underscores and full stops alone. */
function tableOf(name: string): string {
  return name.replaceAll(/[^a-z0-9_]/g, '_');
}
