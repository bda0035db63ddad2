import type { Wire } from '../../dialects/dialect.ts';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import { fieldSpans } from '../../lib/json/json-fields.ts';
import { type Bytes, whole } from '../../lib/pieces.ts';
import type { UpstreamCall, UpstreamSink } from '../../upstream/call.ts';
import type { TransportRequest } from '../../upstream/transport-request.ts';
import { callWithToken } from '../deferred-call.ts';
import type { ProviderRequest } from '../provider.ts';
import { failLater } from '../vendor-http.ts';
import { AnswerSink } from './answer-sink.ts';
import { type Opener, openersOf } from './aws-keys.ts';
import { modelArn, type Place, pathOf, placeOf } from './endpoints.ts';
import type { KeysDeps } from './keys-deps.ts';
import { type AwsKeys, signingHeaders } from './sign-v4.ts';

/** The longest answers read; a longer one fails the call as `protocol`. */
const ANSWER_BYTES_MAX = { whole: 64 * 1024 * 1024, stream: 1024 * 1024 * 1024 };
const MODELS_TIMEOUT_MS = 15_000;
const MODELS_BYTES_MAX = 16 * 1024 * 1024;
const JSON_TYPE = 'application/json';
const COMMON_HEADERS = [...['content-type', JSON_TYPE, 'accept-encoding', 'identity', 'user-agent', 'headgate', 'accept']];
const FRAMES = 'application/vnd.amazon.eventstream';
/** The headers of the client that AWS passes on. They are not part of the signature. */
const FORWARDED: ReadonlySet<string> = new Set(['traceparent', 'tracestate']);
const SERVICE = 'bedrock';

/** A request whose body is in memory, because its signature covers it. */
type SignedRequest = Omit<TransportRequest, 'origin' | 'body'> & { readonly body: Bytes | null };

interface Prepared {
  readonly place: Place;
  readonly opener: Opener;
}

/** Returns the calls of the provider, and the function that takes note of keys that AWS says have ended. */
export function bedrockCalls(deps: KeysDeps) {
  const openerOf = openersOf(deps);
  const prepared = preparedOnce(openerOf);

  /** Sends a request with the credential's proof. Signing depends on the body and the time, so it is done for each call. */
  function send(request: SignedRequest, { place, opener }: Prepared, sink: UpstreamSink): UpstreamCall {
    const { origin, host, region } = place;
    const open = (proof: readonly string[]) =>
      deps.transport.send({ ...request, origin, headers: [...request.headers, ...proof] }, sink);
    const signed = (keys: AwsKeys) => {
      const contentType = request.method === 'POST' ? JSON_TYPE : null;
      const { method, path, body } = request;
      const at = deps.clock.nowMs();
      return open(signingHeaders({ method, host, path, contentType, body }, keys, { region, service: SERVICE }, at));
    };
    switch (opener.is) {
      case 'bearer':
        return open(['authorization', `Bearer ${opener.key}`]);
      case 'keys':
        return signed(opener.keys);
      case 'kept':
        return callWithToken(opener.kept, sink, { timeoutMs: request.timeoutMs, after: deps.after }, signed);
      case 'nothing':
        return failLater(sink, opener.why);
    }
  }

  return {
    open({ deployment, wire, body, stream, forward }: ProviderRequest, sink: UpstreamSink): UpstreamCall {
      const { credential, upstreamModel, timeoutMs } = deployment;
      const ready = credential === null ? null : prepared(deployment, credential);
      if (ready === null) return failLater(sink, 'the deployment has no credential that can be used, or its region is missing');
      // No form is sent to Bedrock, so every body is in memory.
      const bytes = body as Bytes;
      const answer = new AnswerSink(sink, wire);
      const request = {
        method: 'POST' as const,
        path: ready.place.path + pathOf(wire, upstreamModel, stream),
        headers: [...COMMON_HEADERS, stream ? FRAMES : JSON_TYPE, ...forwardedOf(forward)],
        body: bodyOf(wire, bytes, modelArn(upstreamModel, ready.place.region)),
        timeoutMs,
        answerBytesMax: stream ? ANSWER_BYTES_MAX.stream : ANSWER_BYTES_MAX.whole,
      };
      answer.call = send(request, ready, answer);
      return answer.call;
    },

    openModels(credential: CredentialConfig, sink: UpstreamSink): UpstreamCall {
      const place = placeOf(SERVICE, credential);
      if (place === null) return failLater(sink, 'the credential has no region');
      const ready = { place, opener: openerOf(credential, place.region) };
      const headers = [...COMMON_HEADERS.slice(2), JSON_TYPE];
      const request = { method: 'GET', path: `${place.path}/foundation-models`, headers, body: null } as const;
      return send({ ...request, timeoutMs: MODELS_TIMEOUT_MS, answerBytesMax: MODELS_BYTES_MAX }, ready, sink);
    },

    /** Notes that AWS refused the keys of a credential as ended. The next call fetches others. */
    ended(credential: CredentialConfig): void {
      const place = placeOf('bedrock-runtime', credential);
      const opener = place === null ? null : openerOf(credential, place.region);
      const keys = opener?.is === 'kept' ? opener.kept.present() : null;
      if (opener?.is === 'kept' && keys !== null) opener.kept.refused(keys);
    },
  };
}

// A deployment is frozen and replaced as a whole at any change, so its identity is the key.
function preparedOnce(openerOf: (credential: CredentialConfig, region: string) => Opener) {
  const byDeployment = new WeakMap<DeploymentConfig, Prepared | null>();
  return (deployment: DeploymentConfig, credential: CredentialConfig): Prepared | null => {
    const known = byDeployment.get(deployment);
    if (known !== undefined) return known;
    const place = placeOf(deployment.mode === 'rerank' ? 'bedrock-agent-runtime' : 'bedrock-runtime', credential);
    const prepared = place === null ? null : { place, opener: openerOf(credential, place.region) };
    byDeployment.set(deployment, prepared);
    return prepared;
  };
}

function forwardedOf(forward: readonly string[]): string[] {
  const headers: string[] = [];
  for (let at = 0; at + 1 < forward.length; at += 2)
    if (FORWARDED.has(forward[at] as string)) headers.push(forward[at] as string, forward[at + 1] as string);
  return headers;
}

function bodyOf(wire: Wire, bytes: Bytes, arn: string): Bytes {
  if (wire === 'bedrock-rerank') return withArn(whole(bytes), arn);
  return wire === 'anthropic-count-tokens' ? countBody(bytes) : bytes;
}

/** Names the model of a rerank by its ARN. Its configuration is the last field, and the documents are not parsed. */
function withArn(bytes: Buffer, arn: string): Buffer {
  const span = fieldSpans(bytes).get('rerankingConfiguration') as readonly [number, number];
  const configuration = JSON.parse(bytes.toString('utf8', ...span));
  configuration.bedrockRerankingConfiguration.modelConfiguration.modelArn = arn;
  return Buffer.concat([bytes.subarray(0, span[0]), Buffer.from(JSON.stringify(configuration)), bytes.subarray(span[1])]);
}

/** The cap of a request whose tokens are counted. The model requires one, and a budget of thinking must be below it. */
const COUNTED_CAP_MIN = 4_096;

/** Wraps a request for a count: the body of `invoke` in base64. A count has no output cap, which `invoke` requires. */
function countBody(body: Bytes): Buffer {
  const bytes = whole(body);
  const spans = fieldSpans(bytes);
  const thinking = spans.get('thinking');
  const budget =
    thinking === undefined ? 0 : Number(/"budget_tokens"\s*:\s*(\d{1,9})/.exec(bytes.toString('utf8', ...thinking))?.[1] ?? 0);
  const cap = spans.has('max_tokens') ? '' : `"max_tokens":${Math.max(COUNTED_CAP_MIN, budget + 1)},`;
  const counted = Buffer.concat([Buffer.from(`{${cap}`), bytes.subarray(1)]);
  return Buffer.from(`{"input":{"invokeModel":{"body":"${counted.toString('base64')}"}}}`);
}
