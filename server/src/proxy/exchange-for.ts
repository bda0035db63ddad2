import { type Exchange, type ExchangeOptions, Untranslatable, type Wire } from '../dialects/dialect.ts';
import { BETA_HEADER, openExchange } from '../dialects/exchange.ts';
import type { Quirks } from '../domain/presets/preset.ts';
import type { DeploymentConfig } from '../domain/routing/catalogue.ts';
import { whole } from '../lib/pieces.ts';
import type { Provider } from '../providers/provider.ts';
import { leftIn } from './bodies/large-bodies.ts';
import type { Candidate } from './deployments/candidate.ts';
import type { Gateway } from './gateway.ts';
import { promptCacheKey } from './prompt-cache-key.ts';
import { keepingExchange } from './responses/keeping-exchange.ts';
import type { Admission, LargeAsked, Walk } from './walk.ts';

/**
 * Returns the exchange that writes a request for one upstream and reads its answer. Returns a promise only to translate a large
 * body. Returns `Untranslatable` if the upstream's dialect cannot express the request.
 */
export function exchangeFor(
  { deployment }: Candidate,
  provider: Provider,
  upstream: Wire,
  admission: Admission,
  gateway: Gateway,
): Exchange | Untranslatable | Promise<Exchange | Untranslatable> {
  const { walk, asked, outputCap, isUnsealed } = admission;
  const { facts, body, ourBytes, large, stored } = asked;
  const cloud = provider.cloudForm?.(upstream, deployment) ?? null;
  const quirks = quirksOf(deployment, upstream);
  const left = large === null ? null : leftIn(whole(walk.request.body), large.left);
  const options: ExchangeOptions = {
    client: walk.endpoint.wire,
    upstream,
    body,
    ourBytes,
    left,
    facts,
    upstreamModel: deployment.upstreamModel,
    outputCap,
    maxOutputTokens: deployment.maxOutputTokens,
    capField: deployment.outputCapField ?? null,
    createdAtMs: gateway.clock.nowMs(),
    isUnsealed,
    isStrict: (walk.endpoint.wire !== upstream || quirks !== null) && isStrict(walk),
    quirks,
    cloud,
    contentForm: isContent(upstream) ? (provider.contentForm ?? null) : null,
    cacheKey: promptCacheKey(deployment, provider, upstream, left, admission, gateway),
    betas: cloud?.listsBetas === true ? (walk.request.header(BETA_HEADER) ?? null) : null,
  };
  // A preset may rename what was left. The ids that Google Cloud refuses are within values that were left in the bytes.
  const isRewritten = options.client !== upstream || options.contentForm === 'google-cloud' || quirks !== null;
  if (large !== null && isRewritten) return translatedApart(options, walk, large, gateway);
  if (large !== null) large.isLent = true;
  // A compaction and a count are neither stored nor named by later requests.
  const isResponse = options.client === 'openai-responses';
  try {
    const exchange = openExchange(options);
    return stored === null || !isResponse ? exchange : keepingExchange(exchange, stored);
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error;
    return error;
  }
}

/** Returns the differences of a preset's vendor, for the wire that they are about: its chat completions, else its messages. */
function quirksOf({ credential }: DeploymentConfig, upstream: Wire): Quirks | null {
  const preset = credential?.preset ?? null;
  if (preset === null) return null;
  const about = preset.wires['openai-chat'] === undefined ? 'anthropic-messages' : 'openai-chat';
  return upstream === about ? preset.quirks : null;
}

function isContent(wire: Wire): boolean {
  return wire === 'gemini' || wire === 'gemini-count-tokens';
}

/** The header by which a client forbids that a translation leaves anything out. */
export const STRICT_HEADER = 'x-headgate-strict';

function isStrict({ request }: Walk): boolean {
  return request.header(STRICT_HEADER)?.trim().toLowerCase() === 'on';
}

/** Translates a large body in its own thread. Until that ends, the thread owns the body's bytes. */
async function translatedApart(
  options: ExchangeOptions,
  { request }: Walk,
  { isLent }: LargeAsked,
  { largeBodies }: Gateway,
): Promise<Exchange | Untranslatable> {
  const { client, upstream, facts, upstreamModel, outputCap, maxOutputTokens, capField = null, isStrict = false } = options;
  const { cloud = null, betas = null, contentForm = null, quirks = null, cacheKey = null } = options;
  const target = { client, upstream, facts, upstreamModel, outputCap, maxOutputTokens, capField, isStrict };
  const translation = { ...target, cloud, betas, contentForm, quirks, cacheKey };
  // A connection may still be sending the bytes to the provider before. They must stay where they are.
  const bytes = isLent ? Buffer.from(whole(request.body)) : request.body;
  const { raw, result } = await largeBodies.translate(bytes, translation);
  if (!isLent) request.body = raw;
  if (result.ok) return openExchange({ ...options, translated: result });
  return new Untranslatable(result.problem.param ?? '', result.problem.message);
}
