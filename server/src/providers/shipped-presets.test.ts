import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { claims } from '../../test/prove/capability-claims.ts';
import { priceFor } from './price-table.ts';
import { BadPresets, PROVEN_PRESETS, shippedPresets } from './shipped-presets.ts';

const rows = () => JSON.parse(readFileSync(new URL('./presets.json', import.meta.url), 'utf8')) as Record<string, unknown>[];
const withUrl = (id: string, base_url: string) => () =>
  shippedPresets(JSON.stringify(rows().map((row) => (row.id === id ? { ...row, base_url } : row))));

describe('the shipped presets', () => {
  test('are the vendors that the guide lists, each with an address of its own', () => {
    const presets = shippedPresets();
    expect(presets.map(({ id }) => id).sort()).toEqual([
      ...['alibaba', 'baseten', 'cerebras', 'deepinfra', 'deepseek', 'fireworks', 'gemini-openai', 'groq', 'huggingface', 'jina'],
      ...['llamacpp', 'lmstudio', 'minimax', 'mistral', 'moonshotai', 'ollama', 'openrouter', 'perplexity', 'togetherai'],
      ...['vllm', 'xai', 'zai'],
    ]);
    expect(new Set(presets.map(({ baseUrl }) => baseUrl)).size).toBe(presets.length);
  });

  test('are called proven where a recorded answer shows it, and only there', () => {
    const ids = new Set(shippedPresets().map(({ id }) => id));
    const shown = claims().filter(({ provider, proven }) => ids.has(provider) && proven.has('usage'));
    expect([...PROVEN_PRESETS].sort()).toEqual(shown.map(({ provider }) => provider).sort());
  });

  test('name vendors that the price list has', () => {
    // The list throws nothing for a vendor that it does not know, so a model of each is looked up.
    const models: Readonly<Record<string, string>> = {
      ...{ groq: 'llama-3.3-70b-versatile', mistral: 'mistral-large-latest', deepseek: 'deepseek-chat', 'x-ai': 'grok-4' },
      ...{ openrouter: 'openai/gpt-4o', perplexity: 'sonar', together: 'meta-llama/Llama-3.3-70B-Instruct-Turbo' },
      ...{
        moonshotai: 'kimi-k2.5',
        google: 'gemini-2.5-pro',
        fireworks: 'accounts/fireworks/models/deepseek-v3p2',
        cerebras: 'gpt-oss-120b',
      },
      ...{ baseten: 'openai/gpt-oss-120b', zai: 'glm-5.2', minimax: 'MiniMax-M2' },
    };
    for (const { id, prices } of shippedPresets())
      if (prices !== null) expect([id, prices, priceFor(prices, models[prices] ?? '') !== null]).toEqual([id, prices, true]);
  });

  test.each([
    ['groq', 'http://api.groq.com/openai/v1', 'must begin with https://'],
    ['groq', 'https://user:word@api.groq.com/openai/v1', 'must not contain a user name or password'],
    ['groq', 'https://127.0.0.1/v1', 'not a public address'],
    ['groq', 'https://10.1.2.3/v1', 'not a public address'],
    ['groq', 'https://169.254.169.254/latest', 'not a public address'],
    ['groq', 'https://[::1]/v1', 'not a public address'],
    ['groq', 'https://0x7f000001/v1', 'address'],
    ['groq', 'https://localhost/v1', 'localhost'],
    ['groq', 'https://metadata.google.internal/v1', 'metadata.google.internal'],
    ['groq', 'https://api.groq.com/v1?x=1', 'must not have a query'],
    ['groq', 'file:///etc/passwd', 'must begin with http'],
    ['ollama', 'http://169.254.169.254/v1', 'not a public address'],
    ['ollama', 'http://10.0.0.5/v1', 'not a public address'],
  ])('of %s cannot have the address %s', (id, url, words) => {
    expect(withUrl(id, url)).toThrow(BadPresets);
    expect(withUrl(id, url)).toThrow(new RegExp(`\\(${id}\\): base_url .*${words}`));
  });

  test.each(['', '{', 'null', '[7]', '{"presets":[]}'])('are refused with one line if the file is %j', (text) => {
    expect(() => shippedPresets(text)).toThrow(BadPresets);
    expect(() => shippedPresets(text)).toThrow(/^The shipped presets cannot be used: [^\n]+\.$/);
  });
});
