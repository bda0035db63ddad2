import type { Usage, UsageBucket, UsageUnit } from '../../domain/usage/usage.ts';
import type { JsonObject } from '../dialect.ts';
import { arrayOr, isObject, objectsIn } from '../json.ts';
import { believed, countOf, isCount, PIECES_MAX, type Reported, SUM_MAX } from '../plausible.ts';
import { field, fieldObject } from './fields.ts';

/**
 * Returns the usage that an answer (or a chunk of a stream) reports. Cached tokens are inside the prompt's. Thoughts, and the input
 * of tools that run at Google, are beside the other numbers.
 */
export function contentUsage(answer: JsonObject): Reported {
  const report = field(answer, 'usageMetadata');
  return isObject(report) ? usageIn(report, searchesIn(answer)) : null;
}

function usageIn(report: JsonObject, searches: number): Reported {
  const prompt = field(report, 'promptTokenCount');
  const candidates = field(report, 'candidatesTokenCount');
  const thoughts = field(report, 'thoughtsTokenCount');
  const tools = field(report, 'toolUsePromptTokenCount');
  const cached = field(report, 'cachedContentTokenCount');
  const total = field(report, 'totalTokenCount');
  if ((prompt ?? candidates ?? thoughts ?? total ?? null) === null) return null;
  const counts = [prompt, candidates, thoughts, tools, cached];
  if (!counts.every((count) => isCount(count)) || !isCount(total, SUM_MAX)) return 'implausible';
  if (countOf(cached) > countOf(prompt)) return 'implausible';
  const inputs = modalitiesOf(report, 'promptTokensDetails');
  const cachedInputs = modalitiesOf(report, 'cacheTokensDetails');
  const outputs = modalitiesOf(report, 'candidatesTokensDetails');
  if (inputs === null || cachedInputs === null || outputs === null) return 'implausible';
  const buckets: Partial<Record<UsageBucket | UsageUnit, number>> = {};
  let input = countOf(prompt) - put(buckets, 'cached_input', countOf(cached), countOf(prompt));
  input -= put(buckets, 'audio_input', inputs.audio - cachedInputs.audio, input);
  input -= put(buckets, 'image_input', inputs.image - cachedInputs.image, input);
  let output = countOf(candidates);
  output -= put(buckets, 'audio_output', outputs.audio, output);
  output -= put(buckets, 'image_output', outputs.image, output);
  // Tokens of the total that no number names are charged as thoughts: somebody was billed for them.
  const named = countOf(prompt) + countOf(candidates) + countOf(thoughts) + countOf(tools);
  put(buckets, 'reasoning', countOf(thoughts) + Math.max(0, countOf(total) - named), SUM_MAX);
  put(buckets, 'search', searches, PIECES_MAX);
  return believed({ ...buckets, input: input + countOf(tools), output });
}

/** Puts a part of the remaining tokens into its bucket, never more than remain, and returns its size. */
function put(
  buckets: Partial<Record<UsageBucket | UsageUnit, number>>,
  bucket: UsageBucket | UsageUnit,
  value: number,
  left: number,
): number {
  const part = Math.max(0, Math.min(value, left));
  if (part > 0) buckets[bucket] = part;
  return part;
}

/** Returns the tokens of sound and pictures in a list by modality; null if a number is impossible. */
function modalitiesOf(report: JsonObject, name: string): { readonly audio: number; readonly image: number } | null {
  const found = { audio: 0, image: 0 };
  for (const detail of objectsIn(field(report, name))) {
    const count = field(detail, 'tokenCount');
    if (!isCount(count)) return null;
    if (detail.modality === 'AUDIO') found.audio += countOf(count);
    if (detail.modality === 'IMAGE') found.image += countOf(count);
  }
  return found;
}

/** Returns the number of searches that Google made for an answer. */
export function searchesIn(answer: JsonObject): number {
  let searches = 0;
  for (const candidate of objectsIn(answer.candidates))
    searches += arrayOr(field(fieldObject(candidate, 'groundingMetadata'), 'webSearchQueries')).length;
  return searches;
}

/** Returns the tier at which an answer says it was billed. */
export function billedTierOf(answer: JsonObject): unknown {
  const tier = field(fieldObject(answer, 'usageMetadata'), 'serviceTier');
  return typeof tier === 'string' ? tier.toLowerCase() : tier;
}

/** Writes usage in Gemini's numbers, which overlap otherwise than ours. */
export function usageMetadata(usage: Usage): JsonObject {
  const cached = countOf(usage.cached_input);
  const prompt =
    countOf(usage.input) +
    cached +
    countOf(usage.cache_write) +
    countOf(usage.cache_write_1h) +
    countOf(usage.audio_input) +
    countOf(usage.image_input);
  const candidates = countOf(usage.output) + countOf(usage.audio_output) + countOf(usage.image_output);
  const thoughts = countOf(usage.reasoning);
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: candidates,
    totalTokenCount: prompt + candidates + thoughts,
    ...(cached > 0 ? { cachedContentTokenCount: cached } : {}),
    ...(thoughts > 0 ? { thoughtsTokenCount: thoughts } : {}),
  };
}
