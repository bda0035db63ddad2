import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { readLiteLlmEntry } from './litellm-prices.ts';
import { isPrice } from './price-units.ts';

const TODAY = '2026-03-10';
const read = (name: string, value: unknown) => readLiteLlmEntry(name, value, TODAY);
const OPENAI = { litellm_provider: 'openai', mode: 'chat' };

/** Written by hand in the form of the list. */
const WHOLE = {
  ...OPENAI,
  ...{ max_tokens: 16_384, max_input_tokens: 128_000, max_output_tokens: 16_384 },
  ...{ input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5, cache_read_input_token_cost: 1.25e-6 },
  ...{ input_cost_per_token_batches: 1.25e-6, output_cost_per_token_priority: 2e-5 },
  ...{ input_cost_per_token_above_200k_tokens: 5e-6, output_cost_per_token_above_200k_tokens: 1.5e-5 },
  search_context_cost_per_query: { search_context_size_low: 0.03, search_context_size_high: 0.05 },
  ...{ supports_vision: true, supports_function_calling: true, supports_pdf_input: false },
  ...{ input_cost_per_image: 0.001, source: 'https://vendor.example/cost', deprecation_date: '2026-01-01' },
};

describe('an entry of a list in LiteLLM’s form', () => {
  it('is read with its tiers, its dearest search, its limits and features, and says what it has no place for', () => {
    expect(read('gpt-x', WHOLE)).toEqual({
      is: 'read',
      entry: {
        ...{ provider: 'openai', upstreamModel: 'gpt-x', contextWindow: 128_000, maxOutputTokens: 16_384, isDeprecated: true },
        ...{ features: ['tools', 'vision'], ignored: ['input_cost_per_image'] },
        price: {
          perMillion: { input: 2_500_000_000, output: 10_000_000_000, cached_input: 1_250_000_000 },
          units: {
            perUnit: { search: 50_000_000 },
            contextTiers: [{ aboveInputTokens: 200_000, perMillion: { input: 5_000_000_000, output: 15_000_000_000 } }],
            serviceTiers: {
              batch: { perMillion: { input: 1_250_000_000 } },
              priority: { perMillion: { output: 20_000_000_000 } },
            },
          },
        },
      },
    });
  });

  test.each([
    ['gemini/gemini-x', 'gemini', 'gemini', 'gemini-x'],
    ['azure/gpt-x', 'azure', 'azure', 'gpt-x'],
    ['eu.anthropic.claude-x-v1:0', 'bedrock_converse', 'bedrock', 'eu.anthropic.claude-x-v1:0'],
    ['vertex_ai/meta/llama-x', 'vertex_ai-llama_models', 'vertex', 'meta/llama-x'],
    ['claude-x', 'vertex_ai-anthropic_models', 'vertex', 'claude-x'],
    ['command-x', 'cohere_chat', 'cohere', 'command-x'],
    ['voyage/voyage-x', 'voyage', 'voyage', 'voyage-x'],
    ['groq/openai/gpt-oss', 'groq', 'groq', 'openai/gpt-oss'],
    ['mistral/mistral-x', 'mistral', 'mistral', 'mistral-x'],
    ['deepseek-x', 'deepseek', 'deepseek', 'deepseek-x'],
    ['xai/grok-x', 'xai', 'xai', 'grok-x'],
    ['openrouter/openai/gpt-x:free', 'openrouter', 'openrouter', 'openai/gpt-x:free'],
    ['perplexity/sonar', 'perplexity', 'perplexity', 'sonar'],
    ['together_ai/meta-llama/Llama-x', 'together_ai', 'togetherai', 'meta-llama/Llama-x'],
    ['moonshot/kimi-x', 'moonshot', 'moonshotai', 'kimi-x'],
    ['deepinfra/Qwen/Qwen-x', 'deepinfra', 'deepinfra', 'Qwen/Qwen-x'],
    ['dashscope/qwen-x', 'dashscope', 'alibaba', 'qwen-x'],
    ['fireworks_ai/accounts/fireworks/models/x', 'fireworks_ai', 'fireworks', 'accounts/fireworks/models/x'],
    ['fireworks_ai/nomic-ai/x', 'fireworks_ai-embedding-models', 'fireworks', 'nomic-ai/x'],
    ['cerebras/llama-x', 'cerebras', 'cerebras', 'llama-x'],
    ['huggingface/org/x', 'huggingface', 'huggingface', 'org/x'],
    ['baseten/org/x', 'baseten', 'baseten', 'org/x'],
    ['zai/glm-x', 'zai', 'zai', 'glm-x'],
    ['jina-reranker-x', 'jina_ai', 'jina', 'jina-reranker-x'],
    ['minimax/MiniMax-x', 'minimax', 'minimax', 'MiniMax-x'],
  ])('%s of %s is at %s the model %s', (name, litellm_provider, provider, upstreamModel) => {
    const answer = read(name, { litellm_provider, input_cost_per_token: 1e-6 });
    expect(answer).toMatchObject({ is: 'read', entry: { provider, upstreamModel } });
  });

  test.each([
    ['sample_spec', {}],
    ['sambanova/llama', { litellm_provider: 'sambanova' }],
    ['ollama/llama', { litellm_provider: 'ollama', input_cost_per_token: 0 }],
    ['together-ai-4.1b-8b', { litellm_provider: 'together_ai', input_cost_per_token: 2e-7 }],
    ['azure/eu/gpt-x', { litellm_provider: 'azure' }],
    ['bedrock/us-east-1/anthropic.claude-x', { litellm_provider: 'bedrock' }],
    ['1024-x-1024/dall-e', OPENAI],
  ])('%s is skipped', (name, value) => {
    expect(read(name, value).is).toBe('skipped');
  });

  test.each([
    ['a negative price', { input_cost_per_token: -1e-6 }, 'must not be negative'],
    ['a text', { input_cost_per_token: '0.000001' }, 'must be a number'],
    ['infinity', { input_cost_per_token: JSON.parse('1e999') }, 'not a finite number'],
    ['not a number', { input_cost_per_token: Number.NaN }, 'not a finite number'],
    ['1e30', { output_cost_per_token: 1e30 }, 'not plausible: more than 100000 USD per million'],
    ['1e-30', { output_cost_per_token: 1e-30 }, 'less than a billionth'],
    ['a true', { input_cost_per_token: true }, 'must be a number'],
    ['a list', { search_context_cost_per_query: [0.1] }, 'must be an object'],
    ['no search at all', { search_context_cost_per_query: {} }, 'must have 1 to 10 prices'],
    ['infinite tokens', { max_input_tokens: JSON.parse('1e999') }, 'whole number'],
    ['half a token', { max_output_tokens: 0.5 }, 'whole number'],
    ['tokens as text', { max_input_tokens: 'max input tokens' }, 'whole number'],
    ['zeros alone', { input_cost_per_token: 0, output_cost_per_token: 0 }, 'all of its prices are 0'],
  ])('with %s is refused and says why', (_, value, reason) => {
    expect(read('gpt-x', { ...OPENAI, ...value })).toEqual({ is: 'refused', reason: expect.stringContaining(reason) });
  });

  it('is of a preset that people added if the names agree', () => {
    const entry = { litellm_provider: 'nvidia_nim', input_cost_per_token: 1e-6 };
    const added = new Set(['nvidia-nim', 'acme']);
    expect(readLiteLlmEntry('nvidia_nim/meta/llama-x', entry, TODAY, added)).toMatchObject({
      entry: { provider: 'nvidia-nim', upstreamModel: 'meta/llama-x' },
    });
    for (const listed of ['nvidia', 'nvidia_nim2', '__proto__'])
      expect(readLiteLlmEntry('x', { ...entry, litellm_provider: listed }, TODAY, added).is).toBe('skipped');
  });

  it('has a price of search units', () => {
    const rerank = { litellm_provider: 'cohere', input_cost_per_token: 0, input_cost_per_query: 0.002 };
    expect(read('rerank-x', rerank)).toMatchObject({ entry: { price: { units: { perUnit: { search_unit: 2_000_000 } } } } });
  });

  test.each([null, 5, 'text', [], { mode: 'chat' }, { litellm_provider: 5 }])('that is %j is refused', (value) => {
    expect(read('gpt-x', value).is).toBe('refused');
  });

  it.each(['', 'a b', 'x'.repeat(201), 'a\u202Eb', '*'])('with the name %j is refused', (name) => {
    expect(read(name, OPENAI).is).toBe('refused');
  });

  it('without a cost of tokens is known without a price, never as free', () => {
    expect(read('whisper-x', { ...OPENAI, input_cost_per_second: 0.0001 })).toMatchObject({ is: 'read', entry: { price: null } });
    expect(read('gpt-x', OPENAI)).toMatchObject({ entry: { price: null, contextWindow: null, features: [] } });
  });

  it('is read or refused whatever it holds, and a price of it is a valid one', () => {
    const names = [
      ...Object.keys(WHOLE),
      '__proto__',
      'constructor',
      'output_cost_per_image',
      'input_cost_per_token_above_1k_tokens',
    ];
    const value = fc.oneof(fc.double(), fc.integer(), fc.string(), fc.boolean(), fc.constant(null), fc.object({ maxDepth: 1 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), value)), (pairs) => {
        const answer = read('gpt-x', { ...OPENAI, ...Object.fromEntries(pairs), litellm_provider: 'openai' });
        if (answer.is === 'read' && answer.entry.price !== null)
          expect(isPrice(answer.entry.price.perMillion, answer.entry.price.units)).toBe(true);
      }),
    );
  });
});
