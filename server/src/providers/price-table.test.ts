import { calcPrice, findProvider } from '@pydantic/genai-prices';
import { describe, expect, it } from 'vitest';
import { costNanoUsd } from '../domain/price.ts';
import { priceFor } from './price-table.ts';

describe('the list price of a model', () => {
  // promise: Prices are integers: nano-dollars per million tokens (or per unit).
  it('is whole nano-dollars per million tokens in our buckets', () => {
    expect(priceFor('openai', 'gpt-5-nano')).toEqual({ input: 50_000_000, cached_input: 5_000_000, output: 400_000_000 });
    expect(priceFor('openai', 'text-embedding-3-small')).toEqual({ input: 20_000_000 });
    expect(priceFor('anthropic', 'claude-opus-4-1-20250805')).toEqual({
      ...{ input: 15_000_000_000, cached_input: 1_500_000_000, output: 75_000_000_000 },
      ...{ cache_write: 18_750_000_000, cache_write_1h: 30_000_000_000 },
    });
  });

  it('is null, never zero, where the table does not know the model', () => {
    for (const model of ['no-such-model', '', 'constructor']) {
      expect(priceFor('openai', model)).toBeNull();
      expect(priceFor('anthropic', model)).toBeNull();
    }
    expect(priceFor('fake', 'fake-small')).toBeNull();
    expect(priceFor('anthropic', 'gpt-4o')).toBeNull();
  });

  it('is there for one fake model, so that spend can be seen without a real provider', () => {
    expect(priceFor('fake', 'fake-large')).toEqual({ input: 1_250_000_000, cached_input: 125_000_000, output: 10_000_000_000 });
    expect(priceFor('openai', 'fake-large')).toBeNull();
  });

  it('charges every model of the table what the table itself calculates', () => {
    for (const provider of ['openai', 'anthropic'] as const) {
      for (const { id } of findProvider({ providerId: provider })?.models ?? []) {
        const perMillion = priceFor(provider, id);
        if (perMillion?.input === undefined || perMillion.output === undefined) continue;
        const theirs = calcPrice({ input_tokens: 1_234, output_tokens: 567 }, id, { providerId: provider });
        const ours = costNanoUsd({ input: 1_234, output: 567 }, { id: 'p', effectiveFromMs: 0, perMillion });
        expect(Math.abs(Number(ours) / 1e9 - (theirs?.total_price ?? Number.NaN)), id).toBeLessThanOrEqual(1e-9);
      }
    }
  });
});
