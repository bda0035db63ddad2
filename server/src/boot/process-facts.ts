import type { ProcessFacts } from '../admin/http/deps.ts';
import { programVersion } from '../lib/program-version.ts';
import type { Clock } from '../lib/timing/clock.ts';
import type { Config } from '../settings/config.ts';
import type { OpenGateway } from './open-gateway.ts';
import type { Stores } from './open-stores.ts';

/** Returns what the admin plane may show of this process. `notReady`: null if requests can be served, otherwise the reason. */
export function processFactsOf(
  config: Config,
  { journal, standing, databaseStatus, writer }: Stores,
  { gateway, counters }: OpenGateway,
  notReady: () => string | null,
  clock: Clock,
): ProcessFacts {
  const version = programVersion;
  const startedAtMs = clock.nowMs();
  return {
    settings: config.inForce,
    version,
    isDemo: config.demo === 'on',
    inFlight: () => gateway.traffic.inFlight().map(({ charged }) => charged),
    databaseAwaySinceMs: () => standing.awaySinceMs(),
    deploymentUse: (deploymentId) => gateway.load.read(deploymentId),
    health: () => {
      const lag = writer.lag();
      const { keys, organizations } = gateway.snapshot.sizes();
      return {
        notReady: notReady(),
        version,
        startedAtMs,
        database: { kind: config.databaseUrl === null ? 'embedded' : 'postgresql', status: databaseStatus() },
        unstored: { rows: lag.rows, bytes: lag.bytes, ageMs: lag.ageMs },
        rejectedRows: lag.rejected,
        journalBytes: journal.stats().bytes,
        journalBytesMax: config.journalBytesMax,
        requestsInFlight: gateway.traffic.read().inFlight,
        cooling: gateway.health.cooling().map(({ deploymentId, untilMs }) => ({
          deploymentId,
          untilMs: clock.nowMs() + untilMs - clock.monotonicMs(),
        })),
        inMemory: { keys, organizations, counters: counters.size() },
      };
    },
  };
}
