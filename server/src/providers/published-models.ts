import { calcPrice, findProvider, type ModelInfo } from '@pydantic/genai-prices';
import { CREDENTIAL_RULES } from '../domain/routing/credential-kinds.ts';
import { featuresOfPrice, type ModelFacts, type UpstreamName } from '../domain/routing/known-model.ts';
import type { ProviderName } from '../domain/routing/provider-name.ts';
import { parseModelName } from '../domain/tenancy/names.ts';
import { priceFor, vendorInList } from './price-table.ts';

/** A model of the published list, with what the list states about it. */
export type PublishedModel = UpstreamName & ModelFacts;

const PROVIDERS = Object.keys(CREDENTIAL_RULES) as readonly ProviderName[];

let known: readonly PublishedModel[] | null = null;

/**
 * Returns every model of the published list that this gateway has a provider for, in no order. Entries that are only a rule for a
 * family of names, such as fine-tuned models, are not included.
 */
export function publishedModels(): readonly PublishedModel[] {
  known ??= Object.freeze(PROVIDERS.flatMap(modelsOf));
  return known;
}

function modelsOf(provider: ProviderName): readonly PublishedModel[] {
  const models = findProvider({ providerId: vendorInList(provider) })?.models ?? [];
  return models.flatMap((model) => {
    const upstreamModel = nameOf(provider, model);
    return isName(provider, model, upstreamModel)
      ? [{ provider, upstreamModel, ...factsOf(provider, model, upstreamModel) }]
      : [];
  });
}

/** Returns the name that the vendor's API takes. The list has a name of its own for the prices of AWS's regions. */
function nameOf(provider: ProviderName, { id }: ModelInfo): string {
  return provider === 'bedrock' ? id.replace(/^regional\./, '') : id;
}

/** Reports whether a name stands for just this entry of the list. */
function isName(provider: ProviderName, model: ModelInfo, upstreamModel: string): boolean {
  if (parseModelName(upstreamModel).is === 'invalid' || upstreamModel.endsWith('-')) return false;
  // The list has one vendor for Google’s two APIs, and only Vertex AI serves other vendors’ models.
  if (provider === 'gemini' && !/^gem/.test(upstreamModel)) return false;
  const found = calcPrice({ input_tokens: 1, output_tokens: 1 }, upstreamModel, { providerId: vendorInList(provider) });
  return found?.model.id === model.id;
}

function factsOf(provider: ProviderName, model: ModelInfo, upstreamModel: string): ModelFacts {
  const price = priceFor(provider, upstreamModel);
  return {
    price,
    contextWindow: model.context_window ?? null,
    maxOutputTokens: null,
    features: price === null ? [] : featuresOfPrice(price),
    isDeprecated: model.deprecated === true,
  };
}
