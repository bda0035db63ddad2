import type { Price } from '../domain/money/price.ts';

/** The content of a list price, without its version. */
type UnitPrice = Pick<Price, 'perMillion' | 'units'>;

/**
 * List prices of models that are not billed by tokens, which the published list of token prices lacks. `input: 0` says that tokens
 * cost nothing there. They were written down by hand. docs/vendor-facts.md says where each was found, and what was not found.
 */
const PRICES: Readonly<Record<string, UnitPrice>> = {
  'openai omni-moderation-latest': { perMillion: { input: 0 } },
  'openai omni-moderation-2024-09-26': { perMillion: { input: 0 } },
  'openai whisper-1': { perMillion: { input: 0 }, units: { perUnit: { second_input: 100_000 } } },
  'openai tts-1': { perMillion: { input: 0 }, units: { perUnit: { character: 15_000 } } },
  'openai tts-1-hd': { perMillion: { input: 0 }, units: { perUnit: { character: 30_000 } } },
  'cohere rerank-v3.5': { perMillion: { input: 0 }, units: { perUnit: { search_unit: 2_000_000 } } },
};

/** The edition of these prices. */
export const UNIT_PRICES_EDITION = 'unit prices of 2026-11';

/** Returns the list price of a model that is not billed by tokens; null if there is none. */
export function unitPriceFor(provider: string, upstreamModel: string): UnitPrice | null {
  return Object.hasOwn(PRICES, `${provider} ${upstreamModel}`) ? (PRICES[`${provider} ${upstreamModel}`] ?? null) : null;
}
