import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { USAGE_BUCKETS, type Usage } from '../domain/usage/usage.ts';
import { messageUsage } from './anthropic-messages/usage.ts';
import type { JsonObject } from './dialect.ts';
import { chatUsage } from './openai-chat/usage.ts';
import { COUNT_MAX, type Reported, SUM_MAX } from './plausible.ts';
import { anthropicUsage, openAiUsage, tierOf, usageOf } from './usage.ts';

const sum = (usage: Usage | null) => USAGE_BUCKETS.reduce((total, bucket) => total + (usage?.[bucket] ?? 0), 0);
const believable = (reported: Reported): Usage | null => {
  if (reported === 'implausible') throw new Error('the usage was not believed');
  return reported;
};

describe('OpenAI’s overlapping numbers', () => {
  it('are taken apart', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 40, audio_tokens: 10, image_tokens: 5, cache_write_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 7 },
    };
    expect(openAiUsage(usage)).toEqual({
      ...{ input: 42, cached_input: 40, cache_write: 3, audio_input: 10, image_input: 5 },
      ...{ output: 23, reasoning: 20, audio_output: 7 },
    });
  });

  it.each<[string, JsonObject, Usage]>([
    [
      'DeepSeek',
      { prompt_tokens: 10, completion_tokens: 1, prompt_cache_hit_tokens: 8, prompt_cache_miss_tokens: 2 },
      { input: 2, cached_input: 8, output: 1 },
    ],
    ['Moonshot', { prompt_tokens: 10, completion_tokens: 1, cached_tokens: 8 }, { input: 2, cached_input: 8, output: 1 }],
    [
      'xAI, whose reasoning comes on top',
      {
        prompt_tokens: 307,
        completion_tokens: 26,
        total_tokens: 560,
        prompt_tokens_details: { cached_tokens: 306 },
        completion_tokens_details: { reasoning_tokens: 227 },
      },
      { input: 1, cached_input: 306, output: 26, reasoning: 227 },
    ],
    [
      'Gemini, whose thinking is in the total alone',
      { prompt_tokens: 35, completion_tokens: 12, total_tokens: 109 },
      { input: 35, output: 12, reasoning: 62 },
    ],
    [
      'Perplexity, whose reasoning and sources are in no total',
      { prompt_tokens: 33, completion_tokens: 70, total_tokens: 103, reasoning_tokens: 500, citation_tokens: 20 },
      { input: 53, output: 70, reasoning: 500 },
    ],
    ['Voyage, which knows a total only', { total_tokens: 12 }, { input: 12, output: 0 }],
  ])('of %s', (_vendor, reported, usage) => {
    expect(openAiUsage(reported)).toEqual(usage);
  });

  it('are found in Groq’s own field too, and are null where none are', () => {
    expect(usageOf('openai-chat', { x_groq: { usage: { prompt_tokens: 1, completion_tokens: 2 } } })).toEqual({
      input: 1,
      output: 2,
    });
    expect(usageOf('openai-chat', { usage: null })).toBeNull();
    expect(usageOf('openai-chat', { usage: {} })).toBeNull();
    expect(usageOf('anthropic-count-tokens', { input_tokens: 5 })).toBeNull();
  });

  it('are believed or not as a whole: never negative, never more than they are part of, whatever a server writes', () => {
    const number = fc.oneof({ weight: 12, arbitrary: fc.nat(1000) }, { weight: 1, arbitrary: anyNumber });
    const report = fc.record({
      prompt_tokens: number,
      completion_tokens: number,
      total_tokens: number,
      reasoning_tokens: number,
      prompt_tokens_details: fc.option(
        fc.record({ cached_tokens: number, audio_tokens: number, image_tokens: number, cache_write_tokens: number }),
      ),
      completion_tokens_details: fc.option(fc.record({ reasoning_tokens: number, audio_tokens: number, image_tokens: number })),
    });
    fc.assert(
      fc.property(report, (usage) => {
        const read = openAiUsage(usage);
        if (!everyCount(usage)) expect(read === null || read === 'implausible').toBe(true);
        if (read !== null && read !== 'implausible') expectBelievable(read);
      }),
    );
  });

  it.each<[string, JsonObject]>([
    ['more read from a cache than there is input', { prompt_tokens: 10, prompt_tokens_details: { cached_tokens: 11 } }],
    ['DeepSeek’s cache above its input', { prompt_tokens: 10, prompt_cache_hit_tokens: 11 }],
    ['Moonshot’s cache above its input', { prompt_tokens: 10, cached_tokens: 11 }],
    ['2^64 − 1 tokens', { prompt_tokens: 18446744073709551615n as unknown as number }],
    ['2^64 − 1 tokens, as JSON reads it', JSON.parse('{"prompt_tokens":18446744073709551615}')],
    ['a number without end', JSON.parse('{"prompt_tokens":1,"completion_tokens":1e999}')],
    ['a string', { prompt_tokens: '10', completion_tokens: 1 }],
    ['half a token', { prompt_tokens: 10.5 }],
    ['less than nothing', { prompt_tokens: 10, completion_tokens: -1 }],
    ['one above the bound', { prompt_tokens: COUNT_MAX + 1 }],
    [
      'together above the bound',
      { prompt_tokens: COUNT_MAX, completion_tokens: COUNT_MAX, reasoning_tokens: COUNT_MAX, citation_tokens: 1 },
    ],
    ['a total of nothing that is known', { prompt_tokens: 1, completion_tokens: 1, total_tokens: SUM_MAX + 1 }],
    ['an object', { prompt_tokens: { value: 1 } }],
    ['a bad detail', { prompt_tokens: 10, completion_tokens: 2, completion_tokens_details: { reasoning_tokens: true } }],
  ])('are not believed: %s', (_what, reported) => {
    expect(openAiUsage(reported)).toBe('implausible');
    expect(usageOf('openai-chat', { x_groq: { usage: reported } })).toBe('implausible');
  });

  it('are believed at the bounds, and where vendors write null for what they do not count', () => {
    expect(openAiUsage({ prompt_tokens: COUNT_MAX, completion_tokens: COUNT_MAX, reasoning_tokens: COUNT_MAX })).toEqual({
      input: COUNT_MAX,
      output: COUNT_MAX,
      reasoning: COUNT_MAX,
    });
    const nulls = {
      prompt_tokens: 3,
      completion_tokens: null,
      total_tokens: null,
      prompt_tokens_details: { cached_tokens: null },
    };
    expect(openAiUsage(nulls)).toEqual({ input: 3, output: 0 });
    expect(Object.is(believable(openAiUsage({ prompt_tokens: -0, completion_tokens: 1 }))?.input, 0)).toBe(true);
  });
});

const anyNumber = fc.constantFrom(-5, 1.5, Number.NaN, Number.POSITIVE_INFINITY, null, '7', undefined, 2 ** 60, true, {}, []);

function everyCount(value: unknown): boolean {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0)
    return Object.values(value).every(everyCount);
  return (
    value === null || value === undefined || (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= COUNT_MAX)
  );
}

function expectBelievable(usage: Usage): void {
  for (const value of Object.values(usage)) expect(Number.isInteger(value) && value >= 0 && value <= COUNT_MAX).toBe(true);
  expect(sum(usage)).toBeLessThanOrEqual(SUM_MAX);
}

describe('what is billed beside the tokens', () => {
  it('is counted by whatever name a vendor has for it', () => {
    const chat = { prompt_tokens: 3, completion_tokens: 1 };
    for (const more of [{ num_sources_used: 4 }, { num_search_queries: 4 }, { server_tool_use: { web_search_requests: 4 } }]) {
      expect(openAiUsage({ ...chat, ...more })).toEqual({ input: 3, output: 1, search: 4 });
    }
    expect(openAiUsage({ ...chat, num_sources_used: 0 })).toEqual({ input: 3, output: 1, search: 0 });
    const message = { input_tokens: 3, output_tokens: 1, server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 } };
    expect(anthropicUsage(message)).toEqual({ input: 3, output: 1, search: 2 });
  });

  // promise: **Provider numbers are foreign input.**
  // promise: Each usage bucket is a whole number from 0 to 100,000,000
  it.each([1.5, -1, '4', 10_001, 2 ** 64, Number.MAX_VALUE, {}])('of %j pieces makes all of it unbelievable', (searches) => {
    expect(openAiUsage({ prompt_tokens: 3, completion_tokens: 1, num_sources_used: searches })).toBe('implausible');
    const server_tool_use = { web_search_requests: searches };
    expect(anthropicUsage({ input_tokens: 3, output_tokens: 1, server_tool_use })).toBe('implausible');
  });

  it('is what a compaction read and wrote, which no other number holds', () => {
    const iterations = [
      { type: 'compaction', input_tokens: 180_000, output_tokens: 3_500, cache_read_input_tokens: 10 },
      { type: 'message', input_tokens: 23_000, output_tokens: 1_000 },
    ];
    const usage = { input_tokens: 23_000, output_tokens: 1_000, iterations };
    expect(anthropicUsage(usage)).toEqual({ input: 203_000, cached_input: 10, output: 4_500 });
    expect(anthropicUsage({ ...usage, iterations: [{ type: 'compaction', input_tokens: -1 }] })).toBe('implausible');
    expect(anthropicUsage({ ...usage, iterations: 'none' })).toEqual({ input: 23_000, output: 1_000 });
  });
});

describe('the tier that an answer was billed at', () => {
  it.each<[JsonObject, string | null]>([
    [{}, null],
    [{ service_tier: null }, null],
    [{ service_tier: 'standard', inference_geo: 'not_available' }, ''],
    [{ service_tier: 'priority' }, 'priority'],
    [{ service_tier: 'standard', speed: 'fast', inference_geo: 'US' }, 'fast+us'],
    [{ speed: 'é' }, 'unknown'],
    [{ speed: 'x'.repeat(1_000) }, 'unknown'],
    [{ speed: '__proto__' }, '__proto__'],
  ])('of a message is in its usage: %j', (usage, tier) => {
    expect(tierOf('anthropic-messages', { usage, service_tier: 'flex' })).toBe(tier);
  });

  it.each<[JsonObject, string | null]>([
    [{ service_tier: 'default' }, ''],
    [{ service_tier: 'on_demand' }, ''],
    [{ service_tier: 'flex' }, 'flex'],
    [{ service_tier: 7 }, null],
    [{ usage: { service_tier: 'flex' } }, null],
  ])('of a completion stands beside it: %j', (answer, tier) => {
    expect(tierOf('openai-chat', answer)).toBe(tier);
  });
});

describe('Anthropic’s numbers', () => {
  it('keep the two kinds of cache writes apart, and thinking from output', () => {
    const cache_creation = { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 };
    const usage = {
      input_tokens: 1,
      cache_read_input_tokens: 2,
      cache_creation_input_tokens: 7,
      cache_creation,
      output_tokens: 9,
      output_tokens_details: { thinking_tokens: 5 },
    };
    expect(anthropicUsage(usage)).toEqual({
      input: 1,
      cached_input: 2,
      cache_write: 3,
      cache_write_1h: 4,
      output: 4,
      reasoning: 5,
    });
  });

  it('may read more from a cache than is new, and are not believed where one is no count', () => {
    const cached = { input_tokens: 3, output_tokens: 1, cache_read_input_tokens: 90_000 };
    expect(anthropicUsage(cached)).toEqual({ input: 3, cached_input: 90_000, output: 1 });
    const bad: readonly JsonObject[] = [
      { input_tokens: 3, output_tokens: '1' },
      { input_tokens: -3, output_tokens: 1 },
      { input_tokens: 0.1 },
      { output_tokens: 2 ** 64 },
      { ...cached, cache_creation: { ephemeral_1h_input_tokens: 1.5 } },
      {
        ...cached,
        cache_creation: { ephemeral_5m_input_tokens: COUNT_MAX, ephemeral_1h_input_tokens: 1 },
        cache_read_input_tokens: 2e8,
      },
      { ...cached, output_tokens_details: { thinking_tokens: 'many' } },
      { input_tokens: COUNT_MAX, output_tokens: COUNT_MAX, cache_read_input_tokens: COUNT_MAX, cache_creation_input_tokens: 1 },
    ];
    for (const report of bad) expect(anthropicUsage(report)).toBe('implausible');
    expect(anthropicUsage({ input_tokens: null, output_tokens: null })).toBeNull();
  });

  it('take the larger where total and parts of cache writes disagree', () => {
    expect(anthropicUsage({ input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 7 })).toMatchObject({
      cache_write: 7,
    });
    const parts = { cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 } };
    expect(anthropicUsage({ input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 0, ...parts })).toMatchObject({
      cache_write: 3,
      cache_write_1h: 4,
    });
  });
});

describe('the usage of compatible servers', () => {
  const chat = (answer: JsonObject, at?: readonly (readonly string[])[]) => usageOf('openai-chat', answer, at);

  it('is read at the places that a preset names, in their order', () => {
    const [one, two] = [
      { prompt_tokens: 1, completion_tokens: 2 },
      { prompt_tokens: 3, completion_tokens: 4 },
    ];
    expect(chat({ usage: one, x_groq: { usage: two } })).toEqual({ input: 1, output: 2 });
    expect(chat({ x_groq: { usage: two } })).toEqual({ input: 3, output: 4 });
    expect(chat({ x_groq: { usage: two } }, [['usage']])).toBeNull();
    expect(chat({ usage: one, meta: { billed: { usage: two } } }, [['meta', 'billed', 'usage'], ['usage']])).toEqual({
      input: 3,
      output: 4,
    });
    expect(chat({ usage: one, meta: 7 }, [['meta', 'usage'], ['usage']])).toEqual({ input: 1, output: 2 });
  });

  it('counts reasoning beside the completion if there is more of it, unless the total says otherwise', () => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 20 } };
    expect(chat({ usage })).toEqual({ input: 10, output: 5, reasoning: 20 });
    expect(chat({ usage: { ...usage, completion_tokens_details: { reasoning_tokens: 5 } } })).toEqual({
      input: 10,
      output: 0,
      reasoning: 5,
    });
    // A total that has it too counts it once, and one that lacks it is believed.
    expect(chat({ usage: { ...usage, total_tokens: 35 } })).toEqual({ input: 10, output: 5, reasoning: 20 });
    expect(chat({ usage: { ...usage, total_tokens: 15 } })).toEqual({ input: 10, output: 0, reasoning: 5 });
  });

  it('takes what was written to a cache out of the prompt, under either name', () => {
    const details = { cached_tokens: 2, cache_creation_input_tokens: 3 };
    expect(chat({ usage: { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: details } })).toEqual({
      ...{ input: 5, cached_input: 2, cache_write: 3, output: 1 },
    });
    const wrong = { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cache_creation_input_tokens: -1 } };
    expect(chat({ usage: wrong })).toBe('implausible');
  });
});

describe('usage said in a dialect', () => {
  const tokens = fc.nat(100_000);
  const usage = fc.record({
    input: tokens,
    cached_input: tokens,
    cache_write: tokens,
    cache_write_1h: tokens,
    output: tokens,
    reasoning: tokens,
  });

  it('reads back as the same buckets from Anthropic’s words, and the same sum from OpenAI’s', () => {
    fc.assert(
      fc.property(usage, (buckets) => {
        const kept = Object.fromEntries(
          Object.entries(buckets).filter(([bucket, value]) => value > 0 || bucket === 'input' || bucket === 'output'),
        );
        expect(anthropicUsage(messageUsage(buckets))).toEqual(kept);
        const chat = believable(openAiUsage(chatUsage(buckets)));
        expect(sum(chat)).toBe(sum(buckets));
        expect(chat?.cached_input ?? 0).toBe(buckets.cached_input);
      }),
    );
  });
});
