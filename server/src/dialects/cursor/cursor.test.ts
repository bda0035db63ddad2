import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { exchangeOf, run, sentTo } from '../../../test/exchanges.ts';
import { answersOf, bytesOf } from '../../../test/recordings.ts';
import { jsonEventsIn } from '../../../test/support/event-stream.ts';
import type { JsonObject } from '../dialect.ts';
import { readFacts } from '../exchange.ts';
import { hasInput, responsesBody, withChatTools } from './cursor-body.ts';

// biome-ignore lint/suspicious/noExplicitAny: chunks, read as loosely as a client reads them
type Json = any;

const WIRE = 'cursor-responses';
/** The fields that Cursor's agent sends, as its forum and other gateways describe them. */
const AGENT: JsonObject = {
  input: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: [{ type: 'input_text', text: 'Add a line.' }] },
  ],
  tools: [
    { type: 'function', name: 'read_file', description: 'Reads', parameters: { type: 'object', properties: {} }, strict: false },
    {
      type: 'custom',
      name: 'ApplyPatch',
      description: 'Patches',
      format: { type: 'grammar', syntax: 'lark', definition: 's: "a"' },
    },
  ],
  tool_choice: 'auto',
  ...{ store: false, include: ['reasoning.encrypted_content'], prompt_cache_retention: '24h', truncation: 'disabled' },
  ...{ reasoning: { effort: 'medium', summary: 'auto' }, text: { verbosity: 'low' }, user: 'u' },
  ...{ stream: true, stream_options: { include_usage: true } },
};

describe('the format of a body', () => {
  test('is that of a chat if it has messages, whatever else it has', () => {
    const anything = fc.dictionary(fc.constantFrom('input', 'tools', 'stream', 'x'), fc.jsonValue());
    fc.assert(
      fc.property(anything, fc.jsonValue(), (body, messages) => {
        expect(hasInput({ ...body, messages })).toBe(messages === null && (body.input ?? null) !== null);
        expect(hasInput(body)).toBe((body.input ?? null) !== null);
      }),
    );
  });

  test('a chat keeps its tools, and gets those of the Responses API as its own', () => {
    const nested = { type: 'function', function: { name: 'a', parameters: {} } };
    const custom = { type: 'custom', custom: { name: 'b' } };
    const same = { messages: [], tools: [nested, custom, { type: 'web_search' }, 7, null] };
    expect(withChatTools(same)).toBe(same);
    expect(withChatTools({ messages: [] })).toEqual({ messages: [] });
    const format = { type: 'grammar', syntax: 'lark', definition: 's: "a"' };
    expect(
      withChatTools({
        messages: [],
        tools: [
          nested,
          { type: 'function', name: 'c', parameters: { type: 'object' }, strict: true },
          { type: 'custom', name: 'd', description: 'D', format },
          { type: 'custom', name: 'e', format: { type: 'text' } },
        ],
      }).tools,
    ).toEqual([
      nested,
      { type: 'function', function: { name: 'c', parameters: { type: 'object' }, strict: true } },
      {
        type: 'custom',
        custom: { name: 'd', description: 'D', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 's: "a"' } } },
      },
      { type: 'custom', custom: { name: 'e', format: { type: 'text' } } },
    ]);
  });

  test('rewritten tools stay as they are when they are read again', () => {
    const tool = fc.record({
      type: fc.constantFrom('function', 'custom', 'web_search'),
      name: fc.option(fc.string(), { nil: undefined }),
      format: fc.constantFrom(undefined, { type: 'text' }, { type: 'grammar', syntax: 'regex', definition: 'a' }),
    });
    fc.assert(
      fc.property(fc.array(tool), (tools) => {
        const once = withChatTools({ tools });
        expect(withChatTools(once)).toBe(once);
        expect((once.tools as unknown[]).length).toBe(tools.length);
      }),
    );
  });

  test('the usage option of a chat does not reach a provider of responses', () => {
    expect(responsesBody({ input: 'a', stream_options: { include_usage: true } })).toEqual({ input: 'a' });
    expect(responsesBody({ input: 'a', stream_options: { include_usage: true, include_obfuscation: false } })).toEqual({
      input: 'a',
      stream_options: { include_obfuscation: false },
    });
    expect(responsesBody({ input: 'a' })).toEqual({ input: 'a' });
  });
});

test('the facts are those of a response, and usage is wanted as in a chat', () => {
  const read = (more: JsonObject) => readFacts(WIRE, { model: 'm', input: 'a', ...more });
  expect(read({ stream: true, max_output_tokens: 9 })).toMatchObject({
    ok: true,
    facts: { stream: true, outputCap: 9, answers: 1, wantsUsage: false },
  });
  expect(read({ stream_options: { include_usage: true } })).toMatchObject({ facts: { wantsUsage: true } });
  for (const [param, more] of [
    ['previous_response_id', { previous_response_id: 'resp_1' }],
    ['input[0].id', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
    ['background', { background: true }],
    ['prompt.id', { prompt: { id: 'p' } }],
    ['stream_options.include_usage', { stream_options: { include_usage: 'yes' } }],
  ] as const)
    expect(read(more)).toMatchObject({ ok: false, problem: { param } });
});

describe('what the provider gets', () => {
  it('is the response itself where it speaks Responses, with nothing to be stored', () => {
    const { stream_options: _usage, ...same } = AGENT;
    expect(sentTo(WIRE, 'openai-responses', { ...AGENT, store: true, client_metadata: { cwd: '/' } }, { outputCap: 9 })).toEqual({
      ...same,
      ...{ model: 'up', store: false, max_output_tokens: 9 },
    });
  });

  it('is a chat elsewhere, with the tools of a chat', () => {
    const sent = sentTo(WIRE, 'openai-chat', AGENT, { upstreamModel: 'gpt-5.6' });
    expect(sent).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Add a line.' },
      ],
      ...{ reasoning_effort: 'medium', verbosity: 'low', stream: true, stream_options: { include_usage: true } },
      tools: [
        { type: 'function', function: { name: 'read_file' } },
        { type: 'custom', custom: { name: 'ApplyPatch', format: { type: 'grammar' } } },
      ],
    });
    for (const name of ['input', 'include', 'truncation', 'store']) expect(sent).not.toHaveProperty(name);
  });

  it('is messages for Claude, with a function in the place of free text', () => {
    const { tools, ...rest } = AGENT;
    const [read] = tools as JsonObject[];
    const sent = sentTo(WIRE, 'anthropic-messages', { ...rest, tools: [read, { type: 'custom', name: 'ApplyPatch' }] }, {});
    expect(sent).toMatchObject({ system: 'Be brief.', tools: [{ name: 'read_file' }, { name: 'ApplyPatch' }] });
  });
});

describe('what Cursor gets', () => {
  // One is an error with status 200, which never reaches a translation.
  const recorded = answersOf('openai', 'responses').filter(({ response }) => !response.includes('openai-error'));

  it('covers whole answers and streams', () => {
    expect(recorded.filter(({ stream }) => stream).length).toBeGreaterThan(3);
    expect(recorded.filter(({ stream }) => !stream).length).toBeGreaterThan(3);
  });

  it('are chunks of a chat, whose custom tools have free text', () => {
    const item = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_1', name: 'ApplyPatch', input: '' };
    const done = { ...item, input: '*** Begin\n"x"' };
    const usage = { input_tokens: 3, output_tokens: 5, total_tokens: 8 };
    const events = [
      { type: 'response.created', response: { id: 'resp_1', model: 'm', status: 'in_progress', output: [] } },
      { type: 'response.output_item.added', output_index: 0, item },
      { type: 'response.custom_tool_call_input.delta', output_index: 0, delta: '*** Begin\n"x"' },
      { type: 'response.output_item.done', output_index: 0, item: done },
      { type: 'response.completed', response: { id: 'resp_1', model: 'm', status: 'completed', output: [done], usage } },
    ];
    const bytes = Buffer.from(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
    const open = () => exchangeOf(WIRE, 'openai-responses', AGENT).stream();
    const said = run(open(), bytes);
    expect(run(open(), bytes, 1)).toBe(said);
    const chunks = jsonEventsIn<Json>(said);
    expect(new Set(chunks.map(({ object }) => object))).toEqual(new Set(['chat.completion.chunk']));
    const calls = chunks.flatMap(({ choices }) => choices.flatMap((choice: Json) => choice.delta.tool_calls ?? []));
    expect(calls[0]).toMatchObject({ index: 0, id: 'call_1', type: 'custom', custom: { name: 'ApplyPatch' } });
    expect(calls.map((call) => call.custom.input).join('')).toBe('*** Begin\n"x"');
    expect(chunks.at(-1).usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 5 });
    expect(chunks.at(-2).choices[0].finish_reason).toBe('tool_calls');
    expect(said.endsWith('data: [DONE]\n\n')).toBe(true);
    for (let at = 0; at < bytes.length; at += 1) {
      const stream = open();
      const cut = Buffer.concat([
        stream.push(bytes.subarray(0, at)),
        stream.end({ clean: false, message: 'it broke' }),
      ]).toString();
      if (stream.facts().complete) continue;
      expect(cut).not.toContain('[DONE]');
      expect(cut).toContain('it broke');
    }
  });

  it.each(recorded.filter(({ stream }) => !stream))('$response is a chat completion', (recording) => {
    const answer = JSON.parse(bytesOf(recording).toString());
    const { bytes, facts } = exchangeOf(WIRE, 'openai-responses', { input: 'a' }).whole(bytesOf(recording));
    expect(JSON.parse(bytes.toString())).toMatchObject({ object: 'chat.completion', model: answer.model });
    expect(facts.complete).toBe(true);
  });
});
