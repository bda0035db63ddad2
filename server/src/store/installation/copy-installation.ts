/**
 * Copies a whole installation from one database into an empty one of the same schema, and verifies the copy. It all happens in
 * one transaction, which commits only if every table has the same rows on both sides.
 */
import { sql } from 'drizzle-orm';
import { followAuditChain } from '../audit/audit-proof.ts';
import type { Database, OpenDatabase } from '../database.ts';
import { newPartitions } from '../partitions.ts';
import { PARTITIONED_TABLES } from '../schema.ts';

export interface CopiedTable {
  readonly name: string;
  readonly rows: number;
}

export interface Copied {
  readonly tables: readonly CopiedTable[];
  /** The sum of the ledger in nano-dollars, the same on both sides. `ledgerRows` counts its rows. */
  readonly spentNanoUsd: bigint;
  readonly ledgerRows: number;
  /** The number of audit chains that were verified in the copy, from the first event to the head. */
  readonly auditChains: number;
}

/** The copy failed and was rolled back. The message is for the operator. */
class NotCopied extends Error {}

const ROWS_AT_ONCE = 2_000;
/** Tables about processes and about the schema, which are not part of the installation. */
const NOT_COPIED: ReadonlySet<string> = new Set(['process_leases', 'schema_migrations']);
/** The statement timeout for large tables. Those of the pools are for requests. */
const STATEMENT_MS_MAX = 3_600_000;

/** Copies everything. Both databases must have the same schema and no other writers. Throws NotCopied. */
export async function copyInstallation(
  from: OpenDatabase,
  to: OpenDatabase,
  onTable: (table: CopiedTable) => void = () => {},
): Promise<Copied> {
  await newPartitions(to.db, to.kind).ensure(await monthsIn(from.db));
  return from.db.transaction((source) =>
    to.db.transaction(async (target) => {
      for (const tx of [source, target]) await settleSession(tx);
      const tables = await tablesOf(source);
      await mustBeEmpty(target);
      for (const { name } of tables) await emptied(target, name);
      const copied: CopiedTable[] = [];
      for (const table of tables) {
        const rows = await copyTable(source, target, table);
        copied.push({ name: table.name, rows });
        onTable({ name: table.name, rows });
      }
      for (const { name } of tables) await mustBeSame(source, target, name);
      const auditChains = await followChains(target);
      const { spent, rows } = await ledgerOf(target);
      return { tables: copied, spentNanoUsd: BigInt(spent), ledgerRows: Number(rows), auditChains };
    }),
  );
}

/** Sets the session's formats, so that a row has the same text on both sides, and its timeouts. */
async function settleSession(tx: Database): Promise<void> {
  for (const setting of [
    `statement_timeout = ${STATEMENT_MS_MAX}`,
    `idle_in_transaction_session_timeout = 0`,
    `timezone = 'UTC'`,
    `datestyle = 'ISO, YMD'`,
    `bytea_output = 'hex'`,
    `extra_float_digits = 1`,
  ]) {
    await tx.execute(sql.raw(`set local ${setting}`));
  }
}

interface Table {
  readonly name: string;
  /** The columns without generated ones. */
  readonly columns: readonly string[];
}

/** Returns every table of the installation. A table comes after those that it references. */
async function tablesOf(db: Database): Promise<readonly Table[]> {
  const { rows } = await db.execute<{ name: string; columns: string[]; refers_to: string[] }>(sql`
    select c.relname as name,
      array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        and a.attgenerated = '' order by a.attnum) as columns,
      array(select distinct f.confrelid::regclass::text from pg_constraint f where f.conrelid = c.oid and f.contype = 'f') as refers_to
    from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    order by c.relname`);
  const left = new Map(rows.filter(({ name }) => !NOT_COPIED.has(name)).map((row) => [row.name, row]));
  const inOrder: Table[] = [];
  while (left.size > 0) {
    const next = [...left.values()].find((table) => !table.refers_to.some((name) => left.has(name)));
    if (next === undefined) throw new Error(`these tables reference each other in a cycle: ${[...left.keys()].join(', ')}`);
    left.delete(next.name);
    inOrder.push(next);
  }
  return inOrder;
}

async function mustBeEmpty(target: Database): Promise<void> {
  const { rows } = await target.execute<{ is_taken: boolean }>(
    sql`select exists (select from installation) or exists (select from organizations) as is_taken`,
  );
  if (rows[0]?.is_taken !== false) {
    throw new NotCopied(
      'The target database already has an installation. Nothing was changed. Set DATABASE_URL to an empty database.',
    );
  }
}

/** Deletes the rows that migrations inserted and disables the triggers, because the copy brings the rows of both. */
async function emptied(target: Database, name: string): Promise<void> {
  await target.execute(sql`alter table ${sql.identifier(name)} disable trigger user`);
  await target.execute(sql`truncate ${sql.identifier(name)} cascade`);
}

/** Copies rows as the text of the whole row, which both sides write and read in the same way. Returns the number of rows. */
async function copyTable(source: Database, target: Database, { name, columns }: Table): Promise<number> {
  const table = sql.identifier(name);
  const list = sql.join(
    columns.map((column) => sql.identifier(column)),
    sql`, `,
  );
  await source.execute(sql`declare moved no scroll cursor for select one::text as line from ${table} one`);
  let count = 0;
  for (;;) {
    const { rows } = await source.execute<{ line: string }>(sql.raw(`fetch ${ROWS_AT_ONCE} from moved`));
    if (rows.length === 0) break;
    const lines = rows.map(({ line }) => line);
    await target.execute(sql`insert into ${table} (${list}) select ${list} from unnest(${sql.param(lines)}::${table}[])`);
    count += rows.length;
  }
  await source.execute(sql`close moved`);
  await target.execute(sql`alter table ${table} enable trigger user`);
  return count;
}

async function mustBeSame(source: Database, target: Database, name: string): Promise<void> {
  const [here, there] = [await contentOf(source, name), await contentOf(target, name)];
  if (here.rows !== there.rows || here.sum !== there.sum) {
    throw new NotCopied(
      `The table ${name} differs in the copy (${here.rows} rows here, ${there.rows} rows there). Nothing was changed. Run the move again.`,
    );
  }
}

/** Returns the number of rows, and a sum of the hashes of all rows, which does not depend on their order. */
async function contentOf(db: Database, name: string): Promise<{ readonly rows: string; readonly sum: string }> {
  const { rows } = await db.execute<{ rows: string; sum: string }>(sql`
    select count(*)::text as rows, coalesce(sum(('x' || substr(md5(one::text), 1, 15))::bit(60)::bigint), 0)::text as sum
    from ${sql.identifier(name)} one`);
  return rows[0] as { rows: string; sum: string };
}

async function followChains(target: Database): Promise<number> {
  const { rows } = await target.execute<{ chain: string }>(sql`select chain from audit_heads order by chain`);
  for (const { chain } of rows) {
    const verdict = await followAuditChain(target, chain);
    if (verdict.is === 'broken')
      throw new NotCopied(
        `The audit chain ${chain} was already broken at event ${verdict.seq} before the move. Nothing was changed. See headgate audit verify.`,
      );
  }
  return rows.length;
}

async function ledgerOf(db: Database): Promise<{ readonly spent: string; readonly rows: string }> {
  const { rows } = await db.execute<{ spent: string; rows: string }>(
    sql`select coalesce(sum(nano_usd), 0)::text as spent, count(*)::text as rows from ledger_entries`,
  );
  return rows[0] as { spent: string; rows: string };
}

/** Returns the start of each month that has rows, in milliseconds. */
async function monthsIn(db: Database): Promise<readonly number[]> {
  const months: number[] = [];
  for (const name of PARTITIONED_TABLES) {
    const { rows } = await db.execute<{ at_ms: string }>(sql`
      select distinct (extract(epoch from date_trunc('month', admitted_at at time zone 'UTC') at time zone 'UTC') * 1000)::bigint::text as at_ms
      from ${sql.identifier(name)}`);
    months.push(...rows.map((row) => Number(row.at_ms)));
  }
  return months;
}
