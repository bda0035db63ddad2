import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anthropicSse, chatSse, exchangeOf, run } from '../../../test/exchanges.ts';
import { jsonEventsIn } from '../../../test/support/event-stream.ts';
import { jsonValues, readableName } from '../../../test/support/json-values.ts';
import type { JsonObject } from '../dialect.ts';
import { FEATURE_NAMES } from '../feature-names.ts';
import { Losses } from '../losses.ts';
import type { NeutralAnswer, Part } from '../neutral.ts';
import { text } from '../neutral.ts';
import { decodeResponsesAnswer } from './decode-answer.ts';
import { decodeResponsesRequest } from './decode-request.ts';
import { encodeResponsesAnswer } from './encode-answer.ts';
import { encodeResponsesRequest } from './encode-request.ts';
import { sealedThinking } from './sealed-thinking.ts';

const TOOLS = [
  { type: 'function', name: 'f', parameters: { type: 'object' } },
  { type: 'custom', name: 'sql' },
  { type: 'namespace', name: 'agents', tools: [{ type: 'function', name: 'close', parameters: { type: 'object' } }] },
  { type: 'tool_search', execution: 'client' },
];
const BODY = { input: 'hi', tools: TOOLS, include: ['reasoning.encrypted_content'] };
const fromClaude = (more: JsonObject = {}) => exchangeOf('openai-responses', 'anthropic-messages', { ...BODY, ...more });
const fromChat = (more: JsonObject = {}) => exchangeOf('openai-responses', 'openai-chat', { ...BODY, ...more });
const typesOf = (sse: string) => jsonEventsIn(sse).map(({ type }) => String(type).replace('response.', ''));
const itemsOf = (sse: string) =>
  jsonEventsIn(sse).flatMap(({ type, item }) => (type === 'response.output_item.done' ? [item as JsonObject] : []));

const USES = [
  { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } },
  { type: 'tool_use', id: 't2', name: 'sql', input: { input: 'select 1' } },
  { type: 'tool_use', id: 't3', name: 'agents__close', input: {} },
  { type: 'tool_use', id: 't4', name: 'tool_search', input: { query: 'mail' } },
];
const CALLS = [
  { type: 'function_call', call_id: 't1', name: 'f', arguments: '{"a":1}', status: 'completed' },
  { type: 'custom_tool_call', call_id: 't2', name: 'sql', input: 'select 1', status: 'completed' },
  { type: 'function_call', call_id: 't3', name: 'close', namespace: 'agents', arguments: '{}', status: 'completed' },
  { type: 'tool_search_call', call_id: 't4', execution: 'client', arguments: { query: 'mail' }, status: 'completed' },
];
const message = (content: JsonObject[], stop_reason = 'end_turn') => ({
  ...{ type: 'message', id: 'msg_9', role: 'assistant', model: 'claude-x', content, stop_reason, stop_sequence: null },
  usage: { input_tokens: 3, output_tokens: 5 },
});

/** A message as a stream, each text and each argument in pieces of three characters. */
function streamed({ content, stop_reason, usage, ...rest }: ReturnType<typeof message>): Buffer {
  const pieces = (whole: string) => whole.match(/[\s\S]{1,3}/g) ?? [];
  const blocks = content.flatMap((block, index) => {
    const deltas: JsonObject[] =
      block.type === 'text'
        ? pieces(String(block.text)).map((piece) => ({ type: 'text_delta', text: piece }))
        : block.type === 'thinking'
          ? [
              ...pieces(String(block.thinking)).map((piece) => ({ type: 'thinking_delta', thinking: piece })),
              { type: 'signature_delta', signature: block.signature },
            ]
          : pieces(JSON.stringify(block.input)).map((piece) => ({ type: 'input_json_delta', partial_json: piece }));
    const begin =
      block.type === 'text'
        ? { ...block, text: '' }
        : block.type === 'thinking'
          ? { ...block, thinking: '', signature: '' }
          : { ...block, input: {} };
    return [
      { type: 'content_block_start', index, content_block: begin },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ];
  });
  return anthropicSse([
    { type: 'message_start', message: { ...rest, content: [], usage: { ...usage, output_tokens: 1 } } },
    ...blocks,
    { type: 'message_delta', delta: { stop_reason }, usage: { output_tokens: usage.output_tokens } },
    { type: 'message_stop' },
  ]);
}

describe('an answer of Claude as a response', () => {
  it('has each call in the form of its tool, whole and streamed', () => {
    const whole = JSON.parse(
      fromClaude()
        .whole(Buffer.from(JSON.stringify(message(USES, 'tool_use'))))
        .bytes.toString(),
    );
    expect(whole.output).toMatchObject(CALLS);
    expect(whole).toMatchObject({
      id: 'resp_msg_9',
      object: 'response',
      status: 'completed',
      model: 'claude-x',
      store: false,
      tools: TOOLS,
    });
    const sse = run(fromClaude({ stream: true }).stream(), streamed(message(USES, 'tool_use')), 7);
    expect(itemsOf(sse)).toMatchObject(CALLS);
    const last = jsonEventsIn(sse).at(-1) as { response: JsonObject };
    expect(last.response.output).toEqual(itemsOf(sse));
  });

  it('comes in the order in which OpenAI writes it', () => {
    const content = [{ type: 'text', text: 'Hello.' }, USES[1] as JsonObject, USES[0] as JsonObject];
    const sse = run(fromClaude({ stream: true }).stream(), streamed(message(content)));
    expect(typesOf(sse)).toEqual([
      ...['created', 'in_progress', 'output_item.added', 'content_part.added', 'output_text.delta', 'output_text.delta'],
      ...['output_text.done', 'content_part.done', 'output_item.done'],
      ...['output_item.added', 'custom_tool_call_input.delta', 'custom_tool_call_input.done', 'output_item.done'],
      ...['output_item.added', 'function_call_arguments.delta', 'function_call_arguments.delta', 'function_call_arguments.delta'],
      ...['function_call_arguments.done', 'output_item.done', 'completed'],
    ]);
    const names = [...sse.matchAll(/^event: (.*)$/gm)].map(([, name]) => name?.replace('response.', ''));
    expect(names).toEqual(typesOf(sse));
    expect(jsonEventsIn(sse).map(({ sequence_number }) => sequence_number)).toEqual(names.map((_, at) => at));
  });

  it('returns its signed thinking unchanged to Claude, and to nobody else', () => {
    const thinking = { type: 'thinking', thinking: 'Let me see.', signature: 'c2ln' };
    const redacted = { type: 'redacted_thinking', data: 'cmVk' };
    const said = message([thinking, redacted, USES[0] as JsonObject], 'tool_use');
    const { output } = JSON.parse(
      fromClaude()
        .whole(Buffer.from(JSON.stringify(said)))
        .bytes.toString(),
    );
    expect(output[0]).toMatchObject({ type: 'reasoning', summary: [{ type: 'summary_text', text: 'Let me see.' }] });
    const input = [{ role: 'user', content: 'hi' }, ...output, { type: 'function_call_output', call_id: 't1', output: 'x' }];
    const again = (upstream: 'anthropic-messages' | 'openai-responses') =>
      JSON.parse(
        exchangeOf('openai-responses', upstream, { ...BODY, input }, { upstreamModel: 'claude-x' }).upstreamBody.toString(),
      );
    expect(again('anthropic-messages').messages[1].content.slice(0, 2)).toEqual([thinking, redacted]);
    expect(JSON.stringify(again('openai-responses'))).not.toMatch(/reasoning"|headgate\.thinking/);
    const sse = run(fromClaude({ stream: true }).stream(), streamed(message([thinking, USES[0] as JsonObject], 'tool_use')));
    expect(itemsOf(sse)[0]).toMatchObject({ encrypted_content: output[0].encrypted_content });
    // A client that does not return it is not sent it.
    const plain = fromClaude({ include: null })
      .whole(Buffer.from(JSON.stringify(said)))
      .bytes.toString();
    expect(plain).not.toContain('encrypted_content');
  });

  it('is incomplete at its cap, and fails with its stream', () => {
    const content = [{ type: 'text', text: 'Hel' }];
    const sse = run(fromClaude({ stream: true }).stream(), streamed(message(content, 'max_tokens')));
    expect(jsonEventsIn(sse).at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: {
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        output: [{ content: [{ text: 'Hel' }] }],
      },
    });
    const broken = streamed(message(content)).subarray(0, -60);
    const events = jsonEventsIn(run(fromClaude({ stream: true }).stream(), broken));
    expect(events.slice(-2)).toMatchObject([
      { type: 'error', error: { type: 'server_error', code: 'server_error' } },
      { type: 'response.failed', response: { status: 'failed', error: { code: 'server_error' } } },
    ]);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, at) => at));
  });
});

describe('a chat completion as a response', () => {
  it('keeps apart calls that are written in turns', () => {
    const call = (index: number, more: JsonObject) => ({ choices: [{ index: 0, delta: { tool_calls: [{ index, ...more }] } }] });
    const sse = run(
      fromChat({ stream: true }).stream(),
      chatSse([
        { id: 'c1', model: 'm', choices: [{ index: 0, delta: { role: 'assistant', content: 'A' } }] },
        call(0, { id: 'x', function: { name: 'f', arguments: '{"a"' } }),
        call(1, { id: 'y', function: { name: 'f', arguments: '{"b"' } }),
        call(0, { function: { arguments: ':1}' } }),
        call(1, { function: { arguments: ':2}' } }),
        { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
        { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
      ]),
    );
    expect(itemsOf(sse).map(({ type, call_id, arguments: args }) => [type, call_id, args])).toEqual([
      ['message', undefined, undefined],
      ['function_call', 'x', '{"a":1}'],
      ['function_call', 'y', '{"b":2}'],
    ]);
    expect(jsonEventsIn(sse).at(-1)).toMatchObject({ response: { usage: { input_tokens: 1, output_tokens: 2 } } });
  });

  it('has arguments that are no JSON as the model wrote them', () => {
    const tool_calls = [
      { id: 'x', function: { name: 'f', arguments: '{"a":' } },
      { id: 'y', function: { name: 'sql', arguments: 'select 1' } },
    ];
    const chat = { id: 'c', choices: [{ message: { content: null, tool_calls }, finish_reason: 'tool_calls' }] };
    const { output } = JSON.parse(
      fromChat()
        .whole(Buffer.from(JSON.stringify(chat)))
        .bytes.toString(),
    );
    expect(output).toMatchObject([
      { type: 'function_call', arguments: '{"a":' },
      { type: 'custom_tool_call', input: 'select 1' },
    ]);
  });

  it('passes an event of a megabyte', () => {
    const long = 'é'.repeat(500_000);
    const sse = run(
      fromChat({ stream: true }).stream(),
      chatSse([{ id: 'c', choices: [{ delta: { content: long }, finish_reason: 'stop' }] }]),
      4_099,
    );
    expect(itemsOf(sse)).toMatchObject([{ content: [{ text: long }] }]);
  });
});

const word = fc.string({ unit: 'binary', maxLength: 30 });
const filled = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
const call = fc.record({
  id: fc.stringMatching(/^call_[a-z0-9]{1,8}$/),
  args: fc.dictionary(fc.string().filter(readableName), jsonValues),
});
const toolCall = call.map(
  ({ id, args }): Part => ({ is: 'tool_call', id, name: 'f', arguments: JSON.stringify(args), signature: null, cache: null }),
);
const part: fc.Arbitrary<Part> = fc.oneof(
  filled.map((said) => text(said)),
  toolCall,
);

describe('a hostile server that speaks responses', () => {
  const asChat = () =>
    exchangeOf('openai-chat', 'openai-responses', { messages: [{ role: 'user', content: 'hi' }], stream: true });
  const names = [
    'constructor',
    '__proto__',
    'toString',
    'message',
    'reasoning',
    'function_call',
    'custom_tool_call',
    5,
    null,
    {},
  ];
  const types = [
    'created',
    'in_progress',
    'output_item.added',
    'output_item.done',
    'output_text.delta',
    'function_call_arguments.delta',
  ];
  const more = ['custom_tool_call_input.delta', 'reasoning_summary_text.delta', 'output_text.annotation.added', 'refusal.delta'];
  const ends = ['completed', 'incomplete', 'failed'];
  const json = fc.oneof(fc.jsonValue(), fc.constantFrom(...names));
  const event = fc.record(
    {
      type: fc.constantFrom(...[...types, ...more, ...ends].map((type) => `response.${type}`), 'error', 'constructor'),
      output_index: fc.oneof(fc.nat(2), json),
      item: fc.oneof(
        fc.record({ type: fc.constantFrom(...names), arguments: json, input: json, call_id: json, name: json, content: json }),
        json,
      ),
      ...{ delta: json, annotation: json, summary_index: json, error: json, message: json },
      response: fc.oneof(
        fc.record({ id: json, output: json, usage: json, status: json, incomplete_details: json, error: json }),
        json,
      ),
    },
    { requiredKeys: ['type'] },
  );

  it('makes nothing throw, passed on or translated, and ends nothing twice', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), (events) => {
        const sse = Buffer.from(events.map((found) => `event: ${found.type}\ndata: ${JSON.stringify(found)}\n\n`).join(''));
        expect(run(asChat().stream(), sse).split('[DONE]').length).toBeLessThanOrEqual(2);
        run(exchangeOf('openai-responses', 'openai-responses', { input: 'hi', stream: true }).stream(), sse);
        run(exchangeOf('anthropic-messages', 'openai-responses', { messages: [], max_tokens: 5, stream: true }).stream(), sse);
      }),
    );
  });
});

describe('what is written can be read', () => {
  it('in answers: every text and call', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.constantFrom('end', 'length', 'refusal'), (parts, stop) => {
        const usage = { input: 3, output: 4, reasoning: 1, cached_input: 2 };
        const answer = {
          id: 'a',
          model: 'm',
          parts,
          stop,
          stopWord: 'w',
          stopSequence: null,
          usage,
          serviceTier: null,
          billedTier: null,
        };
        const options = { model: 'm', createdAtMs: 0, wantsUsage: true, asked: {} };
        const read = decodeResponsesAnswer(JSON.parse(JSON.stringify(encodeResponsesAnswer(answer as NeutralAnswer, options))));
        expect(merged(read.parts)).toEqual(merged(parts));
        expect(read.usage).toEqual(usage);
        const calls = parts.some(({ is }) => is === 'tool_call');
        expect(read.stop).toBe(stop === 'end' && calls ? 'tool_call' : stop);
      }),
    );
  });

  it('in requests: every turn', () => {
    const turn = fc.oneof(
      fc.record({
        role: fc.constant('user' as const),
        parts: fc.array(
          filled.map((said) => text(said)),
          { minLength: 1, maxLength: 3 },
        ),
      }),
      fc.record({ role: fc.constant('assistant' as const), parts: fc.array(part, { minLength: 1, maxLength: 4 }) }),
    );
    fc.assert(
      fc.property(fc.array(turn, { minLength: 1, maxLength: 6 }), word, (messages, system) => {
        const none = {
          stopSequences: [],
          tools: [],
          toolChoice: null,
          parallelTools: null,
          output: null,
          reasoning: null,
          endUser: null,
        };
        const more = { temperature: 0.5, topP: 0.25, topK: null, serviceTier: null, hints: {} };
        const request = { system: [text(system)], messages, ...none, ...more } as const;
        const losses = new Losses({ names: FEATURE_NAMES['openai-responses'], isStrict: true });
        const options = { upstreamModel: 'm', stream: false, outputCap: 7, outputCapDefault: 1, capField: 'max_tokens' } as const;
        const body = encodeResponsesRequest(request, { ...options, losses });
        const read = decodeResponsesRequest(JSON.parse(JSON.stringify(body)), losses);
        expect(read.system.map((found) => found.text).join('')).toBe(system.trim());
        expect(read).toMatchObject(more);
        expect(turnsOf(read.messages)).toEqual(turnsOf(messages));
      }),
    );
  });

  it('in thinking that is returned', () => {
    fc.assert(
      fc.property(word, filled, (said, signature) => {
        const thinking = { is: 'thinking', text: said, signature: { issuer: 'anthropic', data: signature } } as const;
        const sealed = sealedThinking(thinking);
        const input = [{ type: 'reasoning', summary: [], encrypted_content: sealed }];
        const losses = new Losses({ names: FEATURE_NAMES['openai-responses'], isStrict: true });
        expect(decodeResponsesRequest({ input }, losses).messages).toEqual([{ role: 'assistant', parts: [thinking] }]);
      }),
    );
  });
});

/** The parts with texts that follow one another joined, which this dialect does not keep apart. */
function merged(parts: readonly Part[]): unknown[] {
  const out: unknown[] = [];
  for (const found of parts) {
    const last = out.at(-1);
    if (found.is === 'text' && typeof last === 'string') out[out.length - 1] = last + found.text;
    else out.push(found.is === 'text' ? found.text : found);
  }
  return out;
}

/** What each side said in turn. Messages of the model that follow one another are one turn here. */
function turnsOf(messages: readonly { readonly role: string; readonly parts: readonly Part[] }[]): unknown[] {
  const turns: { role: string; parts: Part[] }[] = [];
  for (const { role, parts } of messages) {
    const last = turns.at(-1);
    if (last?.role === 'assistant' && role === 'assistant') last.parts.push(...parts);
    else turns.push({ role, parts: [...parts] });
  }
  return turns.map(({ role, parts }) => [role, merged(parts)]);
}
