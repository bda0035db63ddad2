import { describe, expect, it } from 'vitest';
import { NOTHING_BEYOND } from '../domain/money/beyond.ts';
import type { JsonObject, Wire } from './dialect.ts';
import { readFacts } from './read-facts.ts';

const chat = (more: JsonObject = {}): JsonObject => ({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more });
const factsOf = (wire: Wire, body: JsonObject) => {
  const reading = readFacts(wire, body);
  if (!reading.ok) throw new Error(reading.problem.message);
  return reading.facts;
};
const paramOf = (wire: Wire, body: JsonObject) => {
  const reading = readFacts(wire, body);
  return reading.ok ? 'accepted' : reading.problem.param;
};

describe('readFacts', () => {
  it('reads a plain chat request', () => {
    expect(factsOf('openai-chat', chat())).toEqual({
      model: 'm',
      stream: false,
      outputCap: null,
      answers: 1,
      mediaParts: 0,
      mediaBytes: 0,
      wantsUsage: false,
      beyond: NOTHING_BEYOND,
    });
  });

  it('reads stream, cap, answers and the wish for usage', () => {
    const body = chat({ stream: true, max_tokens: 5, max_completion_tokens: 9, n: 3, stream_options: { include_usage: true } });
    expect(factsOf('openai-chat', body)).toMatchObject({ stream: true, outputCap: 9, answers: 3, wantsUsage: true });
    expect(factsOf('anthropic-messages', chat({ max_tokens: 7, stream: true }))).toMatchObject({
      outputCap: 7,
      answers: 1,
      wantsUsage: true,
    });
  });

  it('counts images, audio, files and documents, those inside tool results too', () => {
    const content = [{ type: 'text' }, { type: 'image_url' }, { type: 'input_audio' }, { type: 'file' }];
    expect(factsOf('openai-chat', chat({ messages: [{ role: 'user', content }] })).mediaParts).toBe(3);
    const result = { type: 'tool_result', content: [{ type: 'image' }, { type: 'text' }] };
    const messages = [{ role: 'user', content: [result, { type: 'document' }] }];
    expect(factsOf('anthropic-messages', chat({ messages, max_tokens: 1 })).mediaParts).toBe(2);
  });

  it('counts the bytes of inline data and none for a reference, so that a picture is not counted as text', () => {
    const inline = [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      { type: 'image_url', image_url: { url: 'https://example.test/a.png' } },
      { type: 'input_audio', input_audio: { data: 'BBBB', format: 'wav' } },
      { type: 'file', file: { file_data: 'CCCCC' } },
      { type: 'file', file: { file_id: 'file-1' } },
    ];
    expect(factsOf('openai-chat', chat({ messages: [{ role: 'user', content: inline }] }))).toMatchObject({
      mediaParts: 5,
      mediaBytes: 26 + 4 + 5,
    });
    const documents = [
      { type: 'document', source: { type: 'base64', data: 'DDDD' } },
      { type: 'document', source: { type: 'text', data: 'only text' } },
      { type: 'image', source: { type: 'url', url: 'https://example.test/a.png' } },
    ];
    const body = chat({ max_tokens: 1, messages: [{ role: 'user', content: documents }] });
    expect(factsOf('anthropic-messages', body)).toMatchObject({ mediaParts: 2, mediaBytes: 4 });
  });

  it('treats null like absent, as the providers do', () => {
    expect(paramOf('openai-chat', chat({ stream: null, max_tokens: null, n: null, stream_options: null }))).toBe('accepted');
  });

  it.each<[Wire, JsonObject, string]>([
    ['openai-chat', { messages: [] }, 'model'],
    ['openai-chat', chat({ model: 5 }), 'model'],
    ['openai-chat', chat({ model: '' }), 'model'],
    ['openai-chat', chat({ model: ['a'] }), 'model'],
    ['openai-chat', { model: 'm' }, 'messages'],
    ['openai-chat', chat({ messages: 'nope' }), 'messages'],
    ['openai-chat', chat({ messages: [1] }), 'messages[0]'],
    ['openai-chat', chat({ max_tokens: 0 }), 'max_tokens'],
    ['openai-chat', chat({ max_tokens: -1 }), 'max_tokens'],
    ['openai-chat', chat({ max_tokens: 1.5 }), 'max_tokens'],
    ['openai-chat', chat({ max_tokens: 2 ** 31 + 1 }), 'max_tokens'],
    ['openai-chat', chat({ max_tokens: Number.POSITIVE_INFINITY }), 'max_tokens'],
    ['openai-chat', chat({ max_tokens: '5' }), 'max_tokens'],
    ['openai-chat', chat({ max_completion_tokens: 0 }), 'max_completion_tokens'],
    ['openai-chat', chat({ n: 0 }), 'n'],
    ['openai-chat', chat({ n: 129 }), 'n'],
    ['openai-chat', chat({ n: 1.5 }), 'n'],
    ['openai-chat', chat({ stream: 'yes' }), 'stream'],
    ['openai-chat', chat({ stream_options: [] }), 'stream_options'],
    ['openai-chat', chat({ stream_options: { include_usage: 1 } }), 'stream_options.include_usage'],
    ['anthropic-messages', chat({ max_tokens: 0 }), 'max_tokens'],
    ['anthropic-messages', chat({ stream: 1 }), 'stream'],
    ['anthropic-count-tokens', { model: 'm' }, 'messages'],
    ['openai-embeddings', { model: 'm' }, 'input'],
    ['openai-embeddings', { input: 'x' }, 'model'],
    ['openai-embeddings', { model: 'm', input: 5 }, 'input'],
  ])('%s refuses %j for %s', (wire, body, param) => {
    expect(paramOf(wire, body)).toBe(param);
  });
});
