import { exactMoneyText, plural } from '../../numbers/numbers.ts';

/** Every text about prices that all pages use, by the file that shows it. */
export const words = {
  // PartlyPriced
  partlyPriced: 'Partly priced',
  somethingBilled: 'Something that the provider charges for',
  adminCanSetPrice: ' A platform admin can set a price for it.',
  spendPartlyPriced: (what: string, advice: string) =>
    `${what} had no price. The spend shown may be less than what the provider charges.${advice}`,

  // PriceFields
  pricesUsdPerMillionTokens: 'Prices, USD per million tokens',
  emptyPriceMeans:
    'If you leave a price empty, the input or output price applies: cached input costs the same as input, and reasoning the same as output. If a model has no price at all, requests under a blocking budget are refused.',
  prices: 'Prices',
  unpriced: 'unpriced',
  asInput: 'as input',
  asOutput: 'as output',
  showOnlyTokenPrices: 'Show only token prices',
  whatElseHasPrices: 'Searches, images, long prompts, service tiers',
  pricesPerUnitInUsd: 'Prices per unit, in USD',
  unitPricesMean:
    'Prices for what the provider charges in addition to tokens. A request that may use a unit without a price is refused under a blocking budget. Under other budgets, the spend does not include it.',
  pricesPerUnit: 'Prices per unit',

  // PriceTiers
  standardPrice: 'standard price',
  inputAbove: 'Input above',
  longPrompts: 'Long prompts',
  contextTierMeans:
    'These prices apply to the whole request if its input has more tokens than this. If a request reaches several tiers, the highest applies.',
  addContextTier: 'Add context tier',
  tier: 'Tier',
  serviceTiersAndSpeeds: 'Service tiers and speeds',
  serviceTierMeans:
    'Use the provider’s names: priority, flex, batch, fast. A tier that is not in this list is unpriced. A tier without prices costs the standard price.',
  addServiceTier: 'Add service tier',
  remove: (name: string) => `Remove ${name}`,
  removeThisTier: 'Remove this tier',

  // price-draft
  enterInputTokens: 'Enter a number of input tokens. This tier applies above it.',
  enterLargerNumber: 'Enter a larger number than in the tier before it.',
  enterTierName: 'Enter the provider’s name for this tier.',
  tierListed: 'This tier is already in the list.',

  // price-words
  bucketWords: {
    input_per_million: 'Input',
    cached_input_per_million: 'Cached input',
    cache_write_per_million: 'Cache write',
    cache_write_1h_per_million: 'Cache write, 1 hour',
    audio_input_per_million: 'Audio input',
    image_input_per_million: 'Image input',
    output_per_million: 'Output',
    reasoning_per_million: 'Reasoning',
    audio_output_per_million: 'Audio output',
    image_output_per_million: 'Image output',
  },
  unitWords: {
    search: 'Web search',
    request: 'Request',
    image: 'Generated image',
    second_input: 'Second of input',
    second_output: 'Second of output',
    page: 'Page of input',
    search_unit: 'Search unit',
    character: 'Character spoken',
  },
  kindWords: {
    service_tier: 'Service tier',
    context_tier: 'Long prompt',
    tool: 'Tool of the provider',
    beta: 'Beta feature',
    mcp_servers: 'MCP servers',
    other: 'Something else',
  },
  tokens: (kind: undefined | string) => `${kind} tokens`,
  each: (unit: string) => `${unit}, each`,
  promptAbove: (tokens: string) => `, prompt above ${tokens}`,
  dollarsIn: (usd: string) => `${exactMoneyText(usd)} in`,
  dollarsOut: (usd: string) => `${exactMoneyText(usd)} out`,
  otherPricesOnly: 'other prices only',
  units: (count: number) => plural(count, 'unit', 'units'),
  tiers: (count: number) => plural(count, 'tier', 'tiers'),
  tierOf: (name: string) => `, tier ${name}`,
  tierNamed: (name: string) => `Tier ${name}`,
};
