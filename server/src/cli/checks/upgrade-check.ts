/** The command `headgate upgrade --check`: what a start of this version would do to the database. It changes nothing. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lockDirectory } from '../../lib/directory-lock.ts';
import { programVersion } from '../../lib/program-version.ts';
import { onceFree } from '../../lib/timing/once-free.ts';
import type { Config } from '../../settings/config.ts';
import { connectDatabase } from '../../store/connection.ts';
import type { OpenDatabase } from '../../store/database.ts';
import { openEmbedded } from '../../store/installation/embedded.ts';
import { missingLateIndexes } from '../../store/installation/late-indexes.ts';
import { appliedMigrations, migrationNames, migrationText } from '../../store/installation/migrate.ts';
import { costsOf, jobsAfter, type StatementCost, secondsOf, wayBackOf } from '../../store/installation/migration-costs.ts';
import type { Given } from '../command.ts';
import type { CommandIo } from '../command-io.ts';
import { asFailure, configOf } from '../operator.ts';
import { BadUsage, CommandFailed } from '../outcome.ts';
import { printResult } from './finding.ts';

/** A migration that would run. */
interface PlannedMigration {
  readonly name: string;
  /** Its work on tables that are there, with their rows now. */
  readonly work: readonly (StatementCost & { readonly rows: number; readonly seconds: number })[];
  /** The jobs that do the rest of its work. */
  readonly jobs: readonly string[];
  /** Null if the version before can start after it, otherwise why not. */
  readonly no_way_back: string | null;
}

interface UpgradePlan {
  readonly version: string;
  /** The newest migration in the database; null if it is empty. */
  readonly from: string | null;
  readonly migrations: readonly PlannedMigration[];
  /** A rough estimate. */
  readonly seconds: number;
  readonly jobs: readonly string[];
  readonly way_back: { readonly is_open: boolean; readonly why: string };
  /** The reason for which the start would fail; null if it would not. */
  readonly problem: string | null;
  /** Sessions whose transactions have been open for more than a second: a migration waits for those that use its tables. */
  readonly open_transactions: number;
}

/** Prints the plan. Throws CommandFailed if the start would fail. */
export async function upgradeCheck(given: Given, flags: readonly string[], io: CommandIo): Promise<void> {
  if (!given.has('check'))
    throw new BadUsage('An upgrade is a start of the new version. To see what that would do: headgate upgrade --check.');
  const config = configOf(io, flags);
  const taken = new AsyncDisposableStack();
  try {
    const database = await openAsIs(config, taken);
    const plan = await planOf(database);
    printResult(io, given.has('json'), plan, textOf(plan));
    if (plan.problem !== null) throw new CommandFailed(plan.problem);
  } catch (error) {
    throw asFailure(error);
  } finally {
    await taken.disposeAsync();
  }
}

/** Opens the database without a migration; null if there is none yet. */
async function openAsIs({ databaseUrl, dataDir }: Config, taken: AsyncDisposableStack): Promise<OpenDatabase | null> {
  if (databaseUrl === null && !existsSync(join(dataDir, 'database'))) return null;
  if (databaseUrl === null) {
    const lock = await onceFree(() => lockDirectory(dataDir, () => process.exit(1)));
    taken.defer(() => lock.release());
  }
  const database = databaseUrl === null ? await openEmbedded({ dataDir }) : await connectDatabase({ url: databaseUrl });
  taken.defer(() => database.close());
  return database;
}

async function planOf(database: OpenDatabase | null): Promise<UpgradePlan> {
  const known = await migrationNames();
  const applied =
    database !== null && (await hasMigrations(database)) ? await appliedMigrations(database.pool) : new Map<string, boolean>();
  const from = [...applied.keys()].at(-1) ?? null;
  const missing = known.filter((name) => !applied.has(name));
  const newer = [...applied].filter(([name]) => !known.includes(name));
  const migrations = from === null || database === null ? [] : await Promise.all(missing.map((name) => planned(database, name)));
  const final = newer.find(([, isOpen]) => !isOpen)?.[0];
  const late = database === null || from === null || missing.length > 0 ? [] : await missingLateIndexes(database.db);
  return {
    version: programVersion,
    from,
    migrations,
    seconds: migrations.flatMap(({ work }) => work).reduce((sum, { seconds }) => sum + seconds, 0),
    jobs: [
      ...new Set([
        ...migrations.flatMap((one) => one.jobs),
        ...(late.length > 0 || migrations.length > 0 ? ['late-indexes'] : []),
      ]),
    ],
    way_back: await wayBack(database, migrations),
    problem:
      final === undefined
        ? await rightsProblem(database, migrations)
        : `A newer version wrote this database, and its migration ${final} has no way back.`,
    open_transactions: database?.kind === 'postgresql' ? await openTransactions(database) : 0,
  };
}

async function planned(database: OpenDatabase, name: string): Promise<PlannedMigration> {
  const text = await migrationText(name);
  const work = await Promise.all(
    costsOf(text).map(async (cost) => {
      const rows = await rowsOf(database, cost.table);
      return { ...cost, rows, seconds: secondsOf(cost, rows) };
    }),
  );
  return { name, work, jobs: jobsAfter(name, text), no_way_back: wayBackOf(text) };
}

/** Returns about how many rows a table has; 0 if there is none. */
async function rowsOf({ pool }: OpenDatabase, table: string): Promise<number> {
  const { rows } = await pool.query<{ rows: number }>({
    text: `select coalesce(sum(case when reltuples < 0 then pg_relation_size(oid) / 200 else reltuples end), 0)::float8 as rows
      from pg_class where oid in (select relid from pg_partition_tree(to_regclass($1)) where isleaf)`,
    values: [table],
  });
  return Math.round(rows[0]?.rows ?? 0);
}

async function hasMigrations({ pool }: OpenDatabase): Promise<boolean> {
  const { rows } = await pool.query<{ has: boolean }>("select to_regclass('schema_migrations') is not null as has");
  return rows[0]?.has === true;
}

async function wayBack(database: OpenDatabase | null, migrations: readonly PlannedMigration[]): Promise<UpgradePlan['way_back']> {
  if (database === null || migrations.length === 0) return { is_open: true, why: 'Nothing would be changed.' };
  const closed = migrations.find(({ no_way_back }) => no_way_back !== null);
  if (closed !== undefined) return { is_open: false, why: `${closed.name}: ${closed.no_way_back} Make a backup first.` };
  const { rows } = await database.pool.query(
    "select 1 from pg_attribute where attrelid = 'schema_migrations'::regclass and attname = 'can_go_back'",
  );
  return rows.length > 0
    ? { is_open: true, why: 'The version that serves now can be started again afterwards.' }
    : { is_open: false, why: 'The version that serves now refuses every newer database. Make a backup first.' };
}

/** Returns why the role may not do what the migrations do; null if it may. */
async function rightsProblem(database: OpenDatabase | null, migrations: readonly PlannedMigration[]): Promise<string | null> {
  if (database === null || migrations.length === 0) return null;
  const tables = [...new Set(migrations.flatMap(({ work }) => work.map(({ table }) => table)))];
  const { rows } = await database.pool.query<{ may_create: boolean; foreign: readonly string[] }>({
    text: `select coalesce(has_schema_privilege(current_schema(), 'create'), false) as may_create,
      array(select tablename::text from pg_tables where schemaname = current_schema() and tablename = any($1::text[])
        and not pg_has_role(tableowner, 'usage') order by 1) as foreign`,
    values: [tables],
  });
  const { may_create = false, foreign = [] } = rows[0] ?? {};
  if (!may_create) return 'The role of DATABASE_URL may not create tables in its schema.';
  return foreign.length === 0
    ? null
    : `Another role owns ${foreign.join(', ')}, which a migration changes. Give them back first.`;
}

async function openTransactions({ pool }: OpenDatabase): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
      and xact_start < now() - interval '1 second'`,
  );
  return rows[0]?.count ?? 0;
}

function textOf(plan: UpgradePlan): string {
  const { from, migrations, seconds, jobs, way_back, open_transactions } = plan;
  if (from === null) return `The database is empty: the start of ${plan.version} makes its tables.\n`;
  const lines = migrations.flatMap(({ name, work }) => [
    `  ${name}`,
    ...work
      .filter((one) => one.work !== 'catalogue')
      .map(({ table, work, rows, seconds }) => `    ${work} of ${table}: ${rows} rows, about ${Math.ceil(seconds)} s`),
  ]);
  return [
    migrations.length === 0
      ? `The database is that of version ${plan.version}: no migration would run.`
      : `${migrations.length} migrations would run, in about ${Math.max(1, Math.ceil(seconds))} s:`,
    ...lines,
    `Jobs that follow while the gateway serves: ${jobs.join(', ') || 'none'}.`,
    `Going back: ${way_back.is_open ? 'possible' : 'not possible'}. ${way_back.why}`,
    ...(open_transactions === 0
      ? []
      : [
          `${open_transactions} sessions have a transaction open for more than a second. A migration waits for those that use its tables.`,
        ]),
    'Nothing was changed.',
    '',
  ].join('\n');
}
