import type { DeploymentConfig } from '../domain/routing/catalogue.ts';
import { traceContextOf, traceHeaders } from '../observe/trace-context.ts';
import type { RequestTrace } from '../observe/tracing.ts';
import type { Outcome } from './attempt-outcome.ts';
import type { Walk } from './walk.ts';

const FORWARDED = ['anthropic-beta', 'anthropic-version'] as const;
const NOTHING: readonly string[] = [];

/**
 * What of the client's headers is meant for the provider; everything else, credentials above all, stays here. Their trace goes on with the
 * attempt's span in it, or as it came where no traces are recorded.
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

/** Tells an attempt's span how it came out. A client that hung up ends the request, and the span with it. */
export function followAttempt(trace: RequestTrace, outcome: Outcome, failed: boolean): void {
  if (failed) trace.failed(whyOf(outcome));
  else if (outcome.is === 'whole') trace.answered(outcome.bytes);
  else if (outcome.is === 'stream') trace.answered(outcome.source.first());
}

/** `error.type` by the conventions: the status where there was one, else a word of our own. */
function whyOf(outcome: Outcome): string {
  if (outcome.is === 'error') return String(outcome.error.status);
  if (outcome.is === 'failure') return outcome.failure.kind;
  return 'unreadable_answer';
}
