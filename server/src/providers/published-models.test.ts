import { describe, expect, it } from 'vitest';
import { parseModelName } from '../domain/tenancy/names.ts';
import { contextWindowOf, priceFor } from './price-table.ts';
import { publishedModels } from './published-models.ts';

describe('the models of the published list', () => {
  const models = publishedModels();
  const named = (provider: string, name: string) =>
    models.find((model) => model.provider === provider && model.upstreamModel === name);

  it('are each there once, under a name that a deployment may have, with the price that it would get', () => {
    expect(models.length).toBeGreaterThan(300);
    expect(new Set(models.map(({ provider, upstreamModel }) => `${provider} ${upstreamModel}`)).size).toBe(models.length);
    for (const { provider, upstreamModel, price, contextWindow } of models) {
      expect(parseModelName(upstreamModel).is, upstreamModel).toBe('valid');
      expect(price, upstreamModel).toEqual(priceFor(provider, upstreamModel));
      expect(contextWindow, upstreamModel).toBe(contextWindowOf(provider, upstreamModel));
    }
  });

  it('have the names of AWS’s regions without the list’s own word', () => {
    expect(named('bedrock', 'anthropic.claude-sonnet-4-5-20250929-v1:0')?.price?.perMillion.input).toBe(3_300_000_000);
    expect(models.filter(({ upstreamModel }) => upstreamModel.startsWith('regional.'))).toEqual([]);
  });

  it('of Gemini’s own API are Google’s, and of Vertex AI also those of others', () => {
    expect(named('vertex', 'claude-3-5-haiku')).toBeDefined();
    expect(named('gemini', 'claude-3-5-haiku')).toBeUndefined();
    expect(named('gemini', 'gemini-2.5-flash')).toBeDefined();
  });

  it('do not include rules for families of names', () => {
    expect(named('openai', 'gpt-4o')?.features).toEqual(['prompt_caching', 'web_search']);
    expect(models.filter(({ upstreamModel }) => /^ft:|-$/.test(upstreamModel))).toEqual([]);
  });

  it('have our own price if the list charges only by the hour, and say that a vendor withdraws one', () => {
    const price = { perMillion: { input: 0 }, units: { perUnit: { second_input: 100_000 } } };
    expect(named('openai', 'whisper-1')).toMatchObject({ price, features: [] });
    expect(named('gemini', 'gemini-2.5-flash-preview')?.isDeprecated).toBe(true);
  });
});
