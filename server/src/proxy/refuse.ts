import type { EndRecord } from '../ledger/records.ts';
import { requestTimeMs } from '../lib/id.ts';
import { isWorthALine } from '../observe/request-lines.ts';
import { answerHeaders, identityHeaders } from './answer-headers.ts';
import { attributionOf } from './attribution.ts';
import { addSpentHeaders } from './budget-headers.ts';
import { refusedDecision } from './decisions/explain.ts';
import type { Gateway } from './gateway.ts';
import { addLimitHeaders } from './limit-headers.ts';
import { LimitRefusal } from './limit-refusal.ts';
import { Refusal, renderRefusal, serviceUnavailable } from './refusal.ts';
import { chargedFor } from './settlement/charged.ts';
import { UnpricedParameter } from './settlement/unpriced.ts';
import { recordedTags } from './snapshot/tagged-entitlement.ts';
import type { Admission, Walk } from './walk.ts';

/**
 * Answers with a refusal in the client's dialect, with the headers of every answer. Call it before any answer has begun. Never
 * throws: if it fails, it sends a plain 503.
 */
export function answerRefusal(walk: Walk, refusal: Refusal, admission: Admission | null, gateway: Gateway): void {
  try {
    const decisionUrl = walk.key === null ? null : `/v1/decisions/${walk.id}`;
    const { status, headers, body } = renderRefusal(refusal, walk.endpoint.dialect, walk.id, decisionUrl);
    const all = admission === null ? refusedHeaders(walk, refusal, gateway) : answerHeaders(admission, null, 'unknown', gateway);
    walk.reply.head(status, all.concat(headers));
    walk.reply.end(body);
  } catch (error) {
    answerPlainly(walk, error, gateway);
  }
}

function refusedHeaders(walk: Walk, refusal: Refusal, gateway: Gateway): string[] {
  const headers = identityHeaders(walk);
  headers.push('x-headgate-overhead-ms', (gateway.clock.monotonicMs() - walk.timing.startedMs).toFixed(2));
  if (refusal instanceof LimitRefusal && walk.entitlement !== null) {
    const { readings, atMs } = refusal.result;
    addLimitHeaders(headers, walk.entitlement.limitWords, readings, atMs, walk.endpoint.dialect);
    if (refusal.errorType === 'billing_error') addSpentHeaders(headers, refusal.result, walk.entitlement.limitWords);
  }
  return headers;
}

/**
 * Answers when the intended answer could not be written. Logs the reason, and sends the caller a 503 with the request's id. If
 * that fails too, breaks off the transfer. Never throws.
 */
export function answerPlainly(walk: Walk, why: unknown, gateway: Gateway): void {
  const refusal = asRefusal(
    why instanceof Refusal ? new Error('a refusal was thrown while an answer was being written') : why,
    walk.id,
    gateway,
  );
  try {
    const { status, headers, body } = renderRefusal(refusal, walk.endpoint.dialect, walk.id, null);
    walk.reply.head(status, ['x-request-id', walk.id, ...headers]);
    walk.reply.end(body);
  } catch (error) {
    tellDefect(error, walk.id, gateway);
    breakOff(walk, gateway);
  }
}

function breakOff(walk: Walk, gateway: Gateway): void {
  try {
    walk.reply.destroy();
  } catch (error) {
    tellDefect(error, walk.id, gateway);
  }
}

/** Turns an error into a refusal. A defect of ours is logged and becomes a 503, without its message, which may hold anything. */
export function asRefusal(error: unknown, requestId: string, gateway: Gateway): Refusal {
  if (error instanceof Refusal) return error;
  tellDefect(error, requestId, gateway);
  return serviceUnavailable('The gateway failed on this request because of a bug. Its log has the details under the request id.');
}

/** Logs a defect. Never throws: if the log fails, there is nothing left to do. */
export function tellDefect(error: unknown, requestId: string, gateway: Gateway): void {
  try {
    gateway.defect(error, requestId);
  } catch {}
}

/** Records the row of a refused request. An unknown key has no organization to hold a row, so it only counts in the metrics. */
export function noteRefusal(walk: Walk, refusal: Refusal, gateway: Gateway): void {
  const { key, asked, endpoint } = walk;
  if (key === null) {
    gateway.traffic.unknownKey(endpoint.name, refusal.code);
    return;
  }
  const record: EndRecord = {
    ...chargedFor(key.config, asked?.facts.model.slice(0, 200) ?? ''),
    requestId: walk.id,
    clientRequestId: walk.clientRequestId,
    admittedAtMs: requestTimeMs(walk.id) ?? gateway.clock.nowMs(),
    status: 'refused',
    httpStatus: refusal.status,
    code: refusal.code,
    param: refusal.param,
    endpoint: endpoint.name,
    stream: asked?.facts.stream ?? false,
    deploymentId: null,
    attempts: 0,
    finishReason: null,
    gatewayUs: Math.max(0, Math.round((gateway.clock.monotonicMs() - walk.timing.startedMs) * 1_000)),
    providerMs: null,
    firstTokenMs: null,
    entries: [],
    decision: refusedDecision(walk, refusal),
    count: 1,
    repeatIds: [],
    content: null,
    ...recordedTags(asked?.tags ?? null, walk.entitlement),
    attribution: attributionOf(walk, gateway),
  };
  gateway.refused(record);
  gateway.traffic.settled(record);
  if (refusal.limit !== null) gateway.traffic.limited(refusal.limit);
  if (refusal instanceof UnpricedParameter) gateway.traffic.unpriced(refusal.unit);
  walk.trace?.end(record);
  if (isWorthALine(record, record.gatewayUs)) gateway.lines.note(record, record.gatewayUs, walk.trace?.traceId ?? null);
}
