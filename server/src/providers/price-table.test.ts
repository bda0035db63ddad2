import { readFileSync } from 'node:fs';
import { calcPrice, findProvider } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costNanoUsd, withRequestFee } from '../domain/money/price.ts';
import type { Usage } from '../domain/usage/usage.ts';
import { contextWindowOf, listPriceOf, PRICE_LIST_EDITION, priceFor } from './price-table.ts';
import { UNIT_PRICES_EDITION, unitPriceFor } from './unit-prices.ts';

describe('the list price of a model', () => {
  // promise: Prices are integers: nano-dollars per million tokens (or per unit).
  it('is whole nano-dollars per million tokens in our buckets, and for one piece', () => {
    expect(priceFor('openai', 'gpt-5-nano')).toEqual({
      perMillion: { input: 50_000_000, cached_input: 5_000_000, output: 400_000_000 },
      units: { perUnit: { search: 10_000_000 } },
    });
    expect(priceFor('openai', 'text-embedding-3-small')).toEqual({ perMillion: { input: 20_000_000 } });
    expect(priceFor('anthropic', 'claude-opus-4-1-20250805')).toEqual({
      perMillion: {
        ...{ input: 15_000_000_000, cached_input: 1_500_000_000, output: 75_000_000_000 },
        ...{ cache_write: 18_750_000_000, cache_write_1h: 30_000_000_000 },
      },
      units: { perUnit: { search: 10_000_000 } },
    });
    for (const name of ['gemini-2.5-flash', 'models/gemini-2.5-flash'])
      expect(priceFor('gemini', name)?.perMillion).toEqual({
        ...{ input: 300_000_000, cached_input: 30_000_000, audio_input: 1_000_000_000, output: 2_500_000_000 },
      });
  });

  it('is that of Cohere’s and Voyage’s models, and of Gemini’s embeddings', () => {
    expect(priceFor('cohere', 'command-a-03-2025')).toEqual({ perMillion: { input: 2_500_000_000, output: 10_000_000_000 } });
    expect(priceFor('cohere', 'embed-v4.0')?.perMillion.input).toBe(120_000_000);
    expect(priceFor('voyage', 'voyage-3.5')?.perMillion.input).toBe(60_000_000);
    expect(priceFor('gemini', 'gemini-embedding-001')?.perMillion.input).toBe(150_000_000);
  });

  it('of a model at a cloud is that of the cloud, by the names that the cloud gives it', () => {
    expect(priceFor('azure', 'gpt-4o')?.perMillion).toMatchObject({ input: 2_500_000_000, output: 10_000_000_000 });
    expect(priceFor('azure', 'our-deployment')).toBeNull();
    const sonnet = priceFor('vertex', 'claude-sonnet-4-5@20250929');
    expect(sonnet?.perMillion).toMatchObject({ input: 3_000_000_000, output: 15_000_000_000 });
    expect(priceFor('vertex', 'publishers/anthropic/models/claude-sonnet-4-5@20250929')).toEqual(sonnet);
    for (const name of ['gemini-2.5-flash', 'publishers/google/models/gemini-2.5-flash'])
      expect(priceFor('vertex', name)).toEqual(priceFor('gemini', 'gemini-2.5-flash'));
    expect(priceFor('vertex', 'meta/llama-3.3-70b-instruct-maas')).toBeNull();
  });

  it('holds the tiers of long prompts, each as a whole', () => {
    expect(priceFor('openai', 'gpt-5.4')).toEqual({
      perMillion: { input: 2_500_000_000, cached_input: 250_000_000, output: 15_000_000_000 },
      units: {
        perUnit: { search: 10_000_000 },
        contextTiers: [
          {
            aboveInputTokens: 271_999,
            perMillion: { input: 5_000_000_000, cached_input: 500_000_000, output: 22_500_000_000 },
          },
        ],
      },
    });
  });

  it('of a model at Bedrock has the surcharge of its region, by any of its names', () => {
    const id = 'anthropic.claude-sonnet-4-5-20250929-v1:0';
    const regional = { input: 3_300_000_000, cached_input: 330_000_000, cache_write: 4_125_000_000, output: 16_500_000_000 };
    expect(priceFor('bedrock', `us.${id}`)?.perMillion).toEqual(regional);
    expect(priceFor('bedrock', `arn:aws:bedrock:us-east-1:1:inference-profile/us.${id}`)?.perMillion).toEqual(regional);
    expect(priceFor('bedrock', `global.${id}`)?.perMillion).toMatchObject({ input: 3_000_000_000 });
    expect(priceFor('bedrock', 'arn:aws:bedrock:us-east-1:1:application-inference-profile/x')).toBeNull();
    expect(contextWindowOf('bedrock', 'us.amazon.nova-micro-v1:0')).toBe(128_000);
  });

  it('is null, never zero, where the list does not know the model', () => {
    for (const model of ['no-such-model', '', 'constructor']) {
      expect(priceFor('openai', model)).toBeNull();
      expect(priceFor('anthropic', model)).toBeNull();
    }
    expect(priceFor('fake', 'fake-small')).toBeNull();
    expect(priceFor('anthropic', 'gpt-4o')).toBeNull();
  });

  it('is there for one fake model, so that spend can be seen without a real provider', () => {
    expect(priceFor('fake', 'fake-large')).toEqual({
      perMillion: { input: 1_250_000_000, cached_input: 125_000_000, output: 10_000_000_000 },
    });
    expect(priceFor('openai', 'fake-large')).toBeNull();
  });

  it('has the context window of a model that the list knows, and null for others', () => {
    expect(contextWindowOf('openai', 'gpt-4o')).toBe(128_000);
    expect(contextWindowOf('openai', 'no-such-model')).toBeNull();
    expect(contextWindowOf('fake', 'fake-small')).toBeNull();
  });

  it('names the edition that is installed', () => {
    const file = new URL('../../package.json', import.meta.url);
    const { dependencies } = JSON.parse(readFileSync(file, 'utf8')) as { readonly dependencies: Record<string, string> };
    expect(PRICE_LIST_EDITION).toBe(`@pydantic/genai-prices ${dependencies['@pydantic/genai-prices']}, ${UNIT_PRICES_EDITION}`);
  });
});

const PROVIDERS = ['openai', 'anthropic', 'google', 'perplexity', 'x-ai', 'groq', 'mistral', 'moonshotai', 'openrouter'];
const MODELS = PROVIDERS.flatMap((provider) =>
  (findProvider({ providerId: provider })?.models ?? []).map(({ id }) => [provider, id] as const),
);
const PLAIN = ['input', 'cached_input', 'cache_write', 'output', 'reasoning', 'search'] as const;

describe('every model of the list', () => {
  it('costs what the list itself calculates, at any length of the prompt, with searches and fees', () => {
    const amount = fc.oneof(fc.nat(2_000), fc.nat(300_000));
    fc.assert(
      fc.property(fc.constantFrom(...MODELS), fc.tuple(...PLAIN.map(() => amount)), ([provider, model], amounts) => {
        const used = Object.fromEntries(PLAIN.map((name, at) => [name, amounts[at] as number])) as Record<
          (typeof PLAIN)[number],
          number
        >;
        const theirs = calcPrice(asTheirs(used), model, { providerId: provider });
        if (theirs === null) return;
        const price = { id: 'p', effectiveFromMs: 0, ...listPriceOf(theirs.model_price) };
        // A partial price, or one in units that we do not count, is no price for chat.
        if (price.perMillion.input === undefined || price.perMillion.output === undefined) return;
        const ours = costNanoUsd(withRequestFee(used, price), price);
        expect(Math.abs(Number(ours) / 1e9 - theirs.total_price), model).toBeLessThanOrEqual(1e-9 + theirs.total_price * 1e-12);
      }),
      { numRuns: 5_000 },
    );
  });
});

/** Converts our usage to the list's, whose totals include their parts. */
function asTheirs({
  input,
  cached_input,
  cache_write,
  output,
  reasoning,
  search,
}: Required<Pick<Usage, (typeof PLAIN)[number]>>) {
  return {
    input_tokens: input + cached_input + cache_write,
    cache_read_tokens: cached_input,
    cache_write_tokens: cache_write,
    output_tokens: output + reasoning,
    output_reasoning_tokens: reasoning,
    web_searches: search,
  };
}

describe('the list price of a model that is not billed by tokens', () => {
  it('says zero where the vendor does, and is none for others', () => {
    expect(priceFor('openai', 'omni-moderation-latest')).toEqual({ perMillion: { input: 0 } });
    expect(priceFor('cohere', 'rerank-v3.5')).toEqual({
      perMillion: { input: 0 },
      units: { perUnit: { search_unit: 2_000_000 } },
    });
    expect(priceFor('openai', 'tts-1-hd')).toEqual({ perMillion: { input: 0 }, units: { perUnit: { character: 30_000 } } });
    for (const name of ['toString', 'omni-moderation-2099', '__proto__']) expect(unitPriceFor('openai', name)).toBeNull();
  });
});
