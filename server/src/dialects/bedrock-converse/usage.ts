import type { UsageBucket } from '../../domain/usage/usage.ts';
import type { JsonObject } from '../dialect.ts';
import { isObject, objectOr, objectsIn } from '../json.ts';
import { believed, countOf, isCount, type Reported } from '../plausible.ts';

/**
 * Returns the usage that an answer, or the last event of a stream, reports. `inputTokens` excludes tokens that were read from and
 * written to the cache, as in Anthropic's reports. The sum is not read.
 */
export function converseUsage(answer: JsonObject): Reported {
  const { usage } = answer;
  if (!isObject(usage)) return null;
  const { inputTokens, outputTokens } = usage;
  if ((inputTokens ?? outputTokens ?? null) === null) return null;
  // Some models report the cache under the older of two names only.
  const read = usage.cacheReadInputTokens ?? usage.cacheReadInputTokenCount;
  const written = usage.cacheWriteInputTokens ?? usage.cacheWriteInputTokenCount;
  const hour = hourIn(usage.cacheDetails);
  if (![inputTokens, outputTokens, read, written, hour].every((count) => isCount(count))) return 'implausible';
  const buckets: Partial<Record<UsageBucket, number>> = { input: countOf(inputTokens), output: countOf(outputTokens) };
  if (countOf(read) > 0) buckets.cached_input = countOf(read);
  if (countOf(written) > hour) buckets.cache_write = countOf(written) - hour;
  if (hour > 0) buckets.cache_write_1h = hour;
  return believed(buckets);
}

/** Returns the tokens that were written to the cache for an hour. A number that is none makes the sum impossible too. */
function hourIn(details: unknown): number {
  let hour = 0;
  for (const { ttl, inputTokens } of objectsIn(details))
    if (ttl === '1h') hour += isCount(inputTokens) ? countOf(inputTokens) : Number.NaN;
  return hour;
}

/** Returns the tier at which an answer, or the last event of a stream, says it was served. */
export function converseTier({ serviceTier }: JsonObject): unknown {
  return objectOr(serviceTier).type;
}
