import type { DeploymentConfig } from '../domain/routing/catalogue.ts';
import { traceContextOf, traceHeaders } from '../observe/trace-context.ts';
import type { RequestTrace } from '../observe/tracing.ts';
import type { Outcome } from './attempts/outcome.ts';
import type { Walk } from './walk.ts';

const FORWARDED = ['anthropic-beta', 'anthropic-version'] as const;
const NOTHING: readonly string[] = [];

/**
 * Returns the client's headers that are meant for the provider. All others, above all credentials, are not forwarded. The trace
 * headers name the attempt's span; if no traces are recorded, the caller's trace is forwarded.
 */
export function upstreamHeaders({ request, trace }: Walk, deployment: DeploymentConfig): readonly string[] {
  let headers: string[] | null = trace === null ? callersTrace(request) : [...trace.attempt(deployment)];
  for (const name of FORWARDED) {
    const value = request.header(name);
    if (value === undefined) continue;
    headers ??= [];
    headers.push(name, value);
  }
  return headers ?? NOTHING;
}

function callersTrace(request: Walk['request']): string[] | null {
  const context = traceContextOf(request);
  return context === null ? null : traceHeaders(context.traceId, context.spanId, context.flags, context.state);
}

/** Records an attempt's outcome in its span. If the client hung up, the request's end also ends the span. */
export function followAttempt(trace: RequestTrace, outcome: Outcome, failed: boolean): void {
  if (failed) trace.failed(whyOf(outcome));
  else if (outcome.is === 'whole') trace.answered(outcome.bytes);
  else if (outcome.is === 'stream') trace.answered(outcome.source.first());
}

/** Returns the `error.type` of the conventions: the status if there was one, else a name of our own. */
function whyOf(outcome: Outcome): string {
  if (outcome.is === 'error') return String(outcome.error.status);
  if (outcome.is === 'failure') return outcome.failure.kind;
  return 'unreadable_answer';
}
