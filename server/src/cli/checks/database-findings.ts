/** The checks of the database: version, rights, clock, connections, schema and the right master key. */
import { existsSync } from 'node:fs';
import type { Config } from '../../settings/config.ts';
import { connectionsNeeded } from '../../settings/connection-budget.ts';
import { masterKeyFile } from '../../settings/data-directory.ts';
import { nameOfMasterKey, readMasterKey } from '../../settings/master-key.ts';
import { connectDatabase, connectionRoom, isEncrypted, probeWay, UnusableServer } from '../../store/connection.ts';
import type { OpenDatabase } from '../../store/database.ts';
import { refuseWrongMasterKey } from '../../store/installation/installation.ts';
import { appliedMigrations, compareMigrations, migrationNames } from '../../store/installation/migrate.ts';
import { hasMigrations, type ServerFacts, serverFacts } from '../../store/installation/surroundings.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const VERSION_MIN = 150_000;
const CLOCK_WARN_MS = 1_000;
const CLOCK_FAIL_MS = 30_000;
const ABOUT = 'PostgreSQL';

export async function databaseFindings(config: Config): Promise<readonly Finding[]> {
  const { databaseUrl } = config;
  if (databaseUrl === null)
    return [ok(ABOUT, `The embedded database in ${config.dataDir} is used. It is looked at when the gateway starts.`)];
  let database: OpenDatabase;
  try {
    database = await connectDatabase({ url: databaseUrl, connectionsMax: 2 });
  } catch (error) {
    if (error instanceof UnusableServer) return [fail(ABOUT, error.message, 'Run this again when that is corrected.')];
    throw error;
  }
  try {
    const facts = await serverFacts(database);
    return [
      ...serverFindings(facts, await wayTo(database, facts)),
      clockFinding('clock', facts.offsetMs, 'PostgreSQL'),
      await connectionFinding(database, config),
      ...(await directFindings(config, database.isPooled)),
      await schemaFinding(database),
      await masterKeyFinding(database, config),
    ];
  } finally {
    await database.close();
  }
}

/** Returns a part of a sentence about the connection. Behind a pooler PostgreSQL itself knows only the one from there. */
async function wayTo(database: OpenDatabase, { tls }: ServerFacts): Promise<string> {
  const said = (isThere: boolean) => `${isThere ? 'with' : 'without'} TLS`;
  if (!database.isPooled) return said(tls === true);
  const toPooler = said(await isEncrypted(database));
  return `through a pooler in transaction mode: ${toPooler} to the pooler, ${said(tls === true)} from there to PostgreSQL`;
}

function serverFindings(facts: ServerFacts, way: string): readonly Finding[] {
  const found: (Finding | null)[] = [
    facts.version < VERSION_MIN
      ? fail(ABOUT, `PostgreSQL ${facts.name} is too old.`, 'Use PostgreSQL 15 or later.')
      : ok(ABOUT, `PostgreSQL ${facts.name}, ${way}.`),
    facts.standby ? fail(ABOUT, 'This server is a standby, and takes no writes.', 'Name the primary in DATABASE_URL.') : null,
    facts.encoding === 'UTF8'
      ? null
      : fail(ABOUT, `The database has the encoding ${facts.encoding}.`, 'Make one with the encoding UTF8.'),
    facts.fsync === 'on' ? null : fail(ABOUT, 'fsync is off: a crash of the server can destroy the database.', 'Set fsync = on.'),
    facts.commit !== 'off'
      ? null
      : warn(ABOUT, 'synchronous_commit is off: a crash of the server loses the last requests.', 'Set synchronous_commit = on.'),
    facts.autovacuum === 'on' ? null : warn(ABOUT, 'autovacuum is off: tables grow and become slow.', 'Set autovacuum = on.'),
    facts.trigrams
      ? null
      : warn(ABOUT, 'pg_trgm is not installed: the search does not find parts of words quickly.', 'Install postgresql-contrib.'),
    rightsFinding(facts),
  ];
  return found.filter((one) => one !== null);
}

function rightsFinding({ mayCreate, mayQueue, notOurs }: ServerFacts): Finding {
  const about = 'rights';
  if (!mayCreate)
    return fail(about, 'The role may not create tables in its schema.', 'grant create on schema public to the role.');
  if (!mayQueue)
    return fail(
      about,
      'The role may not create the schema of the jobs’ queue.',
      'grant create on database … to the role, for the first start.',
    );
  return notOurs.length === 0
    ? ok(about, 'The role may create and change tables.')
    : fail(
        about,
        `Another role owns ${notOurs.join(', ')}: an upgrade could not change them.`,
        'Give the tables to the role of DATABASE_URL.',
      );
}

/** Returns a finding about the difference between this machine's clock and a server's. */
export function clockFinding(about: string, offsetMs: number, server: string): Finding {
  const found = `The clock of ${server} is ${Math.abs(offsetMs / 1_000).toFixed(1)} s ${offsetMs < 0 ? 'behind' : 'ahead of'} this machine’s.`;
  const todo = 'Synchronize both clocks (NTP): limits, sessions and reports use them.';
  if (Math.abs(offsetMs) >= CLOCK_FAIL_MS) return fail(about, found, todo);
  return Math.abs(offsetMs) >= CLOCK_WARN_MS ? warn(about, found, todo) : ok(about, found);
}

async function connectionFinding(database: OpenDatabase, config: Config): Promise<Finding> {
  const about = 'connections';
  const needed = connectionsNeeded(config);
  if (database.isPooled) return ok(about, `This host may use ${needed} connections of the pooler.`);
  const { max, used } = await connectionRoom(database);
  const found = `PostgreSQL gives ${max} connections, ${used} are in use; the processes of this host may use ${needed}.`;
  if (needed > max) return fail(about, found, 'Raise max_connections, lower HEADGATE_DATABASE_CONNECTIONS, or use a pooler.');
  return needed > max - used
    ? warn(about, found, 'Unless the gateway runs already: raise max_connections, or use a pooler.')
    : ok(about, found);
}

async function directFindings({ databaseDirectUrl }: Config, isPooled: boolean): Promise<readonly Finding[]> {
  const about = 'notices';
  if (databaseDirectUrl === null)
    return isPooled
      ? [
          warn(
            about,
            'Behind a pooler replicas hear of changes within 2 s.',
            'Set DATABASE_DIRECT_URL to hear of them at once, and for backups.',
          ),
        ]
      : [];
  try {
    const { isPooled: isStill } = await probeWay(databaseDirectUrl, 'DATABASE_DIRECT_URL');
    return isStill
      ? [fail(about, 'DATABASE_DIRECT_URL leads to a pooler, which passes on no notices.', 'Name PostgreSQL itself.')]
      : [ok(about, 'Replicas hear of changes over DATABASE_DIRECT_URL.')];
  } catch (error) {
    return [fail(about, (error as Error).message, 'Run this again when that is corrected.')];
  }
}

async function schemaFinding({ pool }: OpenDatabase): Promise<Finding> {
  const about = 'schema';
  if (!(await hasMigrations(pool))) return ok(about, 'The database is empty: the first start makes its tables.');
  const { missing, newer, final } = compareMigrations(await appliedMigrations(pool), await migrationNames());
  if (final !== null)
    return fail(
      about,
      `A newer version wrote the database, and its migration ${final} has no way back.`,
      'Start the newer version.',
    );
  if (newer.length > 0)
    return warn(about, 'A newer version migrated the database. This version can serve it.', 'Upgrade when you can.');
  return missing.length === 0
    ? ok(about, 'The database has the tables of this version.')
    : warn(about, `${missing.length} migrations are missing; the next start applies them.`, 'See headgate upgrade --check.');
}

async function masterKeyFinding({ db }: OpenDatabase, { masterKey, dataDir }: Config): Promise<Finding> {
  const about = 'master key';
  // Reading it would make one.
  if (masterKey.from === 'data directory' && !existsSync(masterKeyFile(dataDir)))
    return ok(about, 'None is set: the first start makes one in the data directory.');
  try {
    const isStored = await refuseWrongMasterKey(db, await readMasterKey(masterKey, dataDir), nameOfMasterKey(masterKey));
    return ok(about, isStored ? 'It opens this database.' : 'It can be read. Nothing is stored yet that it could open.');
  } catch (error) {
    return fail(about, (error as Error).message, 'Set the key with which the installation was made.');
  }
}
