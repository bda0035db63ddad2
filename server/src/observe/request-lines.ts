import type { DeploymentConfig } from '../domain/routing/catalogue.ts';
import type { EndRecord } from '../ledger/records.ts';
import type { Logger } from '../lib/log.ts';
import type { Clock } from '../lib/timing/clock.ts';
import { nowAndThen } from '../lib/timing/now-and-then.ts';

/** Writes log lines about single requests that an operator should know of. All others are in the request log and the metrics. */
export interface RequestLines {
  /** Logs a request. `ownUs`: the time that the gateway itself took. */
  note(record: EndRecord, ownUs: number, traceId: string | null): void;
  /** Logs that an answer of this deployment reported implausible usage; at most once a minute for each deployment. */
  usageImplausible(deployment: Pick<DeploymentConfig, 'id' | 'provider'>, requestId: string): void;
}

/** The gateway's own time above which a request is logged as slow. Normally it is a millisecond or less. */
const SLOW_US = 1_000_000;
/** The most lines per `LINES_PER_MS`. Lines are written synchronously, so they must be few; the metrics count every request. */
const LINES_MAX = 20;
const LINES_PER_MS = 1_000;
const IMPLAUSIBLE_EVERY_MS = 60_000;

/**
 * Reports whether a request deserves a line: the provider or the gateway failed, or the gateway was slow. A caller finds their
 * own mistakes and limits in the request log.
 */
export function isWorthALine({ status, httpStatus }: EndRecord, ownUs: number): boolean {
  return httpStatus >= 500 || (status === 'failed' && httpStatus < 400) || ownUs >= SLOW_US;
}

/** Creates the writer of request lines. It writes at most 20 lines a second; the next line says how many were left out. */
export function createRequestLines({ log, clock }: { readonly log: Logger; readonly clock: Clock }): RequestLines {
  let sinceMs = Number.NEGATIVE_INFINITY;
  let written = 0;
  let leftOut = 0;
  const implausible = nowAndThen(IMPLAUSIBLE_EVERY_MS, clock);
  return {
    usageImplausible({ id, provider }, requestId) {
      const heldBack = implausible(id);
      if (heldBack === null) return;
      const fields = { request_id: requestId, deployment_id: id, provider, left_out: heldBack };
      log.warn(fields, 'a provider reported impossible usage, so the request was charged an estimate');
    },
    note(record, ownUs, traceId) {
      const nowMs = clock.monotonicMs();
      if (nowMs - sinceMs >= LINES_PER_MS) {
        sinceMs = nowMs;
        written = 0;
      }
      if (written >= LINES_MAX) {
        leftOut += 1;
        return;
      }
      written += 1;
      const more = leftOut === 0 ? {} : { left_out: leftOut };
      leftOut = 0;
      log.warn({ ...fieldsOf(record, ownUs), ...(traceId === null ? {} : { trace_id: traceId }), ...more }, sentence(record));
    },
  };
}

function sentence({ status, httpStatus }: EndRecord): string {
  if (status === 'refused') return 'a request could not be served';
  return status === 'failed' || httpStatus >= 500 ? 'a request failed' : 'a request was slow';
}

/** Returns ids, codes and times of a request; never a name that a caller made up, nor any part of a body or a header. */
function fieldsOf(record: EndRecord, ownUs: number): object {
  return {
    request_id: record.requestId,
    organization_id: record.organizationId,
    key_id: record.keyId,
    endpoint: record.endpoint,
    status: record.status,
    http_status: record.httpStatus,
    code: record.code,
    ...(record.status === 'refused' ? {} : { model: record.calledName }),
    deployment_id: record.deploymentId,
    attempts: record.attempts,
    gateway_ms: Math.round(ownUs / 1_000),
    provider_ms: record.providerMs,
  };
}
