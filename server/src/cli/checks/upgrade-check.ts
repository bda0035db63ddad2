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
import { appliedMigrations, compareMigrations, migrationNames, migrationText } from '../../store/installation/migrate.ts';
import { costsOf, jobsAfter, type StatementCost, secondsOf, wayBackOf } from '../../store/installation/migration-costs.ts';
import {
  hasMigrations,
  openTransactions,
  rowsAbout,
  schemaRights,
  storesWayBack,
} from '../../store/installation/surroundings.ts';
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
    database !== null && (await hasMigrations(database.pool))
      ? await appliedMigrations(database.pool)
      : new Map<string, boolean>();
  const from = [...applied.keys()].at(-1) ?? null;
  const { missing, final } = compareMigrations(applied, known);
  const migrations = from === null || database === null ? [] : await Promise.all(missing.map((name) => planned(database, name)));
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
      final === null
        ? await rightsProblem(database, migrations)
        : `A newer version wrote this database, and its migration ${final} has no way back.`,
    open_transactions: database?.kind === 'postgresql' ? await openTransactions(database.pool) : 0,
  };
}

async function planned(database: OpenDatabase, name: string): Promise<PlannedMigration> {
  const text = await migrationText(name);
  const work = await Promise.all(
    costsOf(text).map(async (cost) => {
      const rows = await rowsAbout(database.pool, cost.table);
      return { ...cost, rows, seconds: secondsOf(cost, rows) };
    }),
  );
  return { name, work, jobs: jobsAfter(name, text), no_way_back: wayBackOf(text) };
}

async function wayBack(database: OpenDatabase | null, migrations: readonly PlannedMigration[]): Promise<UpgradePlan['way_back']> {
  if (database === null || migrations.length === 0) return { is_open: true, why: 'Nothing would be changed.' };
  const closed = migrations.find(({ no_way_back }) => no_way_back !== null);
  if (closed !== undefined) return { is_open: false, why: `${closed.name}: ${closed.no_way_back} Make a backup first.` };
  return (await storesWayBack(database.pool))
    ? { is_open: true, why: 'The version that serves now can be started again afterwards.' }
    : { is_open: false, why: 'The version that serves now refuses every newer database. Make a backup first.' };
}

/** Returns why the role may not do what the migrations do; null if it may. */
async function rightsProblem(database: OpenDatabase | null, migrations: readonly PlannedMigration[]): Promise<string | null> {
  if (database === null || migrations.length === 0) return null;
  const tables = [...new Set(migrations.flatMap(({ work }) => work.map(({ table }) => table)))];
  const { mayCreate, notOurs } = await schemaRights(database.pool, tables);
  if (!mayCreate) return 'The role of DATABASE_URL may not create tables in its schema.';
  return notOurs.length === 0
    ? null
    : `Another role owns ${notOurs.join(', ')}, which a migration changes. Give them back first.`;
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
