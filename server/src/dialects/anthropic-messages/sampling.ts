import type { JsonObject } from '../dialect.ts';
import type { Losses } from '../losses.ts';
import type { NeutralRequest } from '../neutral.ts';

const TEMPERATURE_MAX = 1;
/** The least `top_p` that a thinking model takes. */
const TOP_P_MIN = 0.95;

/**
 * Returns the sampling fields of Claude. With thinking on, this dialect accepts no temperature but 1, no `top_k`, and no `top_p` below
 * 0.95. Its highest temperature is 1.
 */
export function samplingOf(request: NeutralRequest, thinking: JsonObject | undefined, losses: Losses): JsonObject {
  const { temperature, topP, topK } = request;
  const thinks = thinking !== undefined && thinking.type !== 'disabled';
  if (temperature !== null && (temperature > TEMPERATURE_MAX || (thinks && temperature !== 1))) losses.drop('temperature');
  if (thinks) {
    const takesTopP = topP !== null && topP >= TOP_P_MIN;
    if (topP !== null && !takesTopP) losses.drop('top_p');
    if (topK !== null) losses.drop('top_k');
    return { top_p: takesTopP ? topP : undefined };
  }
  return {
    temperature: temperature === null ? undefined : Math.min(temperature, TEMPERATURE_MAX),
    // Newer models refuse both together. A `top_p` of 1 is the default, so it can be left out.
    top_p: topP === null || (topP === 1 && temperature !== null) ? undefined : topP,
    top_k: topK ?? undefined,
  };
}
