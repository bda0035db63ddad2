import type { EndRecord } from '../journal/records.ts';
import { requestTimeMs } from '../lib/id.ts';
import { identityHeaders } from './answer-headers.ts';
import { chargedFor } from './charged.ts';
import { refusedDecision } from './explain.ts';
import type { Gateway } from './gateway.ts';
import { addLimitHeaders } from './limit-headers.ts';
import { LimitRefusal } from './limit-refusal.ts';
import { type Refusal, renderRefusal } from './refusal.ts';
import { isWorthALine } from './request-lines.ts';
import type { Walk } from './walk.ts';

/** Says a refusal to the client, in its dialect, with what every answer says. Nothing is sent once an answer has begun. */
export function answerRefusal(walk: Walk, refusal: Refusal, admittedHeaders: string[] | null, gateway: Gateway): void {
  const decisionUrl = walk.key === null ? null : `/v1/decisions/${walk.id}`;
  const { status, headers, body } = renderRefusal(refusal, walk.endpoint.dialect, walk.id, decisionUrl);
  const all = admittedHeaders ?? identityHeaders(walk);
  if (admittedHeaders === null)
    all.push('x-headgate-overhead-ms', (gateway.clock.monotonicMs() - walk.timing.startedMs).toFixed(2));
  if (refusal instanceof LimitRefusal && walk.standing !== null) {
    addLimitHeaders(all, walk.standing.limitWords, refusal.result.readings, refusal.result.atMs);
  }
  walk.reply.head(status, all.concat(headers));
  walk.reply.end(body);
}

/** The row of a refused request. An unknown key has no organization to hold a row: it is counted in the metrics only. */
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
  };
  gateway.refused(record);
  gateway.traffic.settled(record);
  if (refusal.limit !== null) gateway.traffic.limited(refusal.limit);
  walk.trace?.end(record);
  if (isWorthALine(record, record.gatewayUs)) gateway.lines.note(record, record.gatewayUs, walk.trace?.traceId ?? null);
}
