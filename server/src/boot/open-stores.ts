import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { eachSettledUse, type SettledUse } from '../domain/usage/settled-uses.ts';
import type { Journal, JournalEvent } from '../ledger/journal.ts';
import { createLedgerWriter, type LedgerEvent, type LedgerWriter } from '../ledger/ledger-writer.ts';
import { RefusalAggregator } from '../ledger/refusals.ts';
import { lockDirectory } from '../lib/directory-lock.ts';
import { type Logger, tellDefect } from '../lib/log.ts';
import { masterKeyName } from '../lib/secrets.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import { nowAndThen } from '../lib/timing/now-and-then.ts';
import { onceFree, type Wait } from '../lib/timing/once-free.ts';
import type { Config } from '../settings/config.ts';
import { connectionsNeeded } from '../settings/connection-budget.ts';
import { prepareDataDirectory } from '../settings/data-directory.ts';
import { nameOfMasterKey, readMasterKey } from '../settings/master-key.ts';
import type { AuditTrail } from '../store/audit/audit.ts';
import { AUDIT_HEADS_FILE, openAuditHeads } from '../store/audit/audit-heads.ts';
import { connectDatabase, connectionRoom } from '../store/connection.ts';
import { type OpenDatabase, pingSoon } from '../store/database.ts';
import { DatabaseStanding } from '../store/database-standing.ts';
import { openEmbedded } from '../store/installation/embedded.ts';
import { createHistory, type History } from '../store/installation/history.ts';
import { type Installation, openInstallation, refuseWrongMasterKey } from '../store/installation/installation.ts';
import { ALONE, acquireLease, refuseOtherCounting, replicaLease } from '../store/installation/lease.ts';
import { migrate, newestMigration } from '../store/installation/migrate.ts';
import { newPartitions } from '../store/partitions.ts';
import { type CaFiles, watchCaFiles } from './ca-files.ts';
import { openJournal } from './open-journal.ts';
import { type Volume, watchVolume } from './volume.ts';

/** Everything that persists beyond a request. */
export interface Stores {
  readonly database: OpenDatabase;
  readonly masterKey: Buffer;
  readonly installation: Installation;
  /** The key and the heads for chains of audit events. */
  readonly audit: AuditTrail;
  readonly journal: Journal;
  /** The disk of the data directory. */
  readonly volume: Volume;
  readonly caFiles: CaFiles;
  readonly refusals: RefusalAggregator;
  readonly writer: LedgerWriter;
  readonly standing: DatabaseStanding;
  /** Returns `away` if the database stores no rows or does not answer. */
  readonly databaseStatus: () => 'ok' | 'away';
  /** Identifies this run of the process among all that serve the database: eight characters. */
  readonly owner: string;
  /** Sets the function to call for every row that this process has stored in the ledger or will store. */
  readonly onStored: (listener: (use: SettledUse) => void) => void;
  /** Stores pending rows and closes everything in the reverse order of opening. */
  close(): Promise<void>;
}

const MONTH_AHEAD_MS = 31 * 86_400_000;
const FLUSH_MS_MAX = 15_000;

/**
 * Opens directory, database, keys and journal, each only after it owns the one before. If it fails it releases everything, so
 * that the next start, perhaps in another container, waits for no lock or lease. Most errors are one line for an operator.
 */
export async function openStores(config: Config, log: Logger): Promise<Stores> {
  prepareDataDirectory(config.dataDir);
  const taken = new AsyncDisposableStack();
  try {
    return await openAll(config, log, taken);
  } catch (error) {
    await taken.disposeAsync().catch(() => {}); // The operator needs the first error.
    throw error;
  }
}

/** Opens everything and adds to `taken` how to close it, in the reverse order. */
async function openAll(config: Config, log: Logger, taken: AsyncDisposableStack): Promise<Stores> {
  const onWait = (wait: Wait) => tellWait(wait, log);
  const onLost = (error: Error) => stopServing(log, error);
  const directoryLock = await onceFree(() => lockDirectory(config.dataDir, onLost), onWait);
  taken.defer(() => directoryLock.release());
  const masterKey = await readMasterKey(config.masterKey, config.dataDir);
  const database = await open(config, log);
  taken.defer(() => database.close());
  await refuseWrongMasterKey(database.db, masterKey, nameOfMasterKey(config.masterKey));
  const { newer } = await migrate(database, {
    onBlocked: (blockers) => log.warn({ blockers }, 'migration: another session keeps a table locked; it is tried again'),
  });
  if (newer.length > 0)
    log.info({ migrations: newer }, 'migration: a newer version has migrated this database; this version can serve it');
  const owner = randomBytes(6).toString('base64url');
  const isAlone = config.redisUrl === null;
  await onceFree(() => refuseOtherCounting(database.db, isAlone ? 'alone' : 'together'), onWait);
  const name = isAlone ? ALONE : replicaLease(owner);
  const knows = await newestMigration();
  const lease = await onceFree(
    () => acquireLease(database.db, { name, onLost, knows, masterKey: masterKeyName(masterKey) }),
    onWait,
  );
  taken.defer(() => lease.release().catch(() => {})); // If the database is down, the lease expires.
  const installation = await openInstallation(database.db, masterKey);
  tellRotation(installation, log);
  const audit = auditTrailOf(config, installation, log);
  const partitions = newPartitions(database.db, database.kind);
  await partitions.ensure([clock.nowMs(), clock.nowMs() + MONTH_AHEAD_MS]);
  const journal = await openJournal({
    directory: join(config.dataDir, 'journal'),
    installationId: installation.id,
    bytesMax: config.journalBytesMax,
    // The embedded database has no replica that could take over.
    keepBytesMax: config.databaseUrl === null ? 0 : config.journalKeepBytesMax,
    onEvent: ({ is, ...facts }) => log.warn(facts, JOURNAL_EVENTS[is]),
    onDefect: (error, requestId) => tellDefect(error, requestId, log),
  });
  taken.defer(() => journal.close());
  const { rows, estimated } = journal.replayed;
  if (rows + estimated > 0)
    log.info({ rows, estimated }, 'journal: rows of an earlier run are not in the database yet; they are stored now');
  // Rows of an earlier run are stored at once; a listener that is set later still gets them.
  const early: SettledUse[] = [];
  let heard: (use: SettledUse) => void = (use) => early.push(use);
  const writer = createLedgerWriter({
    database,
    partitions,
    source: journal,
    clock,
    rejectsPath: join(config.dataDir, 'rejected-rows.txt'),
    ...(config.databaseUrl === null ? {} : { history: historyIn(config.dataDir, log) }),
    ...(isAlone ? {} : { onStored: (batch) => eachSettledUse(batch, (use) => heard(use)) }),
    onEvent: (event) => tellLedger(event, log),
  });
  taken.defer(async () => void (await writer.stop(FLUSH_MS_MAX)));
  const watched = watch(config, database, taken);
  const databaseStatus = () => (watched.standing.awaySinceMs() === null ? writer.lag().database : 'away');
  const refusals = new RefusalAggregator({ journal, clock });
  taken.defer(() => refusals.flush());
  const onStored = (listener: typeof heard) => {
    heard = listener;
    for (const use of early.splice(0)) listener(use);
  };
  const opened = { database, masterKey, installation, audit, journal, refusals, writer, databaseStatus };
  return { ...opened, ...watched, owner, onStored, close: () => taken.disposeAsync() };
}

/** Says that a start waits for another process, how long, and how long that one's lease still counts. */
export function tellWait(wait: Wait, log: Logger): void {
  log.info(wait, 'waiting up to `up_to_s` until another process releases the data directory or the database');
}

/** Begins to watch what a process needs of its surroundings: the database, the disk and the CA files. */
function watch(config: Config, database: OpenDatabase, taken: AsyncDisposableStack) {
  const standing = new DatabaseStanding({ ping: () => pingSoon(database), clock });
  const volume = watchVolume(config.dataDir);
  const caFiles = watchCaFiles(config, () => clock.nowMs());
  taken.defer(() => {
    for (const watching of [standing, volume, caFiles]) watching.stop();
  });
  return { standing, volume, caFiles };
}

/** Warns if a rotation of the master key is unfinished: until it ends both keys open the installation. */
function tellRotation({ rotation }: Installation, log: Logger): void {
  if (rotation === 'none') return;
  log.warn(
    { this_process: rotation },
    'master key: a rotation is not finished, so the old and the new key both open this installation; see headgate rotate-master-key',
  );
}

function auditTrailOf({ dataDir }: Config, { audit, isAuditKeyNew }: Installation, log: Logger): AuditTrail {
  if (isAuditKeyNew) {
    const accepted_until = new Date(audit.unkeyedUntilMs).toISOString();
    log.warn(
      { accepted_until },
      'audit: this installation now has an audit key; events without it are accepted until `accepted_until`',
    );
  }
  const isDue = nowAndThen(AUDIT_TROUBLE_EVERY_MS, clock);
  return {
    key: audit,
    heads: openAuditHeads({
      path: join(dataDir, AUDIT_HEADS_FILE),
      onFailure: ({ message }) => {
        if (isDue('') !== null)
          log.error({ reason: message }, 'audit: the newest hashes of the chains cannot be written to the data directory');
      },
    }),
    onContradiction: (chain) => {
      if (isDue(chain) !== null)
        log.error({ chain }, 'audit: events that this process wrote to this chain are missing or changed in the database');
    },
  };
}

const AUDIT_TROUBLE_EVERY_MS = 60_000;

async function open(config: Config, log: Logger): Promise<OpenDatabase> {
  const { databaseUrl, dataDir } = config;
  if (databaseUrl === null)
    return openEmbedded({ dataDir, onFailure: (error) => log.error({ err: error }, 'the embedded database failed') });
  const database = await connectDatabase({
    url: databaseUrl,
    connectionsMax: config.databaseConnectionsMax,
    onConnectionError: (error) => log.warn({ reason: error.message }, 'a database connection was lost and is opened again'),
  });
  if (database.isPooled) tellPooled(config, log);
  else await tellFewConnections(database, config, log);
  return database;
}

/** Warns if PostgreSQL would refuse this process connections that it may need. */
async function tellFewConnections(database: OpenDatabase, config: Config, log: Logger): Promise<void> {
  const { max, used } = await connectionRoom(database);
  const needed = connectionsNeeded({ ...config, workers: 1 });
  if (used + needed <= max) return;
  log.warn(
    { connections_max: max, used_by_others: used, may_need: needed },
    'PostgreSQL has fewer connections left than this process may need; raise max_connections or lower HEADGATE_DATABASE_CONNECTIONS',
  );
}

function tellPooled({ databaseDirectUrl }: Config, log: Logger): void {
  const notices =
    databaseDirectUrl === null
      ? 'replicas hear of changes within 2 s; set DATABASE_DIRECT_URL to hear of them at once'
      : 'replicas hear of changes over DATABASE_DIRECT_URL';
  log.info({ notices }, 'PostgreSQL is reached through a pooler in transaction mode');
}

function historyIn(dataDir: string, log: Logger): History {
  const onUnknown = (reason: string) =>
    log.warn({ reason }, 'ledger: PostgreSQL does not report its timeline, so the gateway cannot notice a failover');
  return createHistory({ notePath: join(dataDir, 'database-history'), clock, onUnknown });
}

function tellLedger({ is, ...facts }: LedgerEvent, log: Logger): void {
  if (is === 'back') log.info(facts, 'ledger: the database can be reached again');
  else if (is === 'failed_over')
    log.warn(facts, 'ledger: PostgreSQL failed over; all rows that the journal still has are stored again');
  else if (is === 'stored_again') log.warn(facts, 'ledger: the rows that PostgreSQL had lost are stored again');
  else if (is === 'defect') log.error(facts, 'ledger: storing rows failed because of a bug; it is tried again');
  else log.error(facts, LEDGER_FAILURES[is]);
}

/** The log's text for each event of the journal. */
const JOURNAL_EVENTS: Readonly<Record<JournalEvent['is'], string>> = {
  write_failed: 'journal: it cannot be written, so requests that cost money are refused; writing is tried again',
  write_recovered: 'journal: it can be written again',
  sync_failed: 'journal: the disk did not confirm what was written (sync failed); it is written again to a new file',
  sync_recovered: 'journal: the disk confirmed everything that was written (sync recovered)',
  bad_bytes: 'journal: a part of a file cannot be read and is skipped',
};

/** The log's text for the remaining events of the ledger writer. */
const LEDGER_FAILURES = {
  unreachable: 'ledger: the database cannot be reached; the journal keeps new rows until it can',
  untold: 'ledger: rows are stored, but the shared counters could not be updated with them; the proof job corrects them',
  rejected: 'ledger: the database refused a row, which was set aside in the data directory',
} as const;

/** Ends the process: another one serves this data, and both would admit the same use. */
function stopServing(log: Logger, error: Error): void {
  log.fatal(error.message);
  process.exit(1);
}
