import type { JsonObject } from '../dialect.ts';
import { objectOr } from '../json.ts';
import { believed, countOf, isCount, type Reported } from '../plausible.ts';

/**
 * Reads the usage of a chat: the units that Cohere bills. Those that it counts include its own instructions, which nobody pays
 * for; they are used only if no billed ones are reported. Cached tokens are counted otherwise, can exceed both, and are billed like
 * the others.
 */
export function cohereUsage(usage: JsonObject): Reported {
  const { input_tokens: input, output_tokens: output } = countsIn(usage);
  if ((input ?? output ?? null) === null) return null;
  if (!isCount(input) || !isCount(output)) return 'implausible';
  return believed({ input: countOf(input), output: countOf(output) });
}

function countsIn(usage: JsonObject): JsonObject {
  const billed = objectOr(usage.billed_units);
  return (billed.input_tokens ?? billed.output_tokens ?? null) === null ? objectOr(usage.tokens) : billed;
}
