import { MODEL_FEATURES, type ModelFeature } from '../routing/known-model.ts';
import type { ProviderName } from '../routing/provider-name.ts';
import { parseModelName } from '../tenancy/names.ts';
import type { UsageBucket, UsageUnit } from '../usage/usage.ts';
import { type GivenPrice, givenPrice } from './price-units.ts';

/**
 * Reads prices in the JSON form of LiteLLM's `model_prices_and_context_window.json`: USD as floats, for one token or one piece. Only
 * the form is known here, and no prices: https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json
 */

/** One entry of a list that can be used. */
export interface ListedEntry {
  readonly provider: ProviderName;
  readonly upstreamModel: string;
  /** Null: the entry has no price that this gateway can charge. */
  readonly price: GivenPrice | null;
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
  readonly features: readonly ModelFeature[];
  readonly isDeprecated: boolean;
  /** The fields with costs that have no place in a price here. */
  readonly ignored: readonly string[];
}

/** `skipped`: the entry names nothing that this gateway calls. `refused`: a value of it is wrong. */
export type ReadEntry =
  | { readonly is: 'read'; readonly entry: ListedEntry }
  | { readonly is: 'skipped' | 'refused'; readonly reason: string };

/** LiteLLM's names for our providers with code of their own. */
const CODED: ReadonlyMap<string, ProviderName> = new Map([
  ['openai', 'openai'],
  ['text-completion-openai', 'openai'],
  ['anthropic', 'anthropic'],
  ['gemini', 'gemini'],
  ['azure', 'azure'],
  ['azure_text', 'azure'],
  ['bedrock', 'bedrock'],
  ['bedrock_converse', 'bedrock'],
  ['cohere', 'cohere'],
  ['cohere_chat', 'cohere'],
  ['voyage', 'voyage'],
]);

/**
 * LiteLLM's names for shipped presets. Local servers are left out: its zeros for them are no prices. So is `gemini-openai`, whose
 * models it lists once, as `gemini`.
 */
const PRESETS: ReadonlyMap<string, ProviderName> = new Map([
  ['groq', 'groq'],
  ['mistral', 'mistral'],
  ['deepseek', 'deepseek'],
  ['xai', 'xai'],
  ['openrouter', 'openrouter'],
  ['perplexity', 'perplexity'],
  ['together_ai', 'togetherai'],
  ['moonshot', 'moonshotai'],
  ['deepinfra', 'deepinfra'],
  ['dashscope', 'alibaba'],
  ['fireworks_ai', 'fireworks'],
  ['fireworks_ai-embedding-models', 'fireworks'],
  ['cerebras', 'cerebras'],
  ['huggingface', 'huggingface'],
  ['baseten', 'baseten'],
  ['zai', 'zai'],
  ['jina_ai', 'jina'],
  ['minimax', 'minimax'],
]);

/** Together's prices by the number of parameters, which no model is named after. */
const BY_SIZE = /^together-ai-/;

const FEATURES: Readonly<Partial<Record<ModelFeature, string>>> = {
  tools: 'supports_function_calling',
  structured_output: 'supports_response_schema',
  reasoning: 'supports_reasoning',
  prompt_caching: 'supports_prompt_caching',
  web_search: 'supports_web_search',
  vision: 'supports_vision',
  documents: 'supports_pdf_input',
  audio_input: 'supports_audio_input',
  video_input: 'supports_video_input',
  audio_output: 'supports_audio_output',
  image_output: 'supports_image_output',
};

/** LiteLLM's names for the costs of a token in our buckets. */
const BUCKETS: ReadonlyMap<string, UsageBucket> = new Map([
  ['input_cost_per_token', 'input'],
  ['cache_read_input_token_cost', 'cached_input'],
  ['cache_creation_input_token_cost', 'cache_write'],
  ['cache_creation_input_token_cost_above_1hr', 'cache_write_1h'],
  ['input_cost_per_audio_token', 'audio_input'],
  ['input_cost_per_image_token', 'image_input'],
  ['output_cost_per_token', 'output'],
  ['output_cost_per_reasoning_token', 'reasoning'],
  ['output_cost_per_audio_token', 'audio_output'],
  ['output_cost_per_image_token', 'image_output'],
]);

const PIECES: ReadonlyMap<string, UsageUnit> = new Map([
  ['input_cost_per_request', 'request'],
  ['output_cost_per_image', 'image'],
  ['input_cost_per_second', 'second_input'],
  ['output_cost_per_second', 'second_output'],
  ['ocr_cost_per_page', 'page'],
  ['input_cost_per_query', 'search_unit'],
]);

/** LiteLLM's endings for the prices of service tiers. */
const SERVICE_TIERS: ReadonlyMap<string, string> = new Map([
  ['_priority', 'priority'],
  ['_flex', 'flex'],
  ['_batches', 'batch'],
]);
const SEARCHES = 'search_context_cost_per_query';

const NANO_PER_USD = 1e9;
const MILLION = 1e6;
/** The dearest price that is believed: 100,000 USD for a million tokens, or for one piece. Published ones are below 1,000. */
const USD_MAX = 100_000;
const TOKENS_MAX = 1_000_000_000;
const CONTEXT_TIERS_MAX = 8;

/** A value that cannot be right. */
class Implausible extends Error {}

/**
 * Reads one entry of a list. Never throws, whatever the entry holds. `added` are the ids of presets that people added: an entry
 * whose provider has the same name, with `_` for `-`, is of that preset.
 */
export function readLiteLlmEntry(name: string, value: unknown, today: string, added: ReadonlySet<string> = new Set()): ReadEntry {
  if (name === 'sample_spec') return { is: 'skipped', reason: 'describes the form of the list' };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { is: 'refused', reason: 'is no object' };
  const fields = new Map(Object.entries(value));
  const listed = fields.get('litellm_provider');
  if (typeof listed !== 'string') return { is: 'refused', reason: 'litellm_provider is not a text' };
  const coded = listed.startsWith('vertex_ai') ? 'vertex' : CODED.get(listed);
  const provider = coded ?? PRESETS.get(listed) ?? addedAs(listed, added);
  if (provider === undefined) return { is: 'skipped', reason: 'this gateway has no such provider' };
  const upstreamModel = nameAt(provider, listed, name);
  // Presets have models with a slash in their names.
  if ((coded !== undefined && coded !== 'vertex' && upstreamModel.includes('/')) || BY_SIZE.test(upstreamModel))
    return { is: 'skipped', reason: 'is the price of a region, a size or a quality, which no deployment is named after' };
  const parsed = parseModelName(upstreamModel);
  if (parsed.is === 'invalid') return { is: 'refused', reason: `the name ${parsed.problem}` };
  try {
    return { is: 'read', entry: { provider, upstreamModel, ...readFacts(fields, today) } };
  } catch (error) {
    if (error instanceof Implausible) return { is: 'refused', reason: error.message };
    throw error;
  }
}

/** Returns the added preset of LiteLLM's name. Ids have no `_`. */
function addedAs(listed: string, added: ReadonlySet<string>): ProviderName | undefined {
  const id = listed.replaceAll('_', '-');
  return added.has(id) ? id : undefined;
}

/** Returns the provider's own name of a model. Most of LiteLLM's begin with the provider. */
function nameAt(provider: ProviderName, listed: string, name: string): string {
  const prefixes = provider === 'vertex' ? ['vertex_ai/'] : [`${listed.replace(/-embedding-models$/, '')}/`, `${provider}/`];
  const prefix = prefixes.find((one) => name.startsWith(one));
  return prefix === undefined ? name : name.slice(prefix.length);
}

type Fields = ReadonlyMap<string, unknown>;
type Rates = Partial<Record<UsageBucket, number>>;

function readFacts(fields: Fields, today: string): Omit<ListedEntry, 'provider' | 'upstreamModel'> {
  const price = readPrice(fields);
  const ends = fields.get('deprecation_date');
  const inputs = tokensOf(fields, 'max_input_tokens');
  const outputs = tokensOf(fields, 'max_output_tokens');
  return {
    price: price.given,
    contextWindow: inputs ?? tokensOf(fields, 'max_tokens'),
    maxOutputTokens: outputs,
    features: MODEL_FEATURES.filter((feature) => fields.get(FEATURES[feature] ?? '') === true),
    isDeprecated: typeof ends === 'string' && /^\d{4}-\d\d-\d\d$/.test(ends) && ends <= today,
    ignored: price.ignored,
  };
}

/** Returns a number of tokens. Null: the field is absent. Throws Implausible. */
function tokensOf(fields: Fields, name: string): number | null {
  const value = fields.get(name);
  if (value === undefined || value === null) return null;
  if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > TOKENS_MAX)
    throw new Implausible(`${name} must be a whole number from 1 to ${TOKENS_MAX}`);
  return value as number;
}

interface ReadPrice {
  readonly given: GivenPrice | null;
  readonly ignored: readonly string[];
}

function readPrice(fields: Fields): ReadPrice {
  const ordinary: Rates = {};
  const perUnit: Partial<Record<UsageUnit, number>> = {};
  const contexts = new Map<number, Rates>();
  const services = new Map<string, Rates>();
  const ignored: string[] = [];
  for (const [name, value] of fields) {
    if (value === null || value === undefined) continue;
    const place = name === SEARCHES ? null : placeOf(name);
    if (name === SEARCHES) perUnit.search = dearestSearch(value);
    else if (place === null) {
      if (/cost|price/.test(name) && name !== 'source') ignored.push(name);
    } else if (place.unit !== undefined) perUnit[place.unit] = nanoUsd(name, value, 1);
    else {
      const { tier } = place;
      const rates = tier === null ? ordinary : typeof tier === 'number' ? ratesIn(contexts, tier) : ratesIn(services, tier);
      rates[place.bucket] = nanoUsd(name, value, MILLION);
    }
  }
  if (Object.keys(ordinary).length === 0) return { given: null, ignored };
  const all = [ordinary, perUnit, ...contexts.values(), ...services.values()].flatMap((one) => Object.values(one));
  if (all.every((amount) => amount === 0))
    throw new Implausible('all of its prices are 0. A list often has 0 where no price is known: set a free price yourself');
  if (contexts.size > CONTEXT_TIERS_MAX) throw new Implausible(`has more than ${CONTEXT_TIERS_MAX} prices of long prompts`);
  const contextTiers = [...contexts]
    .sort(([one], [other]) => one - other)
    .map(([aboveInputTokens, perMillion]) => ({ aboveInputTokens, perMillion }));
  const serviceTiers = Object.fromEntries([...services].map(([word, perMillion]) => [word, { perMillion }]));
  return { given: givenPrice({ perMillion: ordinary, units: { perUnit, contextTiers, serviceTiers } }), ignored };
}

type Place =
  | { readonly unit: UsageUnit }
  | { readonly unit?: undefined; readonly bucket: UsageBucket; readonly tier: number | string | null };

/** Returns the place in a price of a field with a cost. Null: there is none. */
function placeOf(name: string): Place | null {
  const unit = PIECES.get(name);
  if (unit !== undefined) return { unit };
  const ordinary = BUCKETS.get(name);
  if (ordinary !== undefined) return { bucket: ordinary, tier: null };
  const above = /^(.+)_above_(\d{1,7})k_tokens$/.exec(name);
  const bucket = BUCKETS.get(above?.[1] ?? '');
  if (bucket !== undefined) return { bucket, tier: Number(above?.[2]) * 1_000 };
  for (const [ending, word] of SERVICE_TIERS) {
    const of = name.endsWith(ending) ? BUCKETS.get(name.slice(0, -ending.length)) : undefined;
    if (of !== undefined) return { bucket: of, tier: word };
  }
  return null;
}

function ratesIn<Key>(tiers: Map<Key, Rates>, tier: Key): Rates {
  const rates = tiers.get(tier) ?? {};
  tiers.set(tier, rates);
  return rates;
}

/** Returns the dearest price of a search. Vendors charge by the size of what a search brings. */
function dearestSearch(value: unknown): number {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Implausible(`${SEARCHES} must be an object`);
  const amounts = Object.entries(value).map(([size, usd]) => nanoUsd(`${SEARCHES}.${size}`, usd, 1));
  if (amounts.length === 0 || amounts.length > 10) throw new Implausible(`${SEARCHES} must have 1 to 10 prices`);
  return Math.max(...amounts);
}

/** Returns whole nano-dollars for `count` pieces. Throws Implausible. */
function nanoUsd(name: string, value: unknown, count: number): number {
  if (typeof value !== 'number') throw new Implausible(`${name} must be a number`);
  if (!Number.isFinite(value)) throw new Implausible(`${name} is not a finite number`);
  if (value < 0) throw new Implausible(`${name} must not be negative`);
  const usd = value * count;
  if (usd > USD_MAX)
    throw new Implausible(`${name} is not plausible: more than ${USD_MAX} USD${count === 1 ? '' : ' per million'}`);
  const nano = Math.round(usd * NANO_PER_USD);
  if (nano === 0 && value > 0) throw new Implausible(`${name} is not plausible: less than a billionth of a dollar`);
  return nano;
}
