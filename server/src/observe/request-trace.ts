import {
  type Attributes,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
} from '@opentelemetry/semantic-conventions';
import {
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_REQUEST_STREAM,
  ATTR_GEN_AI_RESPONSE_FINISH_REASONS,
  ATTR_GEN_AI_RESPONSE_MODEL,
  ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
  ATTR_GEN_AI_USAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
} from '@opentelemetry/semantic-conventions/incubating';
import type { DeploymentConfig } from '../domain/routing/catalogue.ts';
import type { EndRecord, LedgerEntry } from '../ledger/records.ts';
import type { Clock } from '../lib/timing/clock.ts';
import type { Endpoint } from '../proxy/endpoints/endpoint.ts';
import type { GenAiMetrics } from './genai-metrics.ts';
import { modelOf } from './model-of.ts';
import { SAMPLED, type TraceContext, traceHeaders } from './trace-context.ts';
import type { RequestTrace, TracedRequest, Tracing } from './tracing.ts';

export interface TracingDeps {
  readonly tracer: Tracer;
  readonly metrics: GenAiMetrics;
  readonly clock: Clock;
}

/** Records spans of requests and attempts, by the conventions for generative AI. Attributes hold only what the row holds. */
export function createTracing(deps: TracingDeps): Tracing {
  return { begin: (request) => new TracedWalk(request, deps) };
}

/** One attempt in flight. */
interface AttemptUnderWay {
  readonly span: Span;
  readonly deployment: DeploymentConfig;
  readonly startedMs: number;
  answeredMs: number | null;
}

class TracedWalk implements RequestTrace {
  readonly #deps: TracingDeps;
  readonly #endpoint: Endpoint;
  readonly #parent: TraceContext | null;
  readonly #span: Span;
  #attempt: AttemptUnderWay | null = null;

  constructor({ endpoint, parent, startedMs }: TracedRequest, deps: TracingDeps) {
    this.#deps = deps;
    this.#endpoint = endpoint;
    this.#parent = parent;
    this.#span = deps.tracer.startSpan(
      `POST ${endpoint.path}`,
      {
        kind: SpanKind.SERVER,
        startTime: startedMs,
        attributes: {
          [ATTR_HTTP_REQUEST_METHOD]: 'POST',
          [ATTR_HTTP_ROUTE]: endpoint.path,
          [ATTR_URL_PATH]: endpoint.path,
          [ATTR_URL_SCHEME]: 'http',
          [ATTR_GEN_AI_OPERATION_NAME]: operationOf(endpoint),
        },
      },
      contextOf(parent),
    );
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  attempt(deployment: DeploymentConfig): readonly string[] {
    const startedMs = this.#deps.clock.monotonicMs();
    const operation = operationOf(this.#endpoint);
    const span = this.#deps.tracer.startSpan(
      `${operation} ${deployment.upstreamModel}`,
      {
        kind: SpanKind.CLIENT,
        startTime: startedMs,
        attributes: {
          [ATTR_GEN_AI_OPERATION_NAME]: operation,
          [ATTR_GEN_AI_PROVIDER_NAME]: deployment.provider,
          [ATTR_GEN_AI_REQUEST_MODEL]: deployment.upstreamModel,
          'headgate.deployment.id': deployment.id,
        },
      },
      trace.setSpan(ROOT_CONTEXT, this.#span),
    );
    this.#attempt = { span, deployment, startedMs, answeredMs: null };
    const { traceId, spanId, traceFlags } = span.spanContext();
    const { flags, state } = this.#parent ?? NO_PARENT;
    return traceHeaders(traceId, spanId, (flags & ~SAMPLED) | traceFlags, state);
  }

  answered(first: Buffer): void {
    if (this.#attempt === null) return;
    this.#attempt.answeredMs = this.#deps.clock.monotonicMs();
    if (!this.#attempt.span.isRecording()) return;
    const model = modelOf(first);
    if (model !== null) this.#attempt.span.setAttribute(ATTR_GEN_AI_RESPONSE_MODEL, model);
  }

  failed(why: string): void {
    this.#endAttempt({ errorType: why, entry: null, stream: false, finishReason: null });
  }

  end(record: EndRecord): void {
    const { status, code, stream, finishReason } = record;
    const errorType = status === 'succeeded' || status === 'estimated' ? null : (code ?? status);
    this.#endAttempt({ errorType, entry: lastAttemptOf(record), stream, finishReason });
    if (!this.#span.isRecording()) return;
    this.#span.setAttributes(attributesOf(record));
    if (errorType !== null) this.#span.setAttribute(ATTR_ERROR_TYPE, errorType);
    if (isServersFault(record)) this.#span.setStatus({ code: SpanStatusCode.ERROR });
    this.#span.end(this.#deps.clock.monotonicMs());
  }

  #endAttempt({ errorType, entry, stream, finishReason }: AttemptEnd): void {
    const attempt = this.#attempt;
    if (attempt === null) return;
    this.#attempt = null;
    const { span, deployment, startedMs, answeredMs } = attempt;
    const endedMs = stream || answeredMs === null ? this.#deps.clock.monotonicMs() : answeredMs;
    const tokens = entry === null ? null : tokensOf(entry);
    const firstChunkSeconds = stream && answeredMs !== null ? (answeredMs - startedMs) / 1_000 : null;
    const { provider, upstreamModel: model } = deployment;
    const operation = operationOf(this.#endpoint);
    const seconds = (endedMs - startedMs) / 1_000;
    this.#deps.metrics.attempt({ operation, provider, model, seconds, firstChunkSeconds, tokens, errorType });
    if (!span.isRecording()) return;
    if (tokens !== null) span.setAttributes(usageAttributes(tokens));
    if (firstChunkSeconds !== null) span.setAttribute(ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, firstChunkSeconds);
    if (finishReason !== null) span.setAttribute(ATTR_GEN_AI_RESPONSE_FINISH_REASONS, [finishReason.slice(0, 100)]);
    if (errorType !== null) span.setAttribute(ATTR_ERROR_TYPE, errorType).setStatus({ code: SpanStatusCode.ERROR });
    span.end(endedMs);
  }
}

/**
 * Reports whether a request counts as a server error. By the HTTP conventions a caller's own mistake does not. A stream that
 * broke does, although its status is 200.
 */
function isServersFault({ status, httpStatus }: EndRecord): boolean {
  return httpStatus >= 500 || (status === 'failed' && httpStatus < 400);
}

/** Returns the ledger entry of the last attempt; null if that attempt has none. */
function lastAttemptOf({ entries, attempts }: EndRecord): LedgerEntry | null {
  const entry = entries.at(-1);
  return entry?.attempt === attempts ? entry : null;
}

interface AttemptEnd {
  readonly errorType: string | null;
  readonly entry: LedgerEntry | null;
  readonly stream: boolean;
  readonly finishReason: string | null;
}

const NO_PARENT = { flags: 0, state: '' } as const;

function contextOf(parent: TraceContext | null) {
  if (parent === null) return ROOT_CONTEXT;
  const { traceId, spanId, flags, state } = parent;
  const traceState = state === '' ? {} : { traceState: createTraceState(state) };
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: flags & SAMPLED, isRemote: true, ...traceState });
}

/** Returns an endpoint's operation name. The conventions have none for `count_tokens` and `rerank`, which keep their own names. */
function operationOf({ mode, free, name }: Endpoint): string {
  if (free) return name;
  if (mode === 'chat') return mode;
  if (mode === 'completion') return 'text_completion';
  return mode === 'embedding' ? 'embeddings' : name;
}

function attributesOf(record: EndRecord): Attributes {
  const attributes: Attributes = {
    [ATTR_HTTP_RESPONSE_STATUS_CODE]: record.httpStatus,
    [ATTR_GEN_AI_REQUEST_STREAM]: record.stream,
    'headgate.request.id': record.requestId,
    'headgate.organization.id': record.organizationId,
    'headgate.team.id': record.teamId,
    'headgate.key.id': record.keyId,
    'headgate.status': record.status,
    'headgate.attempts': record.attempts,
  };
  // The name in a refused request may not be configured, and is then the caller's own text.
  if (record.status !== 'refused') attributes[ATTR_GEN_AI_REQUEST_MODEL] = record.calledName;
  return attributes;
}

const OUTPUT = new Set(['output', 'reasoning', 'audio_output', 'image_output']);

function tokensOf({ usage }: LedgerEntry): { input: number; output: number } {
  const tokens = { input: 0, output: 0 };
  for (const [bucket, count] of Object.entries(usage)) tokens[OUTPUT.has(bucket) ? 'output' : 'input'] += count;
  return tokens;
}

function usageAttributes({ input, output }: { input: number; output: number }): Attributes {
  return { [ATTR_GEN_AI_USAGE_INPUT_TOKENS]: input, [ATTR_GEN_AI_USAGE_OUTPUT_TOKENS]: output };
}
