import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorInstead, OpeningReader } from './opening.ts';

const error = { message: 'Overloaded', type: 'overloaded_error' };
const readOpening = (all: Buffer, isAll = false) => new OpeningReader().read(all, isAll);
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('a whole answer that carries an error', () => {
  test.each([
    ['openai-chat', { error }],
    ['openai-chat', { error: 'no such luck' }],
    ['openai-chat', { id: 'x', choices: [], error: { code: 429 } }],
    ['openai-chat', { usage: { prompt_tokens: 5 }, error }],
    ['anthropic-messages', { type: 'error', error }],
    ['anthropic-messages', { type: 'error', message: 'bare' }],
    ['openai-embeddings', { error }],
    ['anthropic-count-tokens', { type: 'error', error }],
  ] as const)('in place of one is told, %s: %j', (wire, json) => {
    expect(errorInstead(wire, bytes(json))).toEqual(json);
    expect(errorInstead(wire, Buffer.from(` ${JSON.stringify(json, null, 2)}\n`))).toEqual(json);
  });

  test.each([
    ['openai-chat', { choices: [{ message: { content: 'a' } }], error: null }],
    ['openai-chat', { choices: [{ message: { content: 'a' } }], error: false }],
    ['openai-chat', { choices: [{ message: { content: 'say "error": now' } }] }],
    ['openai-chat', { choices: [{ message: { content: 'half' }, finish_reason: 'error' }], error }],
    ['openai-chat', { choices: [{ message: { content: '', tool_calls: [{ function: { arguments: '{"error":{"a":1}}' } }] } }] }],
    ['anthropic-messages', { type: 'message', content: [{ type: 'tool_use', input: { error: 'x' } }] }],
    ['openai-embeddings', { data: [{ embedding: [1] }], error: null }],
    ['anthropic-count-tokens', { input_tokens: 3, error: null }],
  ] as const)('beside one, or in its words, is an answer, %s: %j', (wire, json) => {
    expect(errorInstead(wire, bytes(json))).toBeNull();
  });

  test('is no error of ours whatever it holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        for (const all of [text, `{"error"${text}`, `data: {"error": ${text}}\n\n`]) {
          errorInstead('openai-chat', bytes(all));
          readOpening(bytes(all), true);
        }
      }),
    );
  });
});

describe('the beginning of a stream', () => {
  const comment = ': OPENROUTER PROCESSING\n\n';
  const ping = 'event: ping\ndata: {"type": "ping"}\n\n';
  const start = `event: message_start\ndata: ${JSON.stringify({ type: 'message_start', message: { usage: {} } })}\n\n`;
  const role = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n';
  const failed = `data: ${JSON.stringify({ error })}\n\n`;

  test.each([
    ['nothing', ''],
    ['comments', comment.repeat(3)],
    ['pings', ping + ping.replace('event: ping\n', '')],
    ['that a message starts', comment + start],
    ['half an event', `${comment}data: {"choices":[`],
    ['half an error', failed.slice(0, 30)],
  ])('says nothing yet: %s', (_what, text) => {
    expect(readOpening(bytes(text))).toBe('unsaid');
  });

  test.each([
    ['a first choice', comment + role],
    ['a block', `${start}${ping}event: content_block_start\ndata: {"type":"content_block_start"}\n\n`],
    ['words about an error', 'data: {"choices":[{"delta":{"content":"\\"error\\""}}]}\n\n'],
    ['an error of null', 'data: {"choices":[],"error":null}\n\n'],
    ['the end', 'data: [DONE]\n\n'],
    ['what is no JSON', 'data: oops "error"\n\n'],
  ])('is of an answer: %s', (_what, text) => {
    expect(readOpening(bytes(text))).toBe('answer');
  });

  test.each([
    ['OpenAI’s', failed, { error }],
    ['behind comments and pings', comment + ping + failed, { error }],
    [
      'behind the start of a message',
      `${start}event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`,
      { type: 'error', error },
    ],
    ['in words', 'data: {"error": "no"}\r\n\r\n', { error: 'no' }],
    ['by the name of its event', 'event: error\ndata: out of luck\n\n', { error: 'out of luck' }],
    ['by its name, in an envelope of its own', 'event: error\ndata: {"message": "no"}\n\n', { message: 'no' }],
  ])('is an error instead: %s', (_what, text, wanted) => {
    expect(readOpening(bytes(text))).toEqual(wanted);
  });

  test('may end without a blank line when nothing more comes', () => {
    expect(readOpening(bytes(failed.trimEnd()))).toBe('unsaid');
    expect(readOpening(bytes(failed.trimEnd()), true)).toEqual({ error });
    expect(readOpening(bytes(comment + role.trimEnd()), true)).toBe('answer');
    expect(readOpening(bytes(comment), true)).toBe('unsaid');
  });

  test('is the same wherever its bytes are split', () => {
    const events = fc.array(fc.constantFrom(comment, ping, start, role, failed), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(events, fc.nat(2_000), (given, at) => {
        const all = bytes(given.join(''));
        const early = readOpening(all.subarray(0, at));
        if (early !== 'unsaid') expect(readOpening(all)).toEqual(early);
      }),
    );
  });
});
