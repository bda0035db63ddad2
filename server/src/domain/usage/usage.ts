/**
 * The disjoint token buckets of one provider answer. They add up to the provider's total: a cached or audio token is in its own
 * bucket and in no other. Overlapping numbers of a vendor are split when its answer is read.
 */
export const USAGE_BUCKETS = [
  'input', // text input, not cached
  'cached_input', // read from a prompt cache
  'cache_write', // written to a prompt cache, 5 minutes
  'cache_write_1h', // written to a prompt cache, 1 hour
  'audio_input',
  'image_input',
  'output', // text output, visible
  'reasoning', // output the caller may not see; billed as output unless priced apart
  'audio_output',
  'image_output',
] as const;
export type UsageBucket = (typeof USAGE_BUCKETS)[number];

/** The units that are billed by the piece besides tokens. */
export const USAGE_UNITS = [
  'search', // a web search that the provider made
  'request', // the request itself, where a provider takes a fee for each
  'image', // a picture that was made
  'second_input', // a second of sound or film that was read
  'second_output',
  'page', // a page that was read
  'search_unit', // one query over up to 100 documents that are put in order
  'character', // a character that was spoken
] as const;
export type UsageUnit = (typeof USAGE_UNITS)[number];

/** Whole tokens per bucket and pieces per unit; absent is zero. */
export type Usage = Readonly<Partial<Record<UsageBucket | UsageUnit, number>>>;

/** Returns all tokens of an answer. The buckets are disjoint, so this is the provider's own total. Token limits settle to it. */
export function totalTokens(usage: Usage): number {
  let total = 0;
  // Few fields are present.
  for (const name in usage) if (!isPiece(name)) total += usage[name as UsageBucket] ?? 0;
  return total;
}

/** The buckets in which output is counted. */
const OUTPUT_BUCKETS = ['output', 'reasoning', 'audio_output', 'image_output'] as const satisfies readonly UsageBucket[];

/** Returns all output tokens of an answer, including hidden ones. */
export function outputTokens(usage: Usage): number {
  let total = 0;
  for (const bucket of OUTPUT_BUCKETS) total += usage[bucket] ?? 0;
  return total;
}

/** Returns the sum of two attempts' usage. */
export function addUsage(one: Usage, other: Usage): Usage {
  const sum: Partial<Record<UsageBucket | UsageUnit, number>> = {};
  for (const what of [...USAGE_BUCKETS, ...USAGE_UNITS]) {
    const amount = (one[what] ?? 0) + (other[what] ?? 0);
    if (amount > 0) sum[what] = amount;
  }
  return sum;
}

/** Reports whether a field of a usage is counted in pieces. All other fields are tokens. */
export function isPiece(name: string): name is UsageUnit {
  return PIECES.has(name);
}

const PIECES: ReadonlySet<string> = new Set(USAGE_UNITS);
