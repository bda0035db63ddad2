import type { Scope } from '../domain/tenancy/tenancy.ts';
import type { ErrorDialect } from './error-dialect.ts';

/** The status recorded in the request log when the client hangs up. No answer carries it. */
export const CLIENT_CLOSED = 499;

/** All error codes of the data plane, with their HTTP status. The program uses no others. */
export const REFUSALS = {
  invalid_request: 400,
  context_length_exceeded: 400,
  previous_response_not_found: 400,
  no_deployment_for_tags: 400,
  invalid_api_key: 401,
  api_key_expired: 401,
  model_not_allowed: 403,
  model_not_priced: 403,
  unpriced_parameter: 403,
  organization_suspended: 403,
  organization_archived: 403,
  key_disabled: 403,
  model_not_found: 404,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  request_too_large: 413,
  unsupported_media_type: 415,
  upgrade_required: 426,
  headers_too_large: 431,
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  provider_rate_limited: 429,
  provider_error: 502,
  no_healthy_deployment: 503,
  service_unavailable: 503,
  provider_timeout: 504,
} as const;
export type RefusalCode = keyof typeof REFUSALS;

/** The numbers of the limit that refused. Requests and tokens are whole numbers; money is decimal USD. */
export interface LimitDetails {
  readonly scope: Scope;
  readonly scopeId: string;
  readonly limit: string;
  readonly window: string;
  readonly limitValue: number | string;
  readonly used: number | string;
  readonly held: number | string;
  readonly requested: number | string;
  readonly resetsAt: string | null;
}

/** The advice on a retry: after a wait, never for this request, or left to the client. */
export type Retry =
  | { readonly is: 'after'; readonly ms: number; readonly hammerProof: boolean }
  | { readonly is: 'never' }
  | { readonly is: 'unsaid' };

const NEVER: Retry = { is: 'never' };
const UNSAID: Retry = { is: 'unsaid' };

/** The reason that a request is not served. Steps throw it, and the edge translates it into the client's dialect once. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly status: number;
  readonly param: string | null;
  readonly retry: Retry;
  readonly limit: LimitDetails | null;
  /** The error's type for Anthropic's clients, if the status alone does not say it. */
  readonly errorType: 'billing_error' | null;

  constructor(
    code: RefusalCode,
    message: string,
    more: {
      readonly param?: string | null;
      readonly retry?: Retry;
      readonly limit?: LimitDetails;
      readonly status?: number;
      readonly errorType?: 'billing_error' | null;
    } = {},
  ) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.status = more.status ?? REFUSALS[code];
    this.param = more.param ?? null;
    this.retry = more.retry ?? (this.status < 500 && this.status !== 408 ? NEVER : UNSAID);
    this.limit = more.limit ?? null;
    this.errorType = more.errorType ?? null;
  }
}

/** Returns the refusal of a bad body, parameter or header: 400, and a retry never helps. */
export function invalidRequest(message: string, param: string | null = null): Refusal {
  return new Refusal('invalid_request', message, { param });
}

export function tooLarge(bodyBytesMax: number): Refusal {
  return new Refusal('request_too_large', `The body is larger than ${bodyBytesMax} bytes, the most allowed. Send less input.`);
}

/** Returns the refusal for a failure of our own: 503, with a retry after 1 s. */
export function serviceUnavailable(message: string): Refusal {
  return new Refusal('service_unavailable', message, { retry: { is: 'after', ms: 1000, hammerProof: false } });
}

export interface RenderedRefusal {
  readonly status: number;
  readonly headers: string[];
  readonly body: Buffer;
}

/** Writes a refusal in the client's dialect, with retry signals for its SDK. `decisionUrl` is null if the key is unknown. */
export function renderRefusal(
  refusal: Refusal,
  dialect: ErrorDialect,
  requestId: string,
  decisionUrl: string | null,
): RenderedRefusal {
  const body = Buffer.from(JSON.stringify(bodyIn(dialect, refusal, requestId, decisionUrl)));
  const headers = ['content-type', 'application/json', 'content-length', String(body.length)];
  addRetrySignals(headers, refusal.retry);
  return { status: refusal.status, headers, body };
}

function addRetrySignals(headers: string[], retry: Retry): void {
  if (retry.is === 'never') headers.push('x-should-retry', 'false');
  if (retry.is !== 'after') return;
  headers.push('retry-after', String(Math.max(1, Math.ceil(retry.ms / 1000))));
  // With a wait of hours, an SDK either sleeps through it or retries constantly. So `retry-after` names the time, and the SDK is
  // instructed not to retry automatically.
  if (retry.hammerProof) headers.push('x-should-retry', 'false');
  else headers.push('retry-after-ms', String(Math.max(1, Math.ceil(retry.ms))));
}

function bodyIn(dialect: ErrorDialect, refusal: Refusal, requestId: string, decisionUrl: string | null): object {
  switch (dialect) {
    case 'openai':
      return openAiBody(refusal, decisionUrl);
    case 'anthropic':
      return anthropicBody(refusal, requestId, decisionUrl);
    case 'gemini':
      return geminiBody(refusal, decisionUrl);
  }
}

function openAiBody(refusal: Refusal, decisionUrl: string | null): object {
  const error = { message: refusal.message, type: openAiType(refusal), param: refusal.param, code: refusal.code };
  return { error, ...limitBody(refusal, decisionUrl) };
}

function anthropicBody(refusal: Refusal, requestId: string, decisionUrl: string | null): object {
  const error = { type: refusal.errorType ?? anthropicType(refusal.status), message: refusal.message };
  return { type: 'error', error, request_id: requestId, ...limitBody(refusal, decisionUrl) };
}

function geminiBody(refusal: Refusal, decisionUrl: string | null): object {
  const error = {
    code: refusal.status,
    message: refusal.message,
    status: geminiStatus(refusal.status),
    details: geminiDetails(refusal),
  };
  return { error, ...limitBody(refusal, decisionUrl) };
}

/** Returns the details in Google's types. Its SDKs and Gemini CLI take the wait from there and not from a header. */
function geminiDetails({ code, status, retry }: Refusal): object[] {
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code.toUpperCase(), domain: 'headgate' };
  const waitMs = googleWaitMs(status, retry);
  if (waitMs === null) return [info];
  const retryDelay = `${Math.max(0.001, Math.ceil(waitMs) / 1_000)}s`;
  return [info, { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }];
}

const DAY_MS = 86_400_000;

/**
 * Returns the wait to tell Google's clients. They have no word for a 429 that never passes: without a wait, Gemini CLI tries ten times in 150 s
 * before it shows the message. After a wait of more than five minutes it shows it at once.
 */
function googleWaitMs(status: number, retry: Retry): number | null {
  if (retry.is === 'after') return retry.ms;
  return retry.is === 'never' && status === 429 ? DAY_MS : null;
}

function limitBody(refusal: Refusal, decisionUrl: string | null): object {
  const limit = refusal.limit;
  if (limit === null) return {};
  return {
    headgate: {
      code: refusal.code,
      param: refusal.param,
      scope: limit.scope,
      scope_id: limit.scopeId,
      limit: limit.limit,
      window: limit.window,
      limit_value: limit.limitValue,
      used: limit.used,
      held: limit.held,
      requested: limit.requested,
      resets_at: limit.resetsAt,
      decision_url: decisionUrl,
    },
  };
}

function openAiType(refusal: Refusal): string {
  if (refusal.code === 'insufficient_quota') return 'insufficient_quota';
  if (refusal.status === 401) return 'authentication_error';
  if (refusal.status === 403) return 'permission_error';
  if (refusal.status === 429) return 'rate_limit_error';
  return refusal.status >= 500 ? 'api_error' : 'invalid_request_error';
}

/** Returns Anthropic's error type for a status: https://docs.anthropic.com/en/api/errors */
function anthropicType(status: number): string {
  switch (status) {
    case 401:
      return 'authentication_error';
    case 403:
      return 'permission_error';
    case 404:
      return 'not_found_error';
    case 413:
      return 'request_too_large';
    case 429:
      return 'rate_limit_error';
    case 503:
      return 'overloaded_error';
    case 504:
      return 'timeout_error';
    default:
      return status >= 500 ? 'api_error' : 'invalid_request_error';
  }
}

/** Returns the name of Google's APIs for a status: https://cloud.google.com/apis/design/errors */
function geminiStatus(status: number): string {
  switch (status) {
    case 401:
      return 'UNAUTHENTICATED';
    case 403:
      return 'PERMISSION_DENIED';
    case 404:
      return 'NOT_FOUND';
    case 429:
      return 'RESOURCE_EXHAUSTED';
    case 408:
    case 504:
      return 'DEADLINE_EXCEEDED';
    case 503:
      return 'UNAVAILABLE';
    default:
      return status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT';
  }
}
