import type { Wire } from '../dialects/dialect.ts';
import type { DeploymentConfig } from '../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../domain/routing/credential.ts';
import { type UpstreamCall, UpstreamFailure, type UpstreamSink } from '../upstream/call.ts';
import type { Transport } from '../upstream/transport.ts';
import type { TransportRequest } from '../upstream/transport-request.ts';
import { callWithToken } from './deferred-call.ts';
import type { ProviderRequest } from './provider.ts';
import type { Tokens } from './tokens/tokens.ts';

/** The description of a vendor over HTTP. The target and the headers of a call are computed once per deployment and wire. */
export interface VendorHttp {
  readonly defaultBaseUrl: string;
  /** Returns the base URL of a credential, or null if it cannot be used. Absent: its own, else the default. */
  baseUrl?(credential: CredentialConfig): string | null;
  /** Returns the path of a wire and a model, which is appended to the base URL. */
  path(wire: Wire, upstreamModel: string, credential: CredentialConfig): string;
  /** The same for a stream; absent: streams have the same path. */
  streamPath?(wire: Wire, upstreamModel: string, credential: CredentialConfig): string;
  readonly modelsPath: string | ((credential: CredentialConfig) => string);
  /** The parameter that names the next page of the list, for a vendor whose list has pages. */
  readonly modelsCursor?: string;
  /** Returns the path before `modelsPath`, for a vendor whose list is not below the base URL. */
  modelsBase?(basePath: string): string;
  /** Returns flat name/value pairs that contain the credential; lower-case names. */
  authentication(credential: CredentialConfig): string[];
  /** The tokens that calls present as well, for credentials that have one. */
  readonly tokens?: Tokens;
  /** The client headers that this vendor may see, with the value used if the client sent none (null: left out). */
  readonly forwarded: ReadonlyMap<string, string | null>;
  readonly passesQuery: boolean;
}

/** The longest answers read; a longer one fails the call as `protocol`. */
const ANSWER_BYTES_MAX = { whole: 64 * 1024 * 1024, stream: 1024 * 1024 * 1024 };
const MODELS_TIMEOUT_MS = 15_000;
const MODELS_BYTES_MAX = 16 * 1024 * 1024;

const COMMON_HEADERS = [
  ...['content-type', 'application/json', 'accept', 'application/json', 'accept-encoding', 'identity'],
  ...['user-agent', 'headgate'],
];

const ACCEPTS_ALL: ReadonlySet<Wire> = new Set(['openai-speech', 'openai-transcriptions', 'openai-translations']);

interface Prepared {
  readonly origin: string;
  readonly path: string;
  readonly streamPath: string;
  /** The headers without those that may be forwarded. */
  readonly headers: readonly string[];
  /** The headers with the defaults of those that may be forwarded. The common case, used without a copy. */
  readonly headersWithDefaults: string[];
}

/** Returns the two calls of a provider over HTTP. */
export function callOverHttp(vendor: VendorHttp, transport: Transport) {
  const prepare = preparedOnce(vendor);
  const { tokens } = vendor;
  const send = (credential: CredentialConfig, sink: UpstreamSink, request: TransportRequest): UpstreamCall => {
    const token = tokens?.of(credential) ?? null;
    if (tokens === undefined || token === null) return transport.send(request, sink);
    const { timeoutMs, headers } = request;
    return callWithToken(token, sink, { timeoutMs, after: tokens.after }, (issued) =>
      transport.send({ ...request, headers: [...headers, 'authorization', `Bearer ${issued}`] }, sink),
    );
  };
  return {
    open(request: ProviderRequest, sink: UpstreamSink): UpstreamCall {
      const { deployment } = request;
      const prepared = deployment.credential === null ? null : prepare(deployment, request.wire, deployment.credential);
      if (prepared === null) return failLater(sink, 'the deployment has no credential that can be used');
      const path = request.stream ? prepared.streamPath : prepared.path;
      return send(deployment.credential as CredentialConfig, sink, {
        origin: prepared.origin,
        method: 'POST',
        path: vendor.passesQuery && isPlainQuery(request.query) ? `${path}?${request.query}` : path,
        headers: typed(
          request,
          request.forward.length === 0 ? prepared.headersWithDefaults : withForwarded(prepared, request.forward, vendor),
        ),
        body: request.body,
        timeoutMs: deployment.timeoutMs,
        answerBytesMax: request.stream ? ANSWER_BYTES_MAX.stream : ANSWER_BYTES_MAX.whole,
      });
    },

    pagesModels: vendor.modelsCursor !== undefined,

    openModels(credential: CredentialConfig, sink: UpstreamSink, cursor: string | null = null): UpstreamCall {
      const base = baseOf(vendor, credential);
      if (base === null) return failLater(sink, 'the credential has no base URL that can be used');
      const defaults = defaultsOf(vendor);
      const listed = typeof vendor.modelsPath === 'string' ? vendor.modelsPath : vendor.modelsPath(credential);
      const path = (vendor.modelsBase?.(base.path) ?? base.path) + listed + pageQuery(vendor, listed, cursor);
      const request = { origin: base.origin, method: 'GET', path, body: null } as const;
      const headers = [...COMMON_HEADERS.slice(2), ...vendor.authentication(credential), ...defaults];
      const bounds = { timeoutMs: MODELS_TIMEOUT_MS, answerBytesMax: MODELS_BYTES_MAX };
      return send(credential, sink, { ...request, headers, ...bounds });
    },
  };
}

/** Returns the headers with the content type of the body, which comes first; the same list for JSON. */
function typed({ contentType }: ProviderRequest, headers: string[]): string[] {
  return contentType === undefined ? headers : headers.with(1, contentType);
}

// A deployment is frozen and replaced as a whole at any change, so its identity is the key.
function preparedOnce(vendor: VendorHttp) {
  const byDeployment = new WeakMap<DeploymentConfig, Map<Wire, Prepared | null>>();
  return (deployment: DeploymentConfig, wire: Wire, credential: CredentialConfig): Prepared | null => {
    let byWire = byDeployment.get(deployment);
    if (byWire === undefined) {
      byWire = new Map();
      byDeployment.set(deployment, byWire);
    }
    let prepared = byWire.get(wire);
    if (prepared === undefined) {
      prepared = prepareCall(vendor, wire, deployment.upstreamModel, credential);
      byWire.set(wire, prepared);
    }
    return prepared;
  };
}

function prepareCall(vendor: VendorHttp, wire: Wire, upstreamModel: string, credential: CredentialConfig): Prepared | null {
  const base = baseOf(vendor, credential);
  if (base === null) return null;
  // Sound and subtitles are no JSON, and some servers refuse a client that accepts nothing else.
  const common = ACCEPTS_ALL.has(wire) ? COMMON_HEADERS.with(3, '*/*') : COMMON_HEADERS;
  const headers = [...common, ...vendor.authentication(credential)];
  const path = vendor.path(wire, upstreamModel, credential);
  return {
    origin: base.origin,
    path: base.path + path,
    streamPath: base.path + (vendor.streamPath?.(wire, upstreamModel, credential) ?? path),
    headers,
    headersWithDefaults: [...headers, ...defaultsOf(vendor)],
  };
}

function baseOf(vendor: VendorHttp, credential: CredentialConfig): { readonly origin: string; readonly path: string } | null {
  const text = vendor.baseUrl === undefined ? (credential.baseUrl ?? vendor.defaultBaseUrl) : vendor.baseUrl(credential);
  if (text === null || !URL.canParse(text)) return null;
  const url = new URL(text);
  return { origin: url.origin, path: url.pathname.replace(/\/+$/, '') };
}

/** Returns what is added to the path of the list for a page after the first. */
function pageQuery({ modelsCursor }: VendorHttp, path: string, cursor: string | null): string {
  if (modelsCursor === undefined || cursor === null) return '';
  return `${path.includes('?') ? '&' : '?'}${modelsCursor}=${encodeURIComponent(cursor)}`;
}

function defaultsOf(vendor: VendorHttp): string[] {
  return [...vendor.forwarded].flatMap(([name, value]) => (value === null ? [] : [name, value]));
}

function withForwarded(prepared: Prepared, forward: readonly string[], vendor: VendorHttp): string[] {
  const headers = prepared.headers.slice();
  for (const [name, fallback] of vendor.forwarded) {
    const value = valuesOf(forward, name) ?? fallback;
    if (value !== null) headers.push(name, value);
  }
  return headers;
}

/** Returns the values of a header in flat pairs, joined as HTTP joins repeated ones; null if absent. */
function valuesOf(pairs: readonly string[], name: string): string | null {
  let joined: string | null = null;
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    if (pairs[i] === name) joined = joined === null ? (pairs[i + 1] as string) : `${joined},${pairs[i + 1]}`;
  }
  return joined;
}

function isPlainQuery(query: string): boolean {
  return query !== '' && /^[\w.~%=&-]{1,200}$/.test(query);
}

/** Returns a call that could not begin. Its failure is reported after the caller has its handle, like every failure. */
export function failLater(sink: UpstreamSink, message: string): UpstreamCall {
  let aborted = false;
  queueMicrotask(() => {
    if (!aborted) sink.failed(new UpstreamFailure('not_connected', { sent: false, message }));
  });
  return {
    sent: false,
    abort: () => {
      aborted = true;
    },
    resume: () => {},
  };
}
