import { addUsage, type Usage, type UsageBucket, type UsageUnit } from '../domain/usage/usage.ts';
import { converseTier, converseUsage } from './bedrock-converse/usage.ts';
import { cohereUsage } from './cohere-chat/usage.ts';
import type { JsonObject, Wire } from './dialect.ts';
import { cohereEmbedUsage, geminiEmbedUsage } from './embeddings/usage.ts';
import { billedTierOf, contentUsage } from './gemini/usage.ts';
import { isObject, objectOr, objectsIn } from './json.ts';
import { imageTokens } from './media/images.ts';
import { speechTokens } from './media/speech.ts';
import { transcriptionUsage } from './media/transcriptions.ts';
import { moderationUsage, rerankUsage } from './media/usage.ts';
import { believed, countOf, isCount, PIECES_MAX, type Reported, SUM_MAX } from './plausible.ts';
import { answeredTier } from './service-tier.ts';

type Buckets = Partial<Record<UsageBucket | UsageUnit, number>>;

/** The places of the usage in an answer of OpenAI's chat completions, in order. */
export type UsageAt = readonly (readonly string[])[];
/** Its own place, and Groq's in streams. */
export const USAGE_AT: UsageAt = [['usage'], ['x_groq', 'usage']];

/**
 * Returns the usage that an answer (or a stream's event) reports, in disjoint buckets; null if it reports none. A provider's
 * numbers are untrusted input. Any of these makes the whole report `implausible`: a number that is read here and is not whole
 * from 0 to 100,000,000; more tokens read from a cache than there is input; a sum above 300,000,000.
 */
export function usageOf(wire: Wire, answer: JsonObject, usageAt: UsageAt = USAGE_AT): Reported {
  switch (wire) {
    case 'openai-chat':
    case 'openai-completions':
    case 'openai-embeddings':
    case 'cursor-responses':
    case 'voyage-embed':
      return chatUsage(answer, usageAt);
    case 'anthropic-messages':
      return isObject(answer.usage) ? anthropicUsage(answer.usage) : null;
    case 'gemini':
      return contentUsage(answer);
    case 'openai-responses':
    case 'openai-compact':
      return isObject(answer.usage) ? responsesUsage(answer.usage, answer.output) : null;
    case 'anthropic-count-tokens':
    case 'openai-input-tokens':
    case 'gemini-count-tokens':
      return null;
    case 'cohere-chat':
      return isObject(answer.usage) ? cohereUsage(answer.usage) : null;
    case 'bedrock-converse':
      return converseUsage(answer);
    case 'cohere-rerank':
    case 'voyage-rerank':
    case 'bedrock-rerank':
      return rerankUsage(answer);
    case 'openai-moderations':
      return moderationUsage(answer);
    case 'openai-images':
    case 'openai-image-edits':
    case 'openai-image-variations':
      return imageTokens(answer.usage);
    case 'openai-speech':
      return speechTokens(answer.usage);
    case 'openai-transcriptions':
    case 'openai-translations':
      return transcriptionUsage(answer);
    case 'cohere-embed':
      return cohereEmbedUsage(answer);
    case 'gemini-embed':
      return geminiEmbedUsage(answer);
  }
}

function chatUsage(answer: JsonObject, usageAt: UsageAt): Reported {
  // Nearly all answers have it in its own place.
  if (usageAt === USAGE_AT && isObject(answer.usage)) return openAiUsage(answer.usage);
  for (const place of usageAt) {
    const usage = place.reduce<unknown>((value, name) => objectOr(value)[name], answer);
    if (isObject(usage)) return openAiUsage(usage);
  }
  return null;
}

/** Returns the service tier, speed and region at which an answer (or a stream's event) says it was billed: see AnswerFacts. */
export function tierOf(wire: Wire, answer: JsonObject): string | null {
  if (wire === 'gemini') return answeredTier(billedTierOf(answer));
  if (wire === 'bedrock-converse') return answeredTier(converseTier(answer));
  if (wire !== 'anthropic-messages') return answeredTier(answer.service_tier);
  const usage = objectOr(answer.usage);
  return answeredTier(usage.service_tier, usage.speed, usage.inference_geo);
}

/**
 * Reads OpenAI's usage. `prompt_tokens` includes cached, audio and image tokens, and `completion_tokens` includes reasoning and
 * audio. Some compatible servers report reasoning separately (xAI), or only within the total (Gemini). So tokens of the total
 * beyond both numbers count as reasoning.
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
  // Perplexity bills reasoning and quoted sources in addition to `completion_tokens`, and counts neither in the total.
  const apart = countOf(usage.reasoning_tokens);
  if (apart > 0) buckets.reasoning = countOf(buckets.reasoning) + apart;
  const quoted = countOf(usage.citation_tokens);
  if (quoted > 0) buckets.input = countOf(buckets.input) + quoted;
  const beyond = countOf(total) - promptTokens - completionTokens - apart;
  if (beyond > 0) reasoningBeyond(buckets, completionTokens, beyond, usage);
  // A reported 0 is kept, because most answers do not report searches at all.
  const searches = chatSearches(usage);
  if (isNumber(searches)) buckets.search = countOf(searches);
  return believed(buckets);
}

/** Checks field by field, because every answer passes here and access by a variable name would cost more than all the rest. */
function areOpenAiCounts(usage: JsonObject): boolean {
  const { prompt_tokens_details: inputs, completion_tokens_details: outputs } = usage;
  return (
    isCount(usage.total_tokens, SUM_MAX) &&
    isCount(chatSearches(usage), PIECES_MAX) &&
    isCount(usage.prompt_tokens) &&
    isCount(usage.completion_tokens) &&
    isCount(usage.prompt_cache_hit_tokens) &&
    isCount(usage.cached_tokens) &&
    isCount(usage.reasoning_tokens) &&
    isCount(usage.citation_tokens) &&
    (!isObject(inputs) || areInputCounts(inputs)) &&
    (!isObject(outputs) || areOutputCounts(outputs))
  );
}

function areInputCounts(details: JsonObject): boolean {
  return (
    isCount(details.cached_tokens) &&
    isCount(details.cache_write_tokens) &&
    isCount(details.cache_creation_input_tokens) &&
    isCount(details.audio_tokens) &&
    isCount(details.image_tokens)
  );
}

function areOutputCounts(details: JsonObject): boolean {
  return isCount(details.reasoning_tokens) && isCount(details.audio_tokens) && isCount(details.image_tokens);
}

/** Returns the reported searches: xAI counts sources, Perplexity counts queries, OpenRouter counts requests as Anthropic does. */
function chatSearches(usage: JsonObject): unknown {
  return usage.num_sources_used ?? usage.num_search_queries ?? messageSearches(usage);
}

function messageSearches({ server_tool_use: uses }: JsonObject): unknown {
  return isObject(uses) ? uses.web_search_requests : undefined;
}

/**
 * Returns the cached tokens. DeepSeek and Moonshot use their own fields besides or instead of OpenAI's. All count them within the
 * prompt.
 */
function cachedTokens(usage: JsonObject): number {
  const { cached_tokens: cached } = objectOr(usage.prompt_tokens_details);
  return countOf(cached ?? usage.prompt_cache_hit_tokens ?? usage.cached_tokens);
}

function splitPrompt(buckets: Buckets, promptTokens: number, usage: JsonObject): void {
  const { prompt_tokens_details: details } = usage;
  let left = promptTokens - takeOut(buckets, 'cached_input', cachedTokens(usage), promptTokens);
  if (isObject(details)) {
    left -= takeOut(buckets, 'cache_write', details.cache_write_tokens ?? details.cache_creation_input_tokens, left);
    left -= takeOut(buckets, 'audio_input', details.audio_tokens, left);
    left -= takeOut(buckets, 'image_input', details.image_tokens, left);
  }
  buckets.input = left;
}

function splitCompletion(buckets: Buckets, completionTokens: number, usage: JsonObject): void {
  const { completion_tokens_details: details } = usage;
  let left = completionTokens;
  // More reasoning than completion is beside it (DeepInfra, Alibaba), unless the total says that it is not.
  const isBeside = isObject(details) && !isNumber(usage.total_tokens) && countOf(details.reasoning_tokens) > completionTokens;
  if (isBeside) buckets.reasoning = countOf(details.reasoning_tokens);
  if (isObject(details)) {
    left -= takeOut(buckets, 'audio_output', details.audio_tokens, left);
    left -= takeOut(buckets, 'image_output', details.image_tokens, left);
    if (!isBeside) left -= takeOut(buckets, 'reasoning', details.reasoning_tokens, left);
  }
  buckets.output = left;
}

/** Adds reasoning on top of `completion_tokens`. Nothing of it is taken out of the visible output. */
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

/** Puts a part of the remaining tokens into its bucket, never more than remain, and returns its size. */
function takeOut(buckets: Buckets, bucket: UsageBucket, value: unknown, left: number): number {
  const part = Math.min(countOf(value), left);
  if (part > 0) buckets[bucket] = part;
  return part;
}

/**
 * Reads the usage of a response. Its numbers overlap as in chat completions, under other names. Searches are counted from the
 * output, because only some servers report them.
 */
function responsesUsage(usage: JsonObject, output: unknown): Reported {
  return openAiUsage({
    prompt_tokens: usage.input_tokens,
    completion_tokens: usage.output_tokens,
    total_tokens: usage.total_tokens,
    prompt_tokens_details: usage.input_tokens_details,
    completion_tokens_details: usage.output_tokens_details,
    num_search_queries: messageSearches(usage) ?? searchesIn(output),
  });
}

/** Returns the number of searches among the items of a response; undefined if there is none. Opening a page is none. */
function searchesIn(output: unknown): number | undefined {
  let searches = 0;
  for (const { type, action } of objectsIn(output))
    if (type === 'web_search_call' && (objectOr(action).type ?? 'search') === 'search') searches += 1;
  return searches === 0 ? undefined : searches;
}

/**
 * Reads Anthropic's usage. Its input numbers are already disjoint: `input_tokens` excludes tokens read from and written to the
 * cache, which may be more. `output_tokens` includes thinking.
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

/** Adds the usage of compactions. Each reads the whole context in its own call, which is billed and part of no other number. */
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
  const { cache_creation: created, output_tokens_details: outputs } = usage;
  return (
    isCount(usage.input_tokens) &&
    isCount(usage.output_tokens) &&
    isCount(usage.cache_creation_input_tokens) &&
    isCount(usage.cache_read_input_tokens) &&
    (!isObject(created) || (isCount(created.ephemeral_1h_input_tokens) && isCount(created.ephemeral_5m_input_tokens))) &&
    (!isObject(outputs) || isCount(outputs.thinking_tokens)) &&
    isCount(messageSearches(usage), PIECES_MAX)
  );
}

/** Merges a later report over an earlier one: Anthropic's streams repeat only changed fields. */
export function mergeReports(earlier: JsonObject | null, later: JsonObject): JsonObject {
  if (earlier === null) return later;
  const merged: JsonObject = { ...earlier };
  for (const key in later) if (later[key] !== null && later[key] !== undefined) merged[key] = later[key];
  return merged;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
