import { describe, expect, it } from 'vitest';
import { exchangeOf, sentTo } from '../../test/exchanges.ts';
import type { Quirks } from '../domain/presets/preset.ts';
import { shippedPresets } from '../providers/shipped-presets.ts';
import { type JsonObject, Untranslatable } from './dialect.ts';

function quirksOf(id: string): Quirks {
  const preset = shippedPresets().find((one) => one.id === id);
  if (preset === undefined) throw new Error(`there is no preset ${id}`);
  return preset.quirks;
}

const HELLO = [{ role: 'user', content: 'Hi' }];
const chat = (id: string, body: JsonObject, more: object = {}) => {
  const names = { quirks: quirksOf(id), ...more };
  const { messages: _, model: __, ...sent } = sentTo('openai-chat', 'openai-chat', { messages: HELLO, ...body }, names);
  return { sent, dropped: exchangeOf('openai-chat', 'openai-chat', { messages: HELLO, ...body }, names).dropped };
};

describe('the requests of a preset', () => {
  it('have the vendor’s names and words, and say what is left out', () => {
    const asked = {
      ...{ seed: 7, max_completion_tokens: 9, temperature: 0.5, top_k: 4, logit_bias: {}, user: 'u', stream: true },
      ...{ tool_choice: 'required', tools: [{ type: 'function', function: { name: 'f' } }] },
    };
    expect(chat('mistral', asked)).toEqual({
      sent: {
        ...{ random_seed: 7, max_tokens: 9, temperature: 0.5, stream: true, tool_choice: 'any', tools: asked.tools },
      },
      dropped: ['logit_bias', 'top_k', 'user'],
    });
    // A word that is not in the list, and a field that already has the vendor's name, stay.
    const own = { random_seed: 1, seed: 2, tool_choice: 'auto' };
    expect(chat('mistral', own)).toEqual({ sent: { random_seed: 1, tool_choice: 'auto' }, dropped: [] });
  });

  it('pass unchanged where nothing is different, byte for byte', () => {
    const body = { model: 'called', messages: HELLO, temperature: 1 };
    const received = Buffer.from(JSON.stringify(body));
    const untouched = exchangeOf('openai-chat', 'openai-chat', body, { quirks: quirksOf('mistral'), ourBytes: received });
    expect(untouched.upstreamBody.toString()).toBe(received.toString().replace('"called"', '"up"'));
    expect(untouched.dropped).toEqual([]);
    const touched = exchangeOf('openai-chat', 'openai-chat', { ...body, seed: 1 }, { quirks: quirksOf('mistral') });
    expect(touched.upstreamBody.toString()).toContain('"random_seed":1');
  });

  it('are refused instead of shortened if nothing may be left out', () => {
    expect(() => chat('groq', { top_k: 4 }, { isStrict: true })).toThrow(Untranslatable);
    expect(chat('groq', { top_k: null, seed: 1 }, { isStrict: true })).toEqual({ sent: { seed: 1 }, dropped: [] });
  });

  it('name what a translation loses as the client named it', () => {
    const gemini = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }], generationConfig: { topK: 4, frequencyPenalty: 1 } };
    expect(exchangeOf('gemini', 'openai-chat', gemini, { quirks: quirksOf('cerebras') }).dropped).toContain(
      'generationConfig.frequencyPenalty',
    );
    const messages = { max_tokens: 5, messages: HELLO };
    expect(sentTo('anthropic-messages', 'openai-chat', messages, { quirks: quirksOf('deepseek') })).toMatchObject({
      max_tokens: 5,
    });
  });

  it('keep the cap that was clamped, under the vendor’s name', () => {
    expect(chat('ollama', {}, { outputCap: 7 }).sent).toEqual({ max_tokens: 7 });
  });
});

describe('the thinking of earlier answers', () => {
  const history = [
    { role: 'user', content: 'Hi' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: '' },
        { type: 'text', text: 'Ha.' },
      ],
    },
    { role: 'user', content: 'Why?' },
  ];
  const said = (id: string, upstreamModel = 'm') => {
    const exchange = exchangeOf(
      'anthropic-messages',
      'openai-chat',
      { max_tokens: 5, messages: history },
      { quirks: quirksOf(id), upstreamModel },
    );
    const { messages } = JSON.parse(exchange.upstreamBody.toString()) as { messages: JsonObject[] };
    return { message: messages[1], dropped: exchange.dropped };
  };

  it.each([
    ['deepseek', { role: 'assistant', content: 'Ha.', reasoning_content: 'Hm.' }],
    ['openrouter', { role: 'assistant', content: 'Ha.', reasoning: 'Hm.' }],
    [
      'mistral',
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] },
          { type: 'text', text: 'Ha.' },
        ],
      },
    ],
  ])('goes back to %s where it takes it', (id, message) => {
    expect(said(id).message).toEqual(message);
  });

  it('does not go back to a vendor that refuses it, and where nothing is said the model’s name decides', () => {
    expect(said('perplexity')).toEqual({ message: { role: 'assistant', content: 'Ha.' }, dropped: ['messages.thinking'] });
    expect(said('togetherai', 'deepseek-ai/DeepSeek-V4').message).toHaveProperty('reasoning_content');
    expect(said('togetherai', 'deepseek-ai/DeepSeek-R1').message).not.toHaveProperty('reasoning_content');
  });
});
