import type { Price } from '../money/price.ts';
import type { ProviderName } from './provider-name.ts';

/** The properties of a model that lists of prices and models state. */
export const MODEL_FEATURES = [
  'tools',
  'structured_output',
  'reasoning',
  'prompt_caching',
  'web_search',
  'vision',
  'documents',
  'audio_input',
  'video_input',
  'audio_output',
  'image_output',
] as const;
export type ModelFeature = (typeof MODEL_FEATURES)[number];

/** A model of a provider, by the provider's own name. */
export interface UpstreamName {
  readonly provider: ProviderName;
  readonly upstreamModel: string;
}

/** The facts that a list states about a model. Null: the list does not state it. */
export interface ModelFacts {
  readonly price: Pick<Price, 'perMillion' | 'units'> | null;
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
  readonly features: readonly ModelFeature[];
  /** True if the list says that the vendor withdraws the model. */
  readonly isDeprecated: boolean;
}

/** Returns the features that a price implies: who charges for searches or cached tokens offers them. */
export function featuresOfPrice({ perMillion, units }: Pick<Price, 'perMillion' | 'units'>): readonly ModelFeature[] {
  const implied: Readonly<Partial<Record<ModelFeature, boolean>>> = {
    reasoning: perMillion.reasoning !== undefined,
    prompt_caching: perMillion.cached_input !== undefined || perMillion.cache_write !== undefined,
    web_search: units?.perUnit?.search !== undefined,
    vision: perMillion.image_input !== undefined,
    audio_input: perMillion.audio_input !== undefined,
    audio_output: perMillion.audio_output !== undefined,
    image_output: perMillion.image_output !== undefined || units?.perUnit?.image !== undefined,
  };
  return MODEL_FEATURES.filter((feature) => implied[feature] === true);
}

/** Returns a model's name without the collection that Google's APIs put before it. */
export function plainModelName(upstreamModel: string): string {
  return upstreamModel.replace(/^(?:publishers\/[^/]+\/)?models\//, '');
}
