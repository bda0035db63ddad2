import { hostname } from 'node:os';
import type { Logger } from '../lib/log.ts';
import { programVersion } from '../lib/program-version.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import type { Telemetry } from '../observe/telemetry.ts';
import type { Config } from '../settings/config.ts';

/** Opens the export of traces and metrics to the configured collector. Without one it returns null and loads no code. */
export async function telemetryFor({ telemetry }: Config, log: Logger): Promise<Telemetry | null> {
  if (telemetry === null) return null;
  const { endpoint, headers, serviceName, share } = telemetry;
  const { openTelemetry } = await import('../observe/telemetry.ts');
  return openTelemetry({
    ...{ endpoint, headers, share, clock },
    service: { name: serviceName, version: programVersion, instance: `${hostname()}:${process.pid}` },
    onDelivery: (what, problem) =>
      problem === null
        ? log.info(`${what}: the collector accepts them again`)
        : log.warn({ reason: problem }, `${what}: the collector does not accept them`),
  });
}
