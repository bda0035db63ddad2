/** Stored conversations as the page of a request reads them: both dialects, whole, streamed and broken off, whatever was sent. */
import { expect, test } from '@playwright/test';
import fc from 'fast-check';
import { BOUNDS, type Conversation, conversationOf } from '../src/pages/requests/conversation/conversation.ts';
import type { Part } from '../src/pages/requests/conversation/message.ts';

const ASKED = { model: 'fast', messages: [{ role: 'user', content: 'Hello' }] };
const RUNS = { numRuns: 60 };

const shown = (response: unknown, request: unknown = ASKED) => conversationOf({ mode: 'full', request, response });
const answersOf = (conversation: Conversation | null) => conversation?.messages.filter(({ from }) => from === 'answer') ?? [];
const textOf = (parts: readonly Part[], is: Part['is']) =>
  parts.flatMap((part) => (part.is === is && 'text' in part ? [part.text] : [])).join('');

interface Said {
  readonly thinking: string;
  readonly text: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: string }[];
}

/** What a model may say. Its texts hold markup, line ends, surrogates and words of the protocol. */
const nasty = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('<script>alert(1)</script>', 'data: [DONE]\n\n', '\r\n\r\n', '\u202Eevil', '"}]}', '__proto__', '[DONE]'),
);
const said: fc.Arbitrary<Said> = fc.record({
  thinking: nasty,
  text: nasty,
  calls: fc.array(fc.record({ id: fc.uuid(), name: fc.constantFrom('look_up', 'add'), input: fc.json() }), { maxLength: 3 }),
});

/** Cuts a text into pieces; together they are the text again. */
function piecesOf(text: string, sizes: readonly number[]): readonly string[] {
  const pieces: string[] = [];
  let at = 0;
  for (const size of sizes) {
    if (at >= text.length) break;
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return at < text.length ? [...pieces, text.slice(at)] : pieces;
}

const sse = (event: object, name?: string) => `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(event)}\n\n`;

function chatEvents({ thinking, text, calls }: Said, sizes: readonly number[]): readonly string[] {
  const chunk = (delta: object, finish_reason: string | null = null) =>
    sse({ object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] });
  return [
    chunk({ role: 'assistant', content: '' }),
    ...piecesOf(thinking, sizes).map((reasoning_content) => chunk({ reasoning_content })),
    ...piecesOf(text, sizes).map((content) => chunk({ content })),
    ...calls.flatMap(({ id, name, input }, index) => [
      chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }),
      ...piecesOf(input, sizes).map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
    ]),
    chunk({}, 'stop'),
    'data: [DONE]\n\n',
  ];
}

function messageEvents({ thinking, text, calls }: Said, sizes: readonly number[]): readonly string[] {
  const event = (body: { readonly type: string } & Record<string, unknown>) => sse(body, body.type);
  const block = (index: number, content_block: object, deltas: readonly object[]) => [
    event({ type: 'content_block_start', index, content_block }),
    ...deltas.map((delta) => event({ type: 'content_block_delta', index, delta })),
    event({ type: 'content_block_stop', index }),
  ];
  return [
    event({ type: 'message_start', message: { role: 'assistant', content: [] } }),
    event({ type: 'ping' }),
    ...block(
      0,
      { type: 'thinking', thinking: '' },
      piecesOf(thinking, sizes).map((piece) => ({ type: 'thinking_delta', thinking: piece })),
    ),
    ...block(
      1,
      { type: 'text', text: '' },
      piecesOf(text, sizes).map((piece) => ({ type: 'text_delta', text: piece })),
    ),
    ...calls.flatMap(({ id, name, input }, index) =>
      block(
        index + 2,
        { type: 'tool_use', id, name, input: {} },
        piecesOf(input, sizes).map((partial_json) => ({ type: 'input_json_delta', partial_json })),
      ),
    ),
    event({ type: 'message_delta', delta: { stop_reason: 'end_turn' } }),
    event({ type: 'message_stop' }),
  ];
}

const DIALECTS = { chat: chatEvents, messages: messageEvents } as const;
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40 });

for (const [dialect, eventsOf] of Object.entries(DIALECTS)) {
  test(`a streamed answer (${dialect}) is put together whole, however it was cut into events`, () => {
    fc.assert(
      fc.property(said, sizes, (answer, cuts) => {
        const conversation = shown(eventsOf(answer, cuts).join(''));
        expect(conversation?.answer).toBe('whole');
        const parts = answersOf(conversation).flatMap((message) => message.parts);
        expect(textOf(parts, 'thinking')).toBe(answer.thinking);
        expect(textOf(parts, 'text')).toBe(answer.text);
        const calls = parts.flatMap((part) => (part.is === 'call' ? [part] : []));
        expect(calls.map(({ id, name }) => [id, name])).toEqual(answer.calls.map(({ id, name }) => [id, name]));
        expect(calls.map(({ input }) => input)).toEqual(answer.calls.map(({ input }) => input));
      }),
      RUNS,
    );
  });

  test(`a streamed answer (${dialect}) that broke off shows what had arrived, and says so`, () => {
    fc.assert(
      fc.property(said, sizes, fc.double({ min: 0, max: 1, noNaN: true }), (answer, cuts, share) => {
        const events = eventsOf(answer, cuts);
        const stream = events.join('');
        // Its last event is cut at least.
        const end = Math.floor(share * (stream.length - (events.at(-1)?.length ?? 0)));
        const conversation = shown(stream.slice(0, end));
        expect(conversation?.answer === 'broken' || conversation?.answer === 'unreadable').toBe(true);
        const parts = answersOf(conversation).flatMap((message) => message.parts);
        expect(answer.thinking.startsWith(textOf(parts, 'thinking'))).toBe(true);
        expect(answer.text.startsWith(textOf(parts, 'text'))).toBe(true);
      }),
      RUNS,
    );
  });
}

test('any stored content is read without an error, and within the bounds', () => {
  const value = fc.oneof(fc.json(), fc.jsonValue(), fc.string(), fc.constant(null), fc.constant('[['.repeat(60_000)));
  const block = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        type: fc.constantFrom('text', 'image', 'tool_use', 'tool_result', 'thinking', '__proto__', 'document'),
        text: fc.jsonValue(),
        source: fc.jsonValue(),
        content: fc.jsonValue(),
        input: fc.jsonValue(),
      },
      { requiredKeys: ['type'] },
    ),
  );
  const message = fc.record({
    role: fc.jsonValue(),
    content: fc.oneof(fc.array(block), fc.jsonValue()),
    tool_calls: fc.jsonValue(),
  });
  const request = fc.oneof(value, fc.record({ messages: fc.array(message), system: fc.jsonValue(), tools: fc.jsonValue() }));
  const event = fc.record({
    type: fc.constantFrom('content_block_start', 'content_block_delta', 'message_delta', 'error'),
    index: fc.jsonValue(),
    delta: fc.jsonValue(),
    content_block: fc.jsonValue(),
    error: fc.jsonValue(),
  });
  const stream = fc
    .array(fc.oneof(event, fc.record({ choices: fc.array(fc.jsonValue()) }), fc.jsonValue()))
    .map((events) => events.map((one) => `data: ${JSON.stringify(one)}\n\n`).join(''));
  fc.assert(
    fc.property(request, fc.oneof(value, stream), (asked, answered) => {
      const conversation = conversationOf({ mode: 'full', request: asked, response: answered });
      if (conversation === null) return;
      expect(conversation.messages.length).toBeLessThanOrEqual(BOUNDS.messages);
      for (const { parts } of conversation.messages) expect(parts.length).toBeLessThanOrEqual(BOUNDS.parts);
    }),
    { numRuns: 80 },
  );
});

test('a conversation beyond the bounds keeps its newest messages and says how many are left out', () => {
  const messages = Array.from({ length: BOUNDS.messages + 50 }, (_, at) => ({ role: 'user', content: `message ${at}` }));
  const conversation = shown(null, { messages });
  expect(conversation?.messages).toHaveLength(BOUNDS.messages);
  expect(conversation?.leftOut).toBe(50);
  expect(conversation?.messages.at(-1)?.parts).toEqual([{ is: 'text', text: `message ${BOUNDS.messages + 49}` }]);
  const huge = shown(null, { messages: Array.from({ length: 20 }, () => ({ role: 'user', content: 'x'.repeat(200_000) })) });
  const chars = (huge?.messages ?? [])
    .flatMap(({ parts }) => parts)
    .reduce((sum, part) => sum + ('text' in part ? part.text.length : 0), 0);
  expect(chars).toBeLessThan(BOUNDS.allChars + 20 * 60);
  expect(huge?.leftOut).toBe(10);
});

test('messages of both dialects are read with their tools, results and media', () => {
  const chat = shown(
    {
      choices: [
        {
          message: {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 'call_1', function: { name: 'add', arguments: '{"a":1}' } }],
          },
          finish_reason: 'tool_calls',
        },
      ],
    },
    {
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_0', content: '42' },
      ],
      tools: [{ type: 'function', function: { name: 'add' } }],
    },
  );
  expect(chat).toMatchObject({ tools: ['add'], answer: 'whole', error: null, leftOut: 0 });
  expect(chat?.messages.map(({ role }) => role)).toEqual(['system', 'user', 'tool', 'assistant']);
  expect(chat?.messages[1]?.parts[1]).toMatchObject({ is: 'media', kind: 'Image' });
  expect(chat?.messages[2]?.parts).toEqual([{ is: 'result', id: 'call_0', text: '42', isError: false }]);
  expect(chat?.messages[3]).toMatchObject({ stop: 'tool_calls', parts: [{ is: 'call', name: 'add', input: '{"a":1}' }] });
  const anthropic = shown(
    { type: 'message', role: 'assistant', content: [{ type: 'text', text: 'A cat.' }], stop_reason: 'end_turn' },
    {
      system: [{ type: 'text', text: 'Be brief.' }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
            {
              type: 'tool_result',
              tool_use_id: 'toolu_1',
              is_error: true,
              content: [
                { type: 'text', text: 'no' },
                { type: 'image', source: { media_type: 'image/png' } },
              ],
            },
          ],
        },
      ],
    },
  );
  expect(anthropic?.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant']);
  expect(anthropic?.messages[1]?.parts).toEqual([
    { is: 'media', kind: 'Image', about: 'image/png, 3 B' },
    { is: 'result', id: 'toolu_1', text: 'no\n[Image, image/png]', isError: true },
  ]);
});

test('an error instead of an answer, and an error at the end of a stream, are told', () => {
  expect(shown({ error: { message: 'The model is busy.' } })).toMatchObject({ error: 'The model is busy.', answer: 'whole' });
  const events = chatEvents({ thinking: '', text: 'Half of it', calls: [] }, []).slice(0, 2);
  const broken = shown([...events, 'data: {"error":{"message":"The provider hung up."}}\n\n'].join(''));
  expect(broken).toMatchObject({ error: 'The provider hung up.', answer: 'broken' });
  expect(textOf(answersOf(broken)[0]?.parts ?? [], 'text')).toBe('Half of it');
});

test('a request that was too long to be stored whole still shows its answer, and anything else is null', () => {
  const answer = { choices: [{ message: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }] };
  expect(shown(answer, { model: 'fast', input: 'Hello' })).toBeNull();
  expect(shown(answer, '{"messages":[{"role":"user","content":"xxxx…[2097152 bytes]')).toMatchObject({
    isCut: true,
    answer: 'whole',
  });
  expect(shown({ data: [{ embedding: [0.1] }] }, { input: 'embed me' })).toBeNull();
  expect(shown(null, null)).toBeNull();
});

test('the mode metadata shows roles and sizes', () => {
  const stored = { bytes: 900, messages: [{ role: 'user', bytes: 120 }], tools: ['add'], output_cap: null, media_parts: 0 };
  const conversation = conversationOf({ mode: 'metadata', request: stored, response: { bytes: 300 } });
  expect(conversation?.tools).toEqual(['add']);
  expect(conversation?.messages.map(({ role, parts }) => [role, parts[0]])).toEqual([
    ['user', { is: 'size', bytes: 120 }],
    ['assistant', { is: 'size', bytes: 300 }],
  ]);
});
