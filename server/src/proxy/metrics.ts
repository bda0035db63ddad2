import { Counter, Gauge, Registry } from 'prom-client';
import type { Snapshot } from './snapshot.ts';
import type { Traffic } from './traffic.ts';

/** What metrics are made of, read when they are scraped. */
export interface MetricsSources {
  readonly traffic: Traffic;
  readonly snapshot: Snapshot;
  readonly journal: () => { readonly rows: number; readonly bytes: number; readonly ageMs: number };
  readonly coolingDeployments: () => number;
  readonly counters: () => number;
  /** Size of the journal's files. */
  readonly journalBytes: () => number;
  /** Rows that the database rejected and that were set aside. */
  readonly rejectedRows: () => number;
}

/** Prometheus text. Cardinality is bounded: labels come from closed lists (endpoint, status, code, provider, outcome), never from callers. */
export async function renderMetrics(sources: MetricsSources): Promise<string> {
  const registry = new Registry();
  addTraffic(registry, sources.traffic);
  gauge(registry, 'headgate_keys_cached', 'Keys in memory.', sources.snapshot.sizes().keys);
  gauge(registry, 'headgate_organizations_cached', 'Organizations in memory.', sources.snapshot.sizes().organizations);
  gauge(registry, 'headgate_counters', 'Limit and budget counters in memory.', sources.counters());
  gauge(registry, 'headgate_deployments_cooling', 'Deployments resting after failures.', sources.coolingDeployments());
  const { rows, bytes, ageMs } = sources.journal();
  gauge(registry, 'headgate_journal_rows', 'Settled rows not yet in the database.', rows);
  gauge(registry, 'headgate_journal_bytes', 'Bytes of journal not yet in the database.', bytes);
  gauge(registry, 'headgate_journal_file_bytes', 'Bytes of the journal files.', sources.journalBytes());
  gauge(registry, 'headgate_journal_age_seconds', 'Age of the oldest row not yet in the database.', ageMs / 1_000);
  gauge(
    registry,
    'headgate_ledger_rejected_rows',
    'Rows the database rejected, set aside in the data directory.',
    sources.rejectedRows(),
  );
  const memory = process.memoryUsage();
  gauge(registry, 'process_resident_memory_bytes', 'Resident memory.', memory.rss);
  gauge(registry, 'nodejs_heap_size_total_bytes', 'JavaScript heap taken from the system.', memory.heapTotal);
  gauge(registry, 'nodejs_external_memory_bytes', 'Buffers and other memory outside the JavaScript heap.', memory.external);
  gauge(registry, 'nodejs_heap_used_bytes', 'JavaScript heap in use.', memory.heapUsed);
  gauge(
    registry,
    'process_cpu_seconds_total',
    'CPU time, user and system.',
    process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
  );
  return registry.metrics();
}

function addTraffic(registry: Registry, traffic: Traffic): void {
  const reading = traffic.read();
  const requests = new Counter({
    name: 'headgate_requests_total',
    help: 'Requests by endpoint, status and code.',
    labelNames: ['endpoint', 'status', 'code'],
    registers: [registry],
  });
  for (const [labels, count] of reading.requests) {
    const [endpoint = '', status = '', code = ''] = labels.split('|');
    requests.inc({ endpoint, status, code }, count);
  }
  const attempts = new Counter({
    name: 'headgate_upstream_attempts_total',
    help: 'Attempts at providers by outcome.',
    labelNames: ['provider', 'outcome'],
    registers: [registry],
  });
  for (const [labels, count] of reading.attempts) {
    const [provider = '', outcome = ''] = labels.split('|');
    attempts.inc({ provider, outcome }, count);
  }
  gauge(registry, 'headgate_requests_in_flight', 'Admitted requests not yet settled.', reading.inFlight);
  registry.registerMetric(reading.gatewaySeconds);
}

function gauge(registry: Registry, name: string, help: string, value: number): void {
  new Gauge({ name, help, registers: [registry] }).set(value);
}
