import { addUsage, type Usage, type UsageBucket, type UsageUnit } from '../domain/usage.ts';
import type { JsonObject, Wire } from './dialect.ts';
import { isObject, objectOr, objectsIn } from './json.ts';
import { believed, countOf, isCount, PIECES_MAX, type Reported, SUM_MAX } from './plausible.ts';
import { answeredTier } from './service-tier.ts';

type Buckets = Partial<Record<UsageBucket | UsageUnit, number>>;

/**
 * The usage an answer (or a stream's event) reports, in disjoint buckets; null when it reports none. Provider numbers are foreign input: where
 * one of those that are read here is no whole number from 0 to 100,000,000, where more is read from a cache than there is input, or where all
 * together are above 300,000,000, the whole report is `implausible`.
 */
export function usageOf(wire: Wire, answer: JsonObject): Reported {
  if (wire === 'anthropic-count-tokens') return null;
  if (wire === 'anthropic-messages') return isObject(answer.usage) ? anthropicUsage(answer.usage) : null;
  const usage = isObject(answer.usage) ? answer.usage : objectOr(answer.x_groq).usage;
  return isObject(usage) ? openAiUsage(usage) : null;
}

/** The service tier, speed and region that an answer (or a stream's event) says it was billed at: see AnswerFacts. */
export function tierOf(wire: Wire, answer: JsonObject): string | null {
  if (wire !== 'anthropic-messages') return answeredTier(answer.service_tier);
  const usage = objectOr(answer.usage);
  return answeredTier(usage.service_tier, usage.speed, usage.inference_geo);
}

/**
 * OpenAI's `prompt_tokens` includes cached, audio and image tokens, and `completion_tokens` includes reasoning and audio. Some compatible servers
 * keep reasoning apart (xAI) or hide it in the total alone (Gemini): what the total holds beyond both is reasoning.
 */
export function openAiUsage(usage: JsonObject): Reported {
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage;
  if ((prompt ?? completion ?? total ?? null) === null) return null;
  if (!areOpenAiCounts(usage)) return 'implausible';
  const promptTokens = isNumber(prompt) ? countOf(prompt) : Math.max(0, countOf(total) - countOf(completion));
  if (cachedTokens(usage) > promptTokens) return 'implausible';
  const completionTokens = countOf(completion);
  const buckets: Buckets = {};
  splitPrompt(buckets, promptTokens, usage);
  splitCompletion(buckets, completionTokens, usage);
  // Perplexity bills reasoning and quoted sources beside `completion_tokens`, and counts neither in the total.
  const apart = countOf(usage.reasoning_tokens);
  if (apart > 0) buckets.reasoning = countOf(buckets.reasoning) + apart;
  const quoted = countOf(usage.citation_tokens);
  if (quoted > 0) buckets.input = countOf(buckets.input) + quoted;
  const beyond = countOf(total) - promptTokens - completionTokens - apart;
  if (beyond > 0) reasoningBeyond(buckets, completionTokens, beyond, usage);
  // That there were none is worth knowing: of most nothing is said.
  const searches = chatSearches(usage);
  if (isNumber(searches)) buckets.search = countOf(searches);
  return believed(buckets);
}

function areOpenAiCounts(usage: JsonObject): boolean {
  const inputs = objectOr(usage.prompt_tokens_details);
  const outputs = objectOr(usage.completion_tokens_details);
  return (
    isCount(usage.total_tokens, SUM_MAX) &&
    isCount(chatSearches(usage), PIECES_MAX) &&
    OPENAI_COUNTS.every((name) => isCount(usage[name])) &&
    OPENAI_INPUT_COUNTS.every((name) => isCount(inputs[name])) &&
    OPENAI_OUTPUT_COUNTS.every((name) => isCount(outputs[name]))
  );
}

const OPENAI_COUNTS = [
  'prompt_tokens',
  'completion_tokens',
  'prompt_cache_hit_tokens',
  'cached_tokens',
  'reasoning_tokens',
  'citation_tokens',
] as const;
const OPENAI_INPUT_COUNTS = ['cached_tokens', 'cache_write_tokens', 'audio_tokens', 'image_tokens'] as const;
const OPENAI_OUTPUT_COUNTS = ['reasoning_tokens', 'audio_tokens', 'image_tokens'] as const;

/** xAI counts sources, Perplexity queries, OpenRouter requests as Anthropic does. */
function chatSearches(usage: JsonObject): unknown {
  return usage.num_sources_used ?? usage.num_search_queries ?? messageSearches(usage);
}

function messageSearches({ server_tool_use: uses }: JsonObject): unknown {
  return isObject(uses) ? uses.web_search_requests : undefined;
}

/** DeepSeek and Moonshot have names of their own beside or instead of OpenAI's. All count them within the prompt. */
function cachedTokens(usage: JsonObject): number {
  const { cached_tokens: cached } = objectOr(usage.prompt_tokens_details);
  return countOf(cached ?? usage.prompt_cache_hit_tokens ?? usage.cached_tokens);
}

function splitPrompt(buckets: Buckets, promptTokens: number, usage: JsonObject): void {
  const details = objectOr(usage.prompt_tokens_details);
  buckets.input = takeApart(buckets, promptTokens, [
    ['cached_input', cachedTokens(usage)],
    ['cache_write', details.cache_write_tokens],
    ['audio_input', details.audio_tokens],
    ['image_input', details.image_tokens],
  ]);
}

function splitCompletion(buckets: Buckets, completionTokens: number, usage: JsonObject): void {
  const details = objectOr(usage.completion_tokens_details);
  buckets.output = takeApart(buckets, completionTokens, [
    ['audio_output', details.audio_tokens],
    ['image_output', details.image_tokens],
    ['reasoning', details.reasoning_tokens],
  ]);
}

/** Reasoning that came on top of `completion_tokens`: nothing of it is to be taken out of the visible output. */
function reasoningBeyond(buckets: Buckets, completionTokens: number, beyond: number, usage: JsonObject): void {
  const details = objectOr(usage.completion_tokens_details);
  const other = countOf(buckets.audio_output) + countOf(buckets.image_output);
  const reported = countOf(details.reasoning_tokens);
  if (reported > 0 && reported <= beyond) {
    buckets.output = completionTokens - other;
    buckets.reasoning = beyond;
  } else {
    buckets.reasoning = countOf(buckets.reasoning) + beyond;
  }
}

/** Takes each named part out of `whole`, never more than is left, and returns the rest. */
function takeApart(buckets: Buckets, whole: number, parts: readonly (readonly [UsageBucket, unknown])[]): number {
  let left = whole;
  for (const [bucket, value] of parts) {
    const part = Math.min(countOf(value), left);
    if (part === 0) continue;
    buckets[bucket] = part;
    left -= part;
  }
  return left;
}

/**
 * Anthropic's input numbers are disjoint already: `input_tokens` excludes what was read from and written to the cache, which may be more.
 * `output_tokens` includes thinking.
 */
export function anthropicUsage(usage: JsonObject): Reported {
  if ((usage.input_tokens ?? usage.output_tokens ?? null) === null) return null;
  if (!areAnthropicCounts(usage)) return 'implausible';
  const created = objectOr(usage.cache_creation);
  const hour = countOf(created.ephemeral_1h_input_tokens);
  const written = Math.max(countOf(usage.cache_creation_input_tokens), hour + countOf(created.ephemeral_5m_input_tokens));
  const output = countOf(usage.output_tokens);
  const thinking = Math.min(countOf(objectOr(usage.output_tokens_details).thinking_tokens), output);
  const buckets: Buckets = { input: countOf(usage.input_tokens), output: output - thinking };
  if (thinking > 0) buckets.reasoning = thinking;
  const read = countOf(usage.cache_read_input_tokens);
  if (read > 0) buckets.cached_input = read;
  if (written > hour) buckets.cache_write = written - hour;
  if (hour > 0) buckets.cache_write_1h = hour;
  const searches = countOf(messageSearches(usage));
  if (searches > 0) buckets.search = searches;
  return withCompactions(buckets, usage.iterations);
}

/** A compaction reads the whole context in a call of its own, which is billed and stands in no other number. */
function withCompactions(buckets: Buckets, iterations: unknown): Reported {
  let all: Usage = buckets;
  for (const iteration of objectsIn(iterations)) {
    if (iteration.type !== 'compaction') continue;
    const compacted = anthropicUsage({ ...iteration, iterations: null });
    if (compacted === 'implausible') return compacted;
    all = addUsage(all, compacted ?? {});
  }
  return believed(all);
}

function areAnthropicCounts(usage: JsonObject): boolean {
  const created = objectOr(usage.cache_creation);
  return (
    ANTHROPIC_COUNTS.every((name) => isCount(usage[name])) &&
    isCount(created.ephemeral_1h_input_tokens) &&
    isCount(created.ephemeral_5m_input_tokens) &&
    isCount(objectOr(usage.output_tokens_details).thinking_tokens) &&
    isCount(messageSearches(usage), PIECES_MAX)
  );
}

const ANTHROPIC_COUNTS = ['input_tokens', 'output_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'] as const;

/** A later report over an earlier one: Anthropic's streams repeat only what changed. */
export function mergeReports(earlier: JsonObject | null, later: JsonObject): JsonObject {
  if (earlier === null) return later;
  const merged: JsonObject = { ...earlier };
  for (const key in later) if (later[key] !== null && later[key] !== undefined) merged[key] = later[key];
  return merged;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
