import { addUsage, type Usage, type UsageBucket, type UsageUnit } from '../domain/usage.ts';
import type { JsonObject, Wire } from './dialect.ts';
import { isObject, objectOr, objectsIn } from './json.ts';
import { answeredTier } from './service-tier.ts';

type Buckets = Partial<Record<UsageBucket | UsageUnit, number>>;

/** The usage an answer (or a stream's event) reports, in disjoint buckets; null when it reports none. Never negative, whatever a vendor writes. */
export function usageOf(wire: Wire, answer: JsonObject): Usage | null {
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
export function openAiUsage(usage: JsonObject): Usage | null {
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage;
  if (![prompt, completion, total].some((value) => typeof value === 'number')) return null;
  const promptTokens = typeof prompt === 'number' ? tokens(prompt) : Math.max(0, tokens(total) - tokens(completion));
  const completionTokens = tokens(completion);
  const buckets: Buckets = {};
  splitPrompt(buckets, promptTokens, usage);
  splitCompletion(buckets, completionTokens, usage);
  // Perplexity bills reasoning and quoted sources beside `completion_tokens`, and counts neither in the total.
  const apart = tokens(usage.reasoning_tokens);
  if (apart > 0) buckets.reasoning = tokens(buckets.reasoning) + apart;
  if (tokens(usage.citation_tokens) > 0) buckets.input = tokens(buckets.input) + tokens(usage.citation_tokens);
  const beyond = tokens(total) - promptTokens - completionTokens - apart;
  if (beyond > 0) reasoningBeyond(buckets, completionTokens, beyond, usage);
  noteSearches(
    buckets,
    usage.num_sources_used ?? usage.num_search_queries ?? objectOr(usage.server_tool_use).web_search_requests,
  );
  return buckets;
}

/** xAI counts sources, Perplexity queries, OpenRouter and Anthropic requests. An answer that says that there were none says so here too. */
function noteSearches(buckets: Buckets, searches: unknown): void {
  if (typeof searches === 'number') buckets.search = tokens(searches);
}

function splitPrompt(buckets: Buckets, promptTokens: number, usage: JsonObject): void {
  const details = objectOr(usage.prompt_tokens_details);
  // DeepSeek and Moonshot have names of their own beside or instead of OpenAI's.
  const cached = details.cached_tokens ?? usage.prompt_cache_hit_tokens ?? usage.cached_tokens;
  buckets.input = takeApart(buckets, promptTokens, [
    ['cached_input', cached],
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
  const other = tokens(buckets.audio_output) + tokens(buckets.image_output);
  const reported = tokens(details.reasoning_tokens);
  if (reported > 0 && reported <= beyond) {
    buckets.output = completionTokens - other;
    buckets.reasoning = beyond;
  } else {
    buckets.reasoning = tokens(buckets.reasoning) + beyond;
  }
}

/** Takes each named part out of `whole`, never more than is left, and returns the rest. */
function takeApart(buckets: Buckets, whole: number, parts: readonly (readonly [UsageBucket, unknown])[]): number {
  let left = whole;
  for (const [bucket, value] of parts) {
    const part = Math.min(tokens(value), left);
    if (part === 0) continue;
    buckets[bucket] = part;
    left -= part;
  }
  return left;
}

/** Anthropic's input numbers are disjoint already: `input_tokens` excludes what was read from and written to the cache. `output_tokens` includes thinking. */
export function anthropicUsage(usage: JsonObject): Usage | null {
  if (typeof usage.input_tokens !== 'number' && typeof usage.output_tokens !== 'number') return null;
  const created = objectOr(usage.cache_creation);
  const hour = tokens(created.ephemeral_1h_input_tokens);
  const written = Math.max(tokens(usage.cache_creation_input_tokens), hour + tokens(created.ephemeral_5m_input_tokens));
  const output = tokens(usage.output_tokens);
  const thinking = Math.min(tokens(objectOr(usage.output_tokens_details).thinking_tokens), output);
  const buckets: Buckets = { input: tokens(usage.input_tokens), output: output - thinking };
  if (thinking > 0) buckets.reasoning = thinking;
  const read = tokens(usage.cache_read_input_tokens);
  if (read > 0) buckets.cached_input = read;
  if (written > hour) buckets.cache_write = written - hour;
  if (hour > 0) buckets.cache_write_1h = hour;
  noteSearches(buckets, objectOr(usage.server_tool_use).web_search_requests);
  return withCompactions(buckets, usage.iterations);
}

/** A compaction reads the whole context in a call of its own, which is billed and stands in no other number. */
function withCompactions(buckets: Buckets, iterations: unknown): Usage {
  let all: Usage = buckets;
  for (const iteration of objectsIn(iterations)) {
    if (iteration.type === 'compaction') all = addUsage(all, anthropicUsage({ ...iteration, iterations: null }) ?? {});
  }
  return all;
}

/** A later report over an earlier one: Anthropic's streams repeat only what changed. */
export function mergeReports(earlier: JsonObject | null, later: JsonObject): JsonObject {
  if (earlier === null) return later;
  const merged: JsonObject = { ...earlier };
  for (const key in later) if (later[key] !== null && later[key] !== undefined) merged[key] = later[key];
  return merged;
}

function tokens(value: unknown): number {
  if (typeof value !== 'number' || !(value > 0)) return 0;
  return Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER);
}
