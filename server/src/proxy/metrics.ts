import type { Registry } from 'prom-client';
import { MetricFamilies } from './metric-families.ts';
import { addProcess } from './process-metrics.ts';
import type { Snapshot } from './snapshot.ts';
import type { Traffic } from './traffic.ts';
import { addTraffic } from './traffic-metrics.ts';

/** What metrics are made of, read when they are scraped. */
export interface MetricsSources {
  readonly version: string;
  readonly traffic: Traffic;
  readonly snapshot: Snapshot;
  readonly ledger: () => LedgerReading;
  readonly coolingDeployments: () => number;
  readonly counters: () => number;
  /** Size of the journal's files. */
  readonly journalBytes: () => number;
  /** The journal takes no more than that. */
  readonly journalBytesMax: number;
  readonly databaseConnections: () => { readonly total: number; readonly idle: number; readonly waiting: number };
}

/** Where rows are on their way from the journal into the database. */
export interface LedgerReading {
  readonly rows: number;
  readonly bytes: number;
  readonly ageMs: number;
  readonly stored: number;
  /** Rows that the database rejected and that were set aside. */
  readonly rejected: number;
  readonly database: 'ok' | 'away';
}

/**
 * Prometheus text. Cardinality is bounded: labels come from closed lists (endpoint, status, code, provider, outcome), never from callers; of
 * organizations only as many are named as the setting allows.
 */
export function renderMetrics(sources: MetricsSources): Promise<string> {
  return registryOf(sources).metrics();
}

/** The same as plain objects, to be added up with those of other processes. */
export async function metricsAsJson(sources: MetricsSources): Promise<readonly object[]> {
  return registryOf(sources).getMetricsAsJSON();
}

function registryOf(sources: MetricsSources): Registry {
  const families = new MetricFamilies();
  addTraffic(families, sources.traffic.read());
  addKept(families, sources);
  addLedger(families, sources);
  addProcess(families, sources.version);
  return families.registry;
}

function addKept(families: MetricFamilies, { snapshot, counters, coolingDeployments }: MetricsSources): void {
  const { keys, organizations } = snapshot.sizes();
  families.gauge('headgate_keys_cached', 'Keys in memory.', keys);
  families.gauge('headgate_organizations_cached', 'Organizations in memory.', organizations);
  families.gauge('headgate_counters', 'Limit and budget counters in memory.', counters());
  families.gauge('headgate_deployments_cooling', 'Deployments resting after failures.', coolingDeployments());
}

function addLedger(
  families: MetricFamilies,
  { ledger, journalBytes, journalBytesMax, databaseConnections }: MetricsSources,
): void {
  const { rows, bytes, ageMs, stored, rejected, database } = ledger();
  families.gauge('headgate_journal_rows', 'Settled rows not yet in the database.', rows);
  families.gauge('headgate_journal_bytes', 'Bytes of journal not yet in the database.', bytes);
  families.gauge('headgate_journal_file_bytes', 'Bytes of the journal files.', journalBytes());
  families.gauge('headgate_journal_file_bytes_max', 'Bytes that the journal files may have.', journalBytesMax);
  families.gauge('headgate_journal_age_seconds', 'Age of the oldest row not yet in the database.', ageMs / 1_000, 'max');
  families.counter('headgate_settled_rows_total', 'Rows stored in the database.', [[{}, stored]]);
  families.gauge('headgate_ledger_rejected_rows', 'Rows the database rejected, set aside in the data directory.', rejected);
  families.gauge('headgate_database_up', '1 while the database takes rows.', database === 'ok' ? 1 : 0, 'min');
  const { total, idle, waiting } = databaseConnections();
  families.gauge('headgate_database_connections', 'Connections to the database, and who waits for one.', [
    [{ state: 'busy' }, total - idle],
    [{ state: 'idle' }, idle],
    [{ state: 'waiting' }, waiting],
  ]);
}
