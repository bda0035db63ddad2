import type { JsonObject } from '../dialect.ts';
import { defined } from '../json.ts';
import type { Feature, Losses } from '../losses.ts';
import type { NeutralRequest } from '../neutral.ts';

const P = { min: 0.01, max: 0.99 };
const K = { min: 0, max: 500 };
const PENALTY = { min: 0, max: 1 };

/** Returns how tokens are sampled, in Cohere's names and within its bounds. Notes what is outside them. */
export function samplingOf(request: NeutralRequest, losses: Losses): JsonObject {
  const within = (feature: Feature, value: number | null | undefined, { min, max }: typeof P): number | undefined => {
    if (value === null || value === undefined) return undefined;
    const bounded = Math.max(min, Math.min(value, max));
    if (bounded !== value) losses.drop(feature);
    return bounded;
  };
  const { temperature, topP, topK, hints } = request;
  const frequency = within('frequency_penalty', hints.frequencyPenalty, PENALTY) || undefined;
  let presence = within('presence_penalty', hints.presencePenalty, PENALTY) || undefined;
  // Models refuse both together.
  if (frequency !== undefined && presence !== undefined) {
    losses.drop('presence_penalty');
    presence = undefined;
  }
  return defined({
    temperature: temperature ?? undefined,
    p: within('top_p', topP, P),
    k: within('top_k', topK, K),
    seed: hints.seed,
    frequency_penalty: frequency,
    presence_penalty: presence,
  });
}
