import type { CloudForm, ContentForm, InboundWire, Wire } from '../dialects/dialect.ts';
import type { DeploymentConfig, ProviderName } from '../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../domain/routing/credential.ts';
import type { Sendable } from '../lib/pieces.ts';
import type { UpstreamCall, UpstreamHeaders, UpstreamSink } from '../upstream/call.ts';
import type { BatchAccess } from './batch-access.ts';

/** One attempt at one deployment. */
export interface ProviderRequest {
  readonly deployment: DeploymentConfig;
  readonly wire: Wire;
  readonly body: Sendable;
  /** The content type of the body; absent: JSON. */
  readonly contentType?: string | undefined;
  readonly stream: boolean;
  /**
   * Headers of the client for the provider (`anthropic-beta`, `anthropic-version`, `x-client-request-id`, `traceparent`,
   * `tracestate`), as flat name/value pairs.
   */
  readonly forward: readonly string[];
  /** The query of the client's path that the provider understands (`beta=true`), without `?`; empty for none. */
  readonly query: string;
}

/** An error answer (status ≥ 400) of a provider, translated to our terms. */
export interface ProviderError {
  /**
   * `caller`: the request is at fault (400, 404, 413, 422), and the answer is passed on to the caller; `credential`: 401/403,
   * ours; `refused`: a content filter or the model refused the request; `quota`: our account is exhausted; `rate_limited`: 429; `unavailable`: 5xx, 529.
   */
  readonly kind: 'caller' | 'context_length' | 'refused' | 'credential' | 'quota' | 'rate_limited' | 'unavailable';
  readonly status: number;
  /** The provider's message, limited to 2,000 characters, without anything that looks like a secret. */
  readonly message: string;
  readonly param: string | null;
  /** True if the provider cannot read encrypted reasoning in the request: it is another account's. */
  readonly isSealed?: boolean;
  readonly retryAfterMs: number | null;
  /** False when the provider says not to retry (`x-should-retry: false`). */
  readonly retryable: boolean;
}

/** Returns the error that stands for an answer that is a refusal. */
export function refusedAnswer(status: number): ProviderError {
  const message = 'The provider refused the request by its content policy, and there was no room for another attempt.';
  return { kind: 'refused', status, message, param: null, retryAfterMs: null, retryable: false };
}

/** A vendor or a compatible server. One folder each; one vendor never imports another. */
export interface Provider {
  readonly name: ProviderName;
  /** Returns the wire in which this deployment serves a client's request in `client`; null if it cannot. */
  wireFor(client: InboundWire, deployment: DeploymentConfig): Wire | null;
  /**
   * Reports whether this deployment's vendor takes a prompt cache key in chats and responses, so that the gateway may add one.
   * Absent: unknown.
   */
  takesCacheKey?(deployment: DeploymentConfig): boolean;
  /** Returns the form that this deployment's cloud gives Anthropic's requests; absent or null: Anthropic's own. */
  cloudForm?(wire: Wire, deployment: DeploymentConfig): CloudForm | null;
  /** The form of Gemini's requests here; absent: that of its own API. */
  readonly contentForm?: ContentForm;
  open(request: ProviderRequest, sink: UpstreamSink): UpstreamCall;
  /**
   * Reads an answer that is not 2xx. Pass the credential that was used, so that its key is removed from the provider's message.
   */
  readError(status: number, headers: UpstreamHeaders, body: Buffer, credential?: CredentialConfig | null): ProviderError;
  /**
   * Requests the models that a credential may call (`GET /models`), from a page's cursor on; absent if the vendor has no list.
   */
  openModels?(credential: CredentialConfig, sink: UpstreamSink, cursor?: string | null): UpstreamCall;
  /** Returns access to the vendor's files and batches; absent or null: the vendor or this credential has none. */
  batches?(credential: CredentialConfig): BatchAccess | null;
  /** True if the vendor's list has pages. */
  readonly pagesModels?: boolean;
}

/** The providers by name. */
export interface Providers {
  get(name: ProviderName): Provider | undefined;
}

/** The reason for a call of a live test: to get a token or keys, or to try what they open. */
export type CallPurpose = 'token' | 'call';

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** A call of a live test as a person may see it: without secrets. */
export interface TracedCall {
  readonly purpose: CallPurpose;
  readonly method: string;
  readonly url: string;
  /** The headers that were sent. A secret is replaced by a mark. */
  readonly requestHeaders: HeaderPairs;
  /** Null: there was no answer. */
  readonly status: number | null;
  readonly answerHeaders: HeaderPairs;
  /** The beginning of the answer. Null if there is none, or if it is not shown. */
  readonly body: string | null;
  readonly bodyBytes: number;
  /** The time to the end of the answer. Null: the call was ended before. */
  readonly ms: number | null;
  /** The reason why there is no whole answer; null if there is one. */
  readonly failure: string | null;
}

/** The result of a live check of a deployment. `status` is null if there was no answer at all. */
export interface DeploymentCheck {
  readonly ok: boolean;
  readonly latencyMs: number;
  readonly status: number | null;
  /** The provider's message, or ours; bounded and free of secrets. */
  readonly message: string;
  /** The calls that were made. Absent: they were not recorded. */
  readonly calls?: readonly TracedCall[];
}

/** The models that a credential may call, by the vendor's own names, sorted. */
export type UpstreamModels =
  | { readonly ok: true; readonly models: readonly string[] }
  | {
      readonly ok: false;
      readonly status: number | null;
      readonly message: string;
      /** True if the vendor has no list, so that nothing was asked and nothing is known. */
      readonly isUnasked?: true;
    };

/** A live test of a credential with each of its calls. Nothing of it is secret. */
export interface CredentialTrace {
  readonly result: UpstreamModels;
  /** The meaning of the result, in a sentence or two. */
  readonly meaning: string;
  readonly ms: number;
  readonly calls: readonly TracedCall[];
}

/** The whole list of a vendor, by its own names, each once. */
export type VendorModels =
  | {
      readonly ok: true;
      readonly models: readonly string[];
      /** The number of entries whose name no deployment could have. */
      readonly unusable: number;
      /** True if the list is longer than what was read. */
      readonly isCut: boolean;
    }
  | Extract<UpstreamModels, { readonly ok: false }>;

/**
 * Reports whether a status says that the provider refused the credential. Other failures (slow network, busy provider, no model
 * list) prove nothing about it.
 */
export function isRefusal(status: number | null): boolean {
  return status === 401 || status === 403;
}

/**
 * Returns the provider's headers that may reach a client, as flat name/value pairs. Its limits, cookies, ids and account are
 * never among them.
 */
export function passHeaders(headers: UpstreamHeaders): string[] {
  const passed: string[] = [];
  for (const name of PASSED_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string' && value.length <= PASSED_VALUE_LENGTH_MAX) passed.push(name, value);
  }
  return passed;
}

const PASSED_HEADERS = ['openai-processing-ms', 'openai-version', 'openai-model', 'deprecation', 'sunset'] as const;
const PASSED_VALUE_LENGTH_MAX = 200;
