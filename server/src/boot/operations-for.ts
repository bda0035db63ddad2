/** The endpoints for operators: health, metrics and the console. */
import { fileURLToPath } from 'node:url';
import type { AdminApp } from '../admin/http/app.ts';
import { isLocalReader } from '../http/local-reader.ts';
import { addressList } from '../lib/address/address-list.ts';
import { requestId } from '../lib/id.ts';
import { programVersion } from '../lib/program-version.ts';
import { equalInConstantTime } from '../lib/secrets.ts';
import { strictTransportOf } from '../lib/strict-transport.ts';
import { type MetricsSources, metricsAsJson, renderMetrics } from '../observe/metrics.ts';
import { metricsOfAll } from '../observe/worker-metrics.ts';
import { loadConsole } from '../ops/console-files.ts';
import type { Operations } from '../ops/operations.ts';
import type { Config } from '../settings/config.ts';
import { connectionsOf } from '../store/database.ts';
import type { OpenGateway } from './open-gateway.ts';
import type { OpenJobs } from './open-jobs.ts';
import type { Stores } from './open-stores.ts';
import type { Port } from './port.ts';

const CONSOLE = fileURLToPath(new URL('../../../console/dist', import.meta.url));

/** Returns the sources of health, metrics and the console's files. */
export function operationsFor(
  config: Config,
  { bodies: { buffered, spool } }: Port,
  { journal, writer, database, databaseStatus, volume, caFiles }: Stores,
  { gateway, counters, shared, redisMemory }: OpenGateway,
  jobs: OpenJobs,
  admin: AdminApp,
  notReady: () => string | null,
): Operations {
  const sources: MetricsSources = {
    traffic: gateway.traffic,
    snapshot: gateway.snapshot,
    version: programVersion,
    ledger: () => ({ ...writer.lag(), database: databaseStatus() }),
    coolingDeployments: () => gateway.health.cooling().length,
    counters: () => counters.size(),
    coldCounters: () => counters.cold(),
    holds: () => counters.inFlight(),
    shared: () => shared?.status() ?? null,
    redisMemory,
    journalBytes: () => journal.stats().bytes,
    journalBytesMax: config.journalBytesMax,
    journalWritable: () => journal.stats().health !== 'faulty',
    volume: () => volume.read(),
    caDaysLeft: () => caFiles.daysLeft(),
    journalSyncFailures: () => journal.stats().syncFailures,
    bufferedBytes: () => ({ bytes: buffered.bytes, bytesMax: buffered.bytesMax }),
    spoolBytes: () => ({ bytes: spool.bytes, bytesMax: spool.bytesMax }),
    storedResponses: () => gateway.responses.read(),
    databaseConnections: () => connectionsOf(database),
    jobs: jobs.readings,
  };
  const ofAll = metricsOfAll(() => metricsAsJson(sources));
  return {
    notReady,
    coldCounters: () => counters.cold(),
    requestId,
    strictTransport: strictTransportOf(config.publicUrl),
    ...(config.role === 'data' ? { file: () => null, pageNotFound: () => null } : loadConsole(CONSOLE)),
    mayReadMetrics: metricsReaders(config, admin),
    metrics: async () => (await ofAll()) ?? renderMetrics(sources),
  };
}

/** Checks the database last, so that metrics can be read while it is down. */
function metricsReaders({ trustedProxies, metricsToken }: Config, admin: AdminApp): Operations['mayReadMetrics'] {
  const proxies = addressList(trustedProxies);
  return async (request) => {
    if (isLocalReader(request, proxies)) return true;
    const authorization = request.header('authorization');
    if (metricsToken !== null && equalInConstantTime(authorization ?? '', `Bearer ${metricsToken}`)) return true;
    return admin.mayReadMetrics(authorization);
  };
}
