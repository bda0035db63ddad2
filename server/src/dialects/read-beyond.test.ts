import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Beyond, NOTHING_BEYOND, unitOf } from '../domain/money/beyond.ts';
import type { JsonObject, Wire } from './dialect.ts';
import { beyondInBetas } from './read-beyond.ts';
import { readFacts } from './read-facts.ts';

const body = (more: JsonObject): JsonObject => ({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more });
function beyondOf(wire: Wire, more: JsonObject, betas?: string): readonly Beyond[] {
  const reading = readFacts(wire, body(more), betas);
  if (!reading.ok) throw new Error(reading.problem.message);
  return reading.facts.beyond;
}
const named = (wire: Wire, more: JsonObject, betas?: string) => beyondOf(wire, more, betas).map(unitOf);
const MESSAGES = 'anthropic-messages';
const CHAT = 'openai-chat';

describe('what a request asks for beyond ordinary tokens', () => {
  it('is the one empty list for nearly all', () => {
    const tools = [
      { name: 'a', input_schema: {} },
      { type: 'custom', name: 'b' },
    ];
    expect(beyondOf(MESSAGES, { tools, thinking: { type: 'enabled' } })).toBe(NOTHING_BEYOND);
    expect(beyondOf(CHAT, { tools: [{ type: 'function', function: {} }], reasoning_effort: 'high' })).toBe(NOTHING_BEYOND);
    expect(beyondOf('openai-embeddings', { input: 'x', service_tier: 'flex' })).toBe(NOTHING_BEYOND);
    expect(beyondOf('anthropic-count-tokens', { mcp_servers: [{}] })).toBe(NOTHING_BEYOND);
  });

  it('names each by its field', () => {
    const tools = [
      { type: 'bash_20250124' },
      { type: 'web_search_20260209', max_uses: 4 },
      { type: 'web_fetch_20250910' },
      { type: 'mcp_toolset' },
    ];
    const found = beyondOf(MESSAGES, { tools, mcp_servers: [{}], container: 'c', speed: 'fast', service_tier: 'auto' }, 'new-1');
    expect(found).toMatchObject([
      { is: 'lookups', param: 'tools[1].type', lookups: { unit: 'search', most: 4, boundParam: 'tools[1].max_uses' } },
      { is: 'lookups', param: 'tools[2].type', lookups: { unit: 'fetch', most: null } },
      { is: 'other', param: 'tools[3].type', unit: 'tool:mcp_toolset' },
      { is: 'described', tools: 4 },
      { param: 'mcp_servers' },
      { param: 'container' },
      { is: 'tier', param: 'speed', tier: 'fast' },
      { param: 'anthropic-beta', unit: 'beta:new-1' },
    ]);
  });

  it.each<[JsonObject, string[]]>([
    [{ service_tier: 'priority', speed: 'fast', inference_geo: 'US' }, ['service_tier:priority+fast+us']],
    [{ service_tier: 'standard_only' }, ['service_tier:']],
    [{ service_tier: 'standard_only', speed: 'fast' }, ['service_tier:fast']],
    [{ service_tier: 'auto', speed: null, inference_geo: 'global' }, ['service_tier:']],
    [{ service_tier: 'auto' }, []],
    [{ context_management: { edits: [{ type: 'clear_tool_uses_20250919' }, { type: 'compact_20260112' }] } }, ['compaction']],
    [{ cache_control: { type: 'ephemeral' } }, ['cache_write']],
    [{ system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } }] }, ['cache_write_1h']],
    [
      {
        tools: [
          { name: 'a', cache_control: { ttl: '5m' } },
          { name: 'b', cache_control: { ttl: '1d' } },
        ],
      },
      ['cache_write', 'cache_write:1d'],
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'tool_result', content: [{ type: 'text', cache_control: {} }] }] }] },
      ['cache_write'],
    ],
    [{ cache_control: null, tools: [{ name: 'a', cache_control: null }] }, []],
  ])('reads messages: %j', (more, units) => {
    expect(named(MESSAGES, more)).toEqual(units);
  });

  it.each<[JsonObject, string[]]>([
    [{ service_tier: 'fast' }, ['service_tier:priority']],
    [{ service_tier: 'default' }, ['service_tier:']],
    [{ service_tier: 'auto' }, []],
    [{ web_search_options: { search_context_size: 'low' } }, ['search']],
    [{ search_parameters: { mode: 'off' } }, []],
    [{ search_parameters: { mode: 'on', max_search_results: 7 } }, ['search']],
    [{ plugins: [], enable_search: false, models: null, audio: null }, []],
    [{ modalities: ['text', 'audio'], audio: { voice: 'x' } }, ['audio_output']],
    [{ audio: { voice: 'x' } }, ['audio_output']],
    [{ modalities: ['image', 'text'] }, ['image_output']],
    [{ messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] }, ['audio_input']],
    [
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }] }] },
      ['cache_write'],
    ],
    [
      { tools: [{ type: 'tool_search' }, { type: 'tool_search', execution: 'client' }, { type: 'web_search' }] },
      ['tool:tool_search', 'tool:web_search'],
    ],
  ])('reads chat: %j', (more, units) => {
    expect(named(CHAT, more)).toEqual(units);
  });

  // Each of these made a provider bill more than the body and the cap say.
  it.each([
    ...['n_predict', 'max_new_tokens', 'chat_template', 'prediction', 'best_of', 'use_beam_search', 'preset', 'search'],
    ...['web_search', 'search_options', 'plugins', 'models', 'enable_search', 'provider', 'extra_body', 'a_field_of_tomorrow'],
  ])('names the field %s, which is not known to cost nothing', (field) => {
    for (const wire of [CHAT, MESSAGES] as const) expect(named(wire, { [field]: { x: 1 } })).toEqual([field]);
    expect(beyondOf('openai-responses', { input: 'hi', [field]: 7 })).toMatchObject([{}, { is: 'other', param: field }]);
  });

  it('knows what clients send, and that an absent field asks for nothing', () => {
    const plain = { temperature: 0, top_k: 5, min_p: 0.1, seed: 1, chat_template_kwargs: { enable_thinking: false } };
    expect(beyondOf(CHAT, plain)).toBe(NOTHING_BEYOND);
    expect(beyondOf(MESSAGES, { ...plain, output_config: { effort: 'high' }, metadata: { user_id: 'u' } })).toBe(NOTHING_BEYOND);
    expect(beyondOf(CHAT, { prediction: null, n_predict: undefined, models: [], search: false })).toBe(NOTHING_BEYOND);
    const thinking = { google: { thinking_config: { thinking_budget: 100, include_thoughts: true } } };
    expect(beyondOf(CHAT, { extra_body: thinking })).toBe(NOTHING_BEYOND);
  });

  it('takes no content that is stored at Google, which could be another tenant’s', () => {
    for (const name of ['cached_content', 'cachedContent']) {
      const reading = readFacts(CHAT, body({ extra_body: { google: { [name]: 'cachedContents/x' } } }));
      expect(reading).toMatchObject({ ok: false, problem: { param: `extra_body.google.${name}` } });
    }
  });

  it.each([1.5, -1, '3', 1e9, null, {}])('takes max_uses of %j for no bound', (max_uses) => {
    expect(beyondOf(MESSAGES, { tools: [{ type: 'web_search_20250305', max_uses }] })).toMatchObject([
      { lookups: { most: null } },
      {},
    ]);
  });

  it('stays bounded and plain whatever is put there', () => {
    const hostile = fc.jsonValue({ maxDepth: 4 });
    const fields = fc.dictionary(
      fc.constantFrom(
        ...['tools', 'mcp_servers', 'container', 'service_tier', 'speed', 'inference_geo', 'cache_control', 'system'],
      ),
      fc.oneof(hostile, fc.array(fc.record({ type: hostile, max_uses: hostile, cache_control: hostile }))),
    );
    fc.assert(
      fc.property(fields, fc.option(fc.string(), { nil: undefined }), (more, betas) => {
        for (const wire of [MESSAGES, CHAT] as const) {
          const found = beyondOf(wire, more as JsonObject, betas);
          expect(found.length).toBeLessThanOrEqual(80);
          for (const asked of found) {
            expect(unitOf(asked)).toMatch(/^[A-Za-z0-9_.:+-]{0,200}$/);
            expect(asked.param.length).toBeLessThanOrEqual(40);
          }
        }
      }),
    );
    const odd = { toString: 1, valueOf: 2 };
    const more = {
      tools: [{ type: odd, cache_control: { ttl: odd } }],
      context_management: { edits: [{ type: odd }] },
      speed: odd,
    };
    expect(named(MESSAGES, more)).toEqual(['tool:unknown', 'tool', 'service_tier:unknown', 'cache_write:unknown']);
    const many = Array.from({ length: 10_000 }, (_, at) => ({ type: `made_up_${at}` }));
    const found = named(MESSAGES, { tools: many });
    expect(found).toHaveLength(33);
    expect(found.at(-1)).toBe('other');
  });
});

describe('the anthropic-beta header', () => {
  it('is judged once for each text, and the same list stands for all that is neutral', () => {
    const agents = 'claude-code-20250219,interleaved-thinking-2025-05-14, effort-2025-11-24 ,fast-mode-2026-02-01';
    expect(beyondInBetas(agents)).toBe(beyondInBetas(agents));
    expect(beyondInBetas(agents)).toHaveLength(0);
    expect(beyondInBetas('')).toHaveLength(0);
    expect(beyondInBetas(',, ,')).toHaveLength(0);
  });

  it('names what nobody knows, once, and a long context', () => {
    expect(beyondInBetas('compact-2026-01-12,compact-2026-01-12,context-1m-2025-08-07,ä b').map(unitOf)).toEqual([
      'beta:compact-2026-01-12',
      'context_tier',
      'beta:__b',
    ]);
    expect(beyondInBetas(Array.from({ length: 500 }, (_, at) => `x-${at}`).join(','))).toHaveLength(33);
  });
});
