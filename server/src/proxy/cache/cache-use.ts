import type { InboundWire, JsonObject } from '../../dialects/dialect.ts';
import { BETA_HEADER } from '../../dialects/exchange.ts';
import type { Entitlement } from '../entitlement.ts';
import { STRICT_HEADER } from '../exchange-for.ts';
import type { Gateway } from '../gateway.ts';
import type { Admission, Walk } from '../walk.ts';
import type { CacheUse, Caching } from './caching.ts';

/**
 * The wires whose answers stand for themselves. Answers of the Responses API name things that are stored, and counted tokens cost
 * nothing.
 */
const CACHED_WIRES: ReadonlySet<InboundWire> = new Set<InboundWire>([
  'openai-chat',
  'anthropic-messages',
  'gemini',
  'openai-completions',
  'openai-embeddings',
]);

/** The fields of a body on which an answer does not depend. The two ways to ask for a stream are in the name beside the body. */
const LEFT_OUT: readonly string[] = ['stream', 'user', 'metadata'];
/** A body that is larger is neither looked up nor kept: its hash would take longer than other requests may wait. */
const BODY_BYTES_MAX = 256 * 1024;
/** The headers that change an answer. */
const HEADERS: readonly string[] = [BETA_HEADER, 'anthropic-version', STRICT_HEADER];

/**
 * Returns the use of the cache by an admitted request of a name that is cached. It is bypassed by requests that ask for that
 * (`cache-control: no-store`; `no-cache` asks for a new answer, which is kept), by those that a provider answers with more than the
 * body asks (server tools, stored responses), and by large ones.
 */
export function cacheUseOf(admission: Admission, caching: Caching, gateway: Gateway): CacheUse {
  const { walk, asked } = admission;
  const control = walk.request.header('cache-control') ?? '';
  if (/\bno-store\b/i.test(control) || !isCacheable(admission)) return BYPASS;
  const name = gateway.answerCache.nameOf(
    admission.entitlement.organization,
    [...caching.scope, caching.version, ...formOf(walk, admission.entitlement)],
    bodyText(asked.body),
  );
  if (name === null) return BYPASS;
  return { name, outcome: /\bno-cache\b/i.test(control) ? 'bypass' : 'miss' };
}

const BYPASS: CacheUse = Object.freeze({ name: null, outcome: 'bypass' });

function isCacheable({ walk, asked }: Admission): boolean {
  if (!CACHED_WIRES.has(walk.endpoint.wire) || asked.stored !== null || asked.large !== null) return false;
  return asked.facts.beyond.length === 0 && walk.request.body.length <= BODY_BYTES_MAX;
}

/** The form of the answer, and the tags that chose who may give it. */
function formOf({ endpoint, request, asked }: Walk, { chain }: Entitlement): readonly unknown[] {
  const headers = HEADERS.map((header) => request.header(header) ?? null);
  const deployments = chain.map(({ members }) => members.map(({ deployment }) => deployment.id));
  return [
    endpoint.name,
    endpoint.wire,
    asked?.facts.stream,
    endpoint.called?.(request) ?? null,
    request.query,
    headers,
    deployments,
  ];
}

function bodyText(body: JsonObject): string {
  const kept: Record<string, unknown> = { ...body };
  for (const field of LEFT_OUT) delete kept[field];
  return JSON.stringify(kept);
}
