import type { Registry } from 'prom-client';
import type { ResponsesReading } from '../domain/tenancy/stored-responses.ts';
import type { Snapshot } from '../proxy/snapshot/snapshot.ts';
import { addJobs, type JobReadings } from './job-metrics.ts';
import { MetricFamilies } from './metric-families.ts';
import { addProcess } from './process-metrics.ts';
import type { Traffic } from './traffic.ts';
import { addTraffic } from './traffic-metrics.ts';

/** The sources of the metrics, read at each scrape. */
export interface MetricsSources {
  readonly version: string;
  readonly traffic: Traffic;
  readonly snapshot: Snapshot;
  readonly ledger: () => LedgerReading;
  readonly coolingDeployments: () => number;
  readonly counters: () => number;
  /** Returns the number of cold counters: needed, and without their past yet. */
  readonly coldCounters: () => number;
  /** Returns the number of requests of this process that hold something in the counters. */
  readonly holds: () => number;
  /** Returns the state of the shared counters; null if this process counts alone. */
  readonly shared: () => SharedReading | null;
  /** Returns the memory of Redis; null without Redis. */
  readonly redisMemory: () => RedisMemoryReading | null;
  /** Returns the size of the journal's files. */
  readonly journalBytes: () => number;
  /** The bound on the size of the journal's files. */
  readonly journalBytesMax: number;
  /** Returns false while the disk does not take the journal. */
  readonly journalWritable: () => boolean;
  /** Returns the size and the free space of the data directory's disk; null before it was first read. */
  readonly volume: () => VolumeReading | null;
  /** Returns the days that are left of the CA file of each server. */
  readonly caDaysLeft: () => readonly { readonly server: string; readonly days: number }[];
  /** Returns the number of failed journal syncs since the start. */
  readonly journalSyncFailures: () => number;
  /** Returns the memory that request bodies use, and its bound. */
  readonly bufferedBytes: () => { readonly bytes: number; readonly bytesMax: number };
  readonly spoolBytes: () => { readonly bytes: number; readonly bytesMax: number };
  /** Returns the figures of stored responses. */
  readonly storedResponses: () => ResponsesReading;
  readonly databaseConnections: () => { readonly total: number; readonly idle: number; readonly waiting: number };
  /** Returns the last known state of the background jobs. */
  readonly jobs: () => JobReadings;
}

/** The state of the counters that all replicas share. */
export interface SharedReading {
  readonly is: 'unreachable' | 'recovering' | 'open';
  readonly replicas: number;
  readonly untold: number;
  readonly degraded: number;
  readonly outages: number;
  /** The number of requests that held something in Redis at the last check and were not in flight. */
  readonly heldWithoutRequest: number;
  readonly givenBack: number;
}

/** The memory of the Redis that all replicas count in. `maxBytes` is null without a bound. */
export interface RedisMemoryReading {
  readonly usedBytes: number;
  readonly maxBytes: number | null;
  readonly mayEvict: boolean;
}

/** The disk that holds the data directory. */
export interface VolumeReading {
  readonly bytes: number;
  /** The bytes that this process may still use. */
  readonly freeBytes: number;
}

/** The state of the transfer of rows from the journal to the database. */
export interface LedgerReading {
  readonly rows: number;
  readonly bytes: number;
  readonly ageMs: number;
  readonly stored: number;
  /** The number of rows that the database rejected and that were set aside. */
  readonly rejected: number;
  readonly database: 'ok' | 'away';
}

/**
 * Renders the metrics as Prometheus text. Cardinality is bounded. Labels come from closed lists (endpoint, status, code,
 * provider, outcome), never from callers, and only as many organizations are named as the setting allows.
 */
export function renderMetrics(sources: MetricsSources): Promise<string> {
  return registryOf(sources).metrics();
}

/** Returns the same metrics as plain objects, to aggregate with those of other processes. */
export async function metricsAsJson(sources: MetricsSources): Promise<readonly object[]> {
  return registryOf(sources).getMetricsAsJSON();
}

function registryOf(sources: MetricsSources): Registry {
  const families = new MetricFamilies();
  const traffic = sources.traffic.read();
  addTraffic(families, traffic);
  const forgotten = sources.holds() - traffic.inFlight - traffic.releasing;
  families.gauge('headgate_holds_without_request', 'Holds on limits and budgets whose request has ended.', forgotten);
  addKept(families, sources);
  const { bytes, bytesMax } = sources.bufferedBytes();
  families.gauge(
    'headgate_buffered_bytes',
    'Bytes of request bodies in memory that are still arriving or not parsed yet.',
    bytes,
  );
  families.gauge('headgate_buffered_bytes_max', 'Most bytes that request bodies may use together.', bytesMax);
  const spool = sources.spoolBytes();
  families.gauge('headgate_spool_bytes', 'Bytes of the disk that large forms in flight have taken.', spool.bytes);
  families.gauge('headgate_spool_bytes_max', 'Most bytes of the disk that large forms may take together.', spool.bytesMax);
  addStoredResponses(families, sources.storedResponses());
  addShared(families, sources.shared());
  addRedisMemory(families, sources.redisMemory());
  addLedger(families, sources);
  addFiles(families, sources);
  addJobs(families, sources.jobs());
  addProcess(families, sources.version);
  return families.registry;
}

function addKept(families: MetricFamilies, { snapshot, counters, coldCounters, coolingDeployments }: MetricsSources): void {
  const { keys, organizations } = snapshot.sizes();
  families.gauge('headgate_keys_cached', 'Keys in memory.', keys);
  families.gauge('headgate_organizations_cached', 'Organizations in memory.', organizations);
  families.gauge(
    'headgate_config_age_seconds',
    'Greatest possible age of the configuration in use.',
    snapshot.ageMs() / 1_000,
    'max',
  );
  families.gauge('headgate_counters', 'Limit and budget counters in memory.', counters());
  families.gauge(
    'headgate_counters_cold',
    'Counters in use that have not read their earlier use from the ledger yet.',
    coldCounters(),
  );
  families.gauge(
    'headgate_deployments_cooling',
    'Deployments that are not tried for a while, because calls to them failed.',
    coolingDeployments(),
  );
}

function addStoredResponses(families: MetricFamilies, { outcomes, waiting, waitingBytes, background }: ResponsesReading): void {
  families.counter(
    'headgate_responses_kept_total',
    'Answers of the Responses API that were to be stored, by what became of them.',
    Object.entries(outcomes).map(([outcome, count]) => [{ outcome }, count]),
  );
  families.gauge('headgate_responses_background', 'Responses that this process makes in the background.', background);
  families.gauge('headgate_responses_waiting', 'Answers in memory that are not stored yet.', waiting);
  families.gauge('headgate_responses_waiting_bytes', 'Bytes of answers in memory that are not stored yet.', waitingBytes);
}

function addShared(families: MetricFamilies, shared: SharedReading | null): void {
  if (shared === null) return;
  const { is, replicas, untold, degraded, outages, heldWithoutRequest, givenBack } = shared;
  families.gauge(
    'headgate_counters_open',
    '1 while the counters that all replicas share can be used, else 0.',
    is === 'open' ? 1 : 0,
    'min',
  );
  families.gauge('headgate_replicas', 'Live replicas, as this one knows them.', replicas, 'max');
  families.gauge('headgate_stored_rows_untold', 'Stored rows that are not reported to the shared counters yet.', untold);
  families.gauge(
    'headgate_held_without_request',
    'Requests with a hold in Redis that were not in flight, at the last comparison by this replica.',
    heldWithoutRequest,
  );
  families.counter(
    'headgate_holds_given_back_total',
    'Holds in Redis that were released because their request was not in flight.',
    [[{}, givenBack]],
  );
  families.counter(
    'headgate_degraded_requests_total',
    "Requests admitted by this replica's share of the limits, because Redis was unreachable.",
    [[{}, degraded]],
  );
  families.counter('headgate_counters_outages_total', 'Times the shared counters became unreachable.', [[{}, outages]]);
}

function addRedisMemory(families: MetricFamilies, memory: RedisMemoryReading | null): void {
  if (memory === null) return;
  families.gauge('headgate_redis_memory_bytes', 'Memory that Redis uses.', memory.usedBytes, 'max');
  families.gauge(
    'headgate_redis_memory_bytes_max',
    'Most memory that Redis may use. Absent if it has no bound.',
    memory.maxBytes === null ? [] : memory.maxBytes,
    'max',
  );
  families.gauge(
    'headgate_redis_may_evict',
    '1 if Redis may evict counters when it is full, else 0.',
    memory.mayEvict ? 1 : 0,
    'max',
  );
}

function addFiles(families: MetricFamilies, { journalWritable, volume, caDaysLeft }: MetricsSources): void {
  families.gauge(
    'headgate_ca_expiry_seconds',
    'Time until the CA file of a server expires, below 0 afterwards.',
    caDaysLeft().map(({ server, days }) => [{ server }, days * 86_400]),
    'min',
  );
  families.gauge('headgate_journal_writable', '1 while the disk takes the journal, else 0.', journalWritable() ? 1 : 0, 'min');
  const reading = volume();
  if (reading === null) return;
  families.gauge('headgate_volume_bytes', "Size of the data directory's disk.", reading.bytes, 'max');
  families.gauge(
    'headgate_volume_free_bytes',
    "Free bytes of the data directory's disk that the process may use.",
    reading.freeBytes,
    'min',
  );
}

function addLedger(
  families: MetricFamilies,
  { ledger, journalBytes, journalBytesMax, journalSyncFailures, databaseConnections }: MetricsSources,
): void {
  const { rows, bytes, ageMs, stored, rejected, database } = ledger();
  families.gauge('headgate_journal_rows', 'Settled rows that are not in the database yet.', rows);
  families.gauge('headgate_journal_bytes', 'Bytes of the journal that are not in the database yet.', bytes);
  families.gauge('headgate_journal_file_bytes', 'Bytes of the journal files.', journalBytes());
  families.gauge('headgate_journal_file_bytes_max', 'Most bytes that the journal files may have.', journalBytesMax);
  families.counter('headgate_journal_sync_failures_total', 'Times the disk failed to sync the journal.', [
    [{}, journalSyncFailures()],
  ]);
  families.gauge('headgate_journal_age_seconds', 'Age of the oldest row that is not in the database yet.', ageMs / 1_000, 'max');
  families.counter('headgate_settled_rows_total', 'Rows stored in the database.', [[{}, stored]]);
  families.gauge(
    'headgate_ledger_rejected_rows',
    'Rows that the database refused; they are kept in the data directory.',
    rejected,
  );
  families.gauge('headgate_database_up', '1 while the database stores rows, else 0.', database === 'ok' ? 1 : 0, 'min');
  const { total, idle, waiting } = databaseConnections();
  families.gauge('headgate_database_connections', 'Database connections by state; `waiting` counts queries that wait for one.', [
    [{ state: 'busy' }, total - idle],
    [{ state: 'idle' }, idle],
    [{ state: 'waiting' }, waiting],
  ]);
}
