import { formatUsd } from '../domain/money/money.ts';
import type { GatewayRequest } from '../http/request-reply.ts';
import { addBudgetHeaders } from './budget-headers.ts';
import type { Gateway } from './gateway.ts';
import { addLimitHeaders } from './limit-headers.ts';
import type { Admission, Walk } from './walk.ts';

/** Returns the headers of every answer, including refusals. */
export function identityHeaders(walk: Walk): string[] {
  const headers = ['x-request-id', walk.id, 'request-id', walk.id];
  if (walk.clientRequestId !== null) headers.push('x-client-request-id', walk.clientRequestId);
  if (walk.key !== null) headers.push('x-headgate-organization', walk.key.config.organizationId);
  const called = walk.entitlement?.headerName ?? null;
  if (called !== null) headers.push('x-headgate-model', called);
  if (walk.isDegraded) headers.push('x-headgate-degraded', 'redis');
  return headers;
}

/**
 * Returns the headers of an admitted request's answer: those of every answer, the deployment, the gateway's own time, the cost if
 * known, and what remains of the limits.
 */
export function answerHeaders(
  admission: Admission,
  deploymentId: string | null,
  cost: 'known' | 'unknown',
  gateway: Gateway,
): string[] {
  const headers = identityHeaders(admission.walk);
  if (deploymentId !== null) headers.push('x-headgate-deployment', deploymentId);
  const { startedMs, providerMs } = admission.walk.timing;
  const overheadMs = Math.max(0, gateway.clock.monotonicMs() - startedMs - (providerMs ?? 0));
  headers.push('x-headgate-overhead-ms', overheadMs.toFixed(2));
  if (cost === 'known') headers.push('x-headgate-cost', formatUsd(admission.usedNanoUsd));
  const { entitlement, readings, admittedAtMs, walk, cache } = admission;
  if (cache !== null) headers.push('x-headgate-cache', cache.outcome);
  addLimitHeaders(headers, entitlement.limitWords, readings, admittedAtMs, walk.endpoint.dialect);
  if (walk.key?.config.kind === 'login') addBudgetHeaders(headers, entitlement.limitWords, readings, walk.endpoint.dialect);
  return headers;
}

/** Adds the names of the client's fields that the translation of its request left out, if there are any. */
export function addDropped(headers: string[], dropped: readonly string[]): void {
  if (dropped.length > 0) headers.push('x-headgate-dropped', dropped.join(','));
}

const CLIENT_REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** Returns the caller's own request id, to store and echo; null if it is missing or unsafe. It never replaces our id. */
export function clientRequestId(request: GatewayRequest): string | null {
  const id = request.header('x-client-request-id');
  return id !== undefined && CLIENT_REQUEST_ID.test(id) ? id : null;
}
