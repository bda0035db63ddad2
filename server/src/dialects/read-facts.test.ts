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

  // A part that a provider reads is a part, whatever a caller puts beside what makes it one.
  const url = 'https://example.test/a.png';
  it.each([
    ['an empty content', { type: 'image_url', image_url: { url }, content: [] }],
    ['an empty content of a source', { type: 'image', source: { type: 'url', url, content: [] } }],
    ['a source of text', { type: 'image_url', image_url: { url }, source: { type: 'text' } }],
    ['a text of its own', { type: 'image_url', image_url: { url }, content: 'text', text: 'text' }],
    ['a kind of one vendor', { type: 'document_url', document_url: url }],
    ['another vendor’s', { type: 'audio_url', audio_url: { url } }],
    ['a picture as numbers', { type: 'image_embeds', image_embeds: 'AAAA' }],
    ['a film', { type: 'input_video', input_video: { url } }],
    ['a file by its address', { type: 'file_url', file_url: { url } }],
    ['a kind that nobody knows', { type: 'hologram', hologram: url }],
    ['no type', { image_url: { url } }],
    ['a type that is no text', { type: 7, image_url: { url } }],
  ])('counts one part in a picture with %s, on every surface', (_, part) => {
    for (const content of [[part], part]) {
      const messages = [{ role: 'user', content }];
      expect(factsOf('openai-chat', chat({ messages })).mediaParts).toBe(1);
      expect(factsOf('anthropic-messages', chat({ messages, max_tokens: 1 })).mediaParts).toBe(1);
      expect(factsOf('openai-responses', { model: 'm', input: messages }).mediaParts).toBe(1);
      expect(factsOf('openai-embeddings', { model: 'm', input: 'x', messages }).mediaParts).toBe(1);
    }
    const result = { type: 'function_call_output', call_id: 'c', output: [part] };
    expect(factsOf('openai-responses', { model: 'm', input: [result] }).mediaParts).toBe(1);
  });

  it('takes nothing off the text for a part of a kind that it does not know', () => {
    const content = [{ type: 'hologram', source: { data: 'x'.repeat(1_000) }, image_url: { url: 'data:image/png;base64,AAAA' } }];
    expect(factsOf('openai-chat', chat({ messages: [{ role: 'user', content }] }))).toMatchObject({
      mediaParts: 1,
      mediaBytes: 0,
    });
  });

  it('counts no part in what agents send of their own calls, and finds pictures in it', () => {
    const input = [
      { role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'hi' }] },
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'x' }], content: [{ type: 'reasoning_text', text: 'x' }] },
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: 'done' },
      { type: 'shell_call_output', call_id: 's', output: [{ stdout: 'a', stderr: '', outcome: { type: 'exit', exit_code: 0 } }] },
    ];
    expect(factsOf('openai-responses', { model: 'm', input }).mediaParts).toBe(0);
    const shot = { type: 'computer_call_output', call_id: 'c', output: { type: 'computer_screenshot', image_url: url } };
    expect(factsOf('openai-responses', { model: 'm', input: [...input, shot] }).mediaParts).toBe(1);
    const fetched = { type: 'web_fetch_result', url, content: { type: 'document', source: { type: 'base64', data: 'AAAA' } } };
    const content = [
      { type: 'thinking', thinking: 'x', signature: 'y' },
      { type: 'tool_use', id: 't', name: 'f', input: { image_url: 'x' } },
      { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'x' }] },
      { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'x' }] } },
      { type: 'web_fetch_tool_result', tool_use_id: 's', content: fetched },
    ];
    const messages = [{ role: 'assistant', content }];
    expect(factsOf('anthropic-messages', chat({ messages, max_tokens: 1 }))).toMatchObject({ mediaParts: 1, mediaBytes: 4 });
  });

  it('counts pictures among the inputs of embeddings, and texts as none', () => {
    const partsOf = (input: unknown[]) => factsOf('openai-embeddings', { model: 'm', input }).mediaParts;
    expect(partsOf(['a', 'b'])).toBe(0);
    expect(partsOf([{ text: 'a' }, { type: 'text', text: 'a' }])).toBe(0);
    expect(partsOf([{ image: url }, { text: 'a', image: url }, { content: [{ type: 'image_url', image_url: { url } }] }])).toBe(
      3,
    );
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
