import { describe, expect, it } from 'vitest';
import { answersOf, bytesOf } from '../../../test/recordings.ts';
import type { AnswerStream, InboundWire, JsonObject } from '../dialect.ts';
import { UnreadableAnswer } from '../dialect.ts';
import { openExchange, readFacts } from '../exchange.ts';

const messages = [{ role: 'user', content: 'hi' }];

function exchange(wire: InboundWire, body: JsonObject, outputCap: number | null = null) {
  const reading = readFacts(wire, body);
  if (!reading.ok) throw new Error(reading.problem.message);
  const { facts } = reading;
  return openExchange({
    client: wire,
    upstream: wire,
    body,
    facts,
    upstreamModel: 'up',
    outputCap,
    maxOutputTokens: null,
  });
}
const upstreamBody = (wire: InboundWire, body: JsonObject, outputCap: number | null = null) =>
  JSON.parse(exchange(wire, body, outputCap).upstreamBody.toString()) as JsonObject;
const chatStream = (wantsUsage: boolean) =>
  exchange('openai-chat', {
    model: 'm',
    messages,
    stream: true,
    ...(wantsUsage ? { stream_options: { include_usage: true } } : {}),
  }).stream();
const messageStream = () => exchange('anthropic-messages', { model: 'm', messages, max_tokens: 5, stream: true }).stream();

function run(stream: AnswerStream, bytes: Buffer, step = bytes.length): string {
  const out: Buffer[] = [];
  for (let i = 0; i < bytes.length; i += step) out.push(stream.push(bytes.subarray(i, i + step)));
  return Buffer.concat([...out, stream.end({ clean: true })]).toString();
}

const CHUNK = '{"id":"c","choices":[{"index":0,"delta":{"content":"héllo"},"finish_reason":null}],"usage":null}';
const STOP = '{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}';
const USAGE = '{"id":"c","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}';
const sse = (...data: string[]) => Buffer.from(data.map((line) => `data: ${line}\n\n`).join(''));

describe('the upstream body within a dialect', () => {
  // promise: A request is re-serialised from the parsed object (or
  it('changes the model only, and keeps unknown fields', () => {
    const body = { model: 'm', messages, x_custom: { deep: [1, null] }, temperature: 0 };
    expect(upstreamBody('openai-chat', body)).toEqual({ ...body, model: 'up' });
    expect(upstreamBody('openai-embeddings', { model: 'm', input: ['a'], y: 1 })).toEqual({ model: 'up', input: ['a'], y: 1 });
    expect(upstreamBody('anthropic-count-tokens', { model: 'm', messages })).toEqual({ model: 'up', messages });
  });

  it('sends what came where that is what it would write, byte for byte the same either way', () => {
    const written = (
      client: InboundWire,
      body: JsonObject,
      upstreamModel: string,
      ourBytes: Buffer | null,
      outputCap: number | null,
    ) => {
      const reading = readFacts(client, body);
      if (!reading.ok) throw new Error(reading.problem.message);
      const names = { upstreamModel, maxOutputTokens: null };
      return openExchange({ client, upstream: client, body, ourBytes, facts: reading.facts, outputCap, ...names }).upstreamBody;
    };
    const bodies: readonly JsonObject[] = [
      { model: 'm', messages, max_tokens: 5 },
      { messages, max_tokens: 5, model: 'm' },
      { model: 'mö"\\', messages: [{ role: 'user', content: '"model":"m" 😀' }], max_tokens: 5 },
      { model: 'm', messages, max_tokens: 5, stream: true },
      { model: 'm', model2: 'm', messages, max_tokens: 5 },
    ];
    for (const body of bodies) {
      const came = Buffer.from(JSON.stringify(body));
      for (const client of ['openai-chat', 'anthropic-messages'] as const)
        for (const upstreamModel of [String(body.model), 'up', 'ü"p'])
          for (const cap of [null, 3])
            expect(written(client, body, upstreamModel, came, cap)).toEqual(written(client, body, upstreamModel, null, cap));
    }
    const [first] = bodies as [JsonObject];
    const came = Buffer.from(JSON.stringify(first));
    expect(written('openai-chat', first, 'm', came, null)).toBe(came);
  });

  it('always asks for usage in a stream and keeps the other stream options', () => {
    const asked = upstreamBody('openai-chat', {
      model: 'm',
      messages,
      stream: true,
      stream_options: { include_obfuscation: false },
    });
    expect(asked.stream_options).toEqual({ include_obfuscation: false, include_usage: true });
    expect(upstreamBody('openai-chat', { model: 'm', messages })).not.toHaveProperty('stream_options');
  });

  it('puts a clamped cap where the caller wrote theirs', () => {
    expect(upstreamBody('openai-chat', { model: 'm', messages, max_tokens: 9 }, 5)).toEqual({
      model: 'up',
      messages,
      max_tokens: 5,
    });
    expect(upstreamBody('openai-chat', { model: 'm', messages, max_completion_tokens: 9 }, 5)).toMatchObject({
      max_completion_tokens: 5,
    });
    expect(upstreamBody('openai-chat', { model: 'm', messages }, 5)).toEqual({ model: 'up', messages, max_completion_tokens: 5 });
    expect(upstreamBody('anthropic-messages', { model: 'm', messages }, 5)).toMatchObject({ max_tokens: 5 });
  });
});

describe('a whole answer within a dialect', () => {
  const whole = (text: string) => exchange('openai-chat', { model: 'm', messages }).whole(Buffer.from(text));

  // promise: Only answers pass as bytes
  it('passes as the same buffer, its usage read from the tail', () => {
    const bytes = Buffer.from(
      '{"choices":[{"message":{"content":"\\"usage\\": {}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2},"x":"}"}\n',
    );
    const { bytes: out, facts } = exchange('openai-chat', { model: 'm', messages }).whole(bytes);
    expect(out).toBe(bytes);
    expect(facts).toEqual({
      usage: { input: 3, output: 2 },
      usageImplausible: false,
      serviceTier: null,
      usageIsFinal: true,
      outputBytes: 0,
      finishReason: 'stop',
      finishes: 1,
      complete: true,
      error: null,
    });
  });

  it.each(['', '  \n', '{"id":"x","choices":[{', '<html>no</html>', '[]', 'null', '{"a":}'])(
    'is unreadable when the body is %j',
    (text) => {
      expect(() => whole(text)).toThrow(UnreadableAnswer);
    },
  );

  it('takes no usage from inside the answer for its own', () => {
    const inner = whole('{"choices":[{"message":{"usage":{"prompt_tokens":99,"completion_tokens":9}}}]}').facts;
    expect(inner.usage).toBeNull();
    expect(inner.outputBytes).toBeGreaterThan(0);
    expect(
      whole('{"usage":{"prompt_tokens":1,"completion_tokens":1},"choices":[{"usage":{"prompt_tokens":9}}]}').facts.usage,
    ).toEqual({ input: 1, output: 1 });
  });

  it('knows the tier that answered wherever the answer says so, and takes none from inside the answer for it', () => {
    const usage = '"usage":{"prompt_tokens":3,"completion_tokens":2}';
    const long = `"choices":[{"message":{"content":"${'x'.repeat(9_000)}"}}]`;
    const tierIn = (text: string) => whole(text).facts.serviceTier;
    expect(tierIn(`{${long},${usage},"service_tier":"priority","system_fingerprint":"x"}`)).toBe('priority');
    expect(tierIn(`{"service_tier": "flex",${long},${usage}}`)).toBe('flex');
    expect(tierIn(`{"service_tier":"default",${long},${usage}}`)).toBe('');
    expect(tierIn(`{"choices":[{"service_tier":"flex"}],${usage}}`)).toBeNull();
    expect(tierIn(`{"choices":[{"message":{"content":"\\"service_tier\\":\\"flex\\""}}],${usage}}`)).toBeNull();
    expect(tierIn(`{${usage},"service_tier":"${'y'.repeat(500)}"}`)).toBe('unknown');
    expect(tierIn(`{${usage},"service_tier":null}`)).toBeNull();
  });

  it('says of each answer what is so, whatever stood behind the usage of the one before', () => {
    const usage = '"usage":{"prompt_tokens":3,"completion_tokens":2}';
    const answers: readonly (readonly [string, string | null, boolean])[] = [
      [`{${usage}}`, null, true],
      [`{${usage},"service_tier":"default"}`, '', true],
      [`{"choices":[{${usage},"service_tier":"default"}]}`, null, false],
      [`{"choices":[{${usage}}]}`, null, false],
      [`{${usage},"service_tier":"flex"}`, 'flex', true],
      [`{"service_tier":"priority",${usage}}`, 'priority', true],
    ];
    for (const before of answers)
      for (const [text, tier, isReported] of answers) {
        whole(before[0]);
        const { facts } = whole(text);
        expect([facts.serviceTier, facts.usage !== null]).toEqual([tier, isReported]);
      }
  });

  it('says when a 200 carries an error', () => {
    expect(whole('{"error":{"message":"no"}}').facts).toMatchObject({ error: 'no', usage: null });
  });
});

describe('a chat stream within its dialect', () => {
  it('passes the very chunk when nothing has to be cut', () => {
    const stream = chatStream(true);
    const chunk = sse(CHUNK, STOP);
    expect(stream.push(chunk)).toBe(chunk);
    expect(chatStream(false).push(chunk)).toEqual(chunk);
    expect(stream.facts()).toEqual({
      usage: null,
      usageImplausible: false,
      serviceTier: null,
      usageIsFinal: false,
      outputBytes: 6,
      finishReason: 'stop',
      finishes: 1,
      complete: false,
      error: null,
    });
  });

  it.each([1, 2, 7, 50, 10_000])(
    'cuts the usage event for a client that did not ask, in pieces of %i bytes, and keeps [DONE]',
    (step) => {
      const bytes = sse(CHUNK, STOP, USAGE, '[DONE]');
      const cut = chatStream(false);
      expect(run(cut, bytes, step)).toBe(sse(CHUNK, STOP, '[DONE]').toString());
      expect(cut.facts()).toEqual({
        usage: { input: 3, output: 2 },
        usageImplausible: false,
        serviceTier: null,
        usageIsFinal: true,
        outputBytes: 6,
        finishReason: 'stop',
        finishes: 1,
        complete: true,
        error: null,
      });
      expect(run(chatStream(true), bytes, step)).toBe(bytes.toString());
    },
  );

  it('knows the tier that answered by the event that carries the usage', () => {
    const stream = chatStream(false);
    run(stream, sse(CHUNK, STOP, USAGE.replace('{', '{"service_tier":"priority",'), '[DONE]'));
    expect(stream.facts().serviceTier).toBe('priority');
  });

  it('takes only the usage out of an event that says more', () => {
    const both =
      '{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}';
    const out = run(chatStream(false), sse(both, '[DONE]'));
    expect(out).toContain('"content":"x"');
    expect(out).not.toContain('usage');
  });

  it('is complete only by its terminator, not by the same words inside the answer', () => {
    const stream = chatStream(true);
    stream.push(sse('{"choices":[{"delta":{"content":"data: [DONE]"}}]}'));
    expect(stream.facts().complete).toBe(false);
  });

  // promise: `[DONE]` only after a complete answer; a late failure is
  it.each([{ clean: true as const }, { clean: false as const, message: 'connection reset' }])(
    'ends with an error event and no [DONE] when broken: %j',
    (how) => {
      const stream = chatStream(false);
      stream.push(sse(CHUNK));
      stream.push(Buffer.from('data: {"id":"c","cho'));
      const end = stream.end(how).toString();
      expect(end).toMatch(
        /^data: \{"error":\{"message":"[^"]+","type":"api_error","param":null,"code":"provider_error"\}\}\n\n$/,
      );
      expect(stream.facts()).toMatchObject({ complete: false, error: expect.any(String), finishReason: null });
    },
  );

  it('relays an error event once and adds no second one', () => {
    const stream = chatStream(false);
    const chunk = sse(CHUNK, '{"error":{"message":"overloaded","type":"server_error"}}');
    expect(stream.push(chunk)).toEqual(chunk);
    expect(stream.end({ clean: true }).length).toBe(0);
    expect(stream.facts()).toMatchObject({ complete: false, error: 'overloaded' });
  });

  it('counts each choice’s finish once, however often and in however many events it is said', () => {
    const finish = (...indices: readonly number[]) =>
      JSON.stringify({ id: 'c', choices: indices.map((index) => ({ delta: {}, finish_reason: 'stop', index })) });
    const stream = exchange('openai-chat', { model: 'm', messages, stream: true, n: 3 }).stream();
    const finishes = (...events: readonly string[]) => {
      stream.push(sse(...events));
      return stream.facts().finishes;
    };
    expect(finishes(CHUNK, finish(0), finish(0))).toBe(1);
    expect(finishes(finish(0))).toBe(1);
    expect(finishes(finish(0, 2), CHUNK)).toBe(2);
    expect(finishes('{"choices":[{"index":1,"delta":{"content":"x"},"finish_reason":"length"}]}')).toBe(3);
    expect(finishes(...Array.from({ length: 9 }, (_, index) => finish(index)))).toBe(3);
    expect(stream.facts().finishReason).toBe('stop');
  });

  it('counts no log probabilities, names or ids as output', () => {
    const stream = chatStream(true);
    const logprobs = { content: [{ token: 'hi', logprob: -0.1, bytes: [104, 105], top_logprobs: [] }], refusal: null };
    const tool_calls = [{ index: 0, id: 'call_1', type: 'function', function: { name: 'reasoning', arguments: '{"a":1}' } }];
    const delta = { content: 'hi', refusal: null, reasoning: null, tool_calls };
    stream.push(sse(JSON.stringify({ choices: [{ index: 0, delta, logprobs, finish_reason: null }] })));
    expect(stream.facts().outputBytes).toBe('hi'.length + '{\\"a\\":1}'.length);
  });

  it('accepts a last event without its blank line', () => {
    const stream = chatStream(true);
    expect(run(stream, Buffer.from('data: [DONE]'))).toBe('data: [DONE]');
    expect(stream.facts().complete).toBe(true);
  });

  it('gives up on an event without end, in bounded memory', () => {
    const stream = chatStream(true);
    const megabyte = Buffer.alloc(1024 * 1024, 'x');
    const out = Buffer.concat(Array.from({ length: 40 }, () => stream.push(megabyte)));
    expect(out.toString()).toContain('"code":"provider_error"');
    expect(out.length).toBeLessThan(1000);
    expect(stream.end({ clean: true }).length).toBe(0);
    expect(stream.facts()).toMatchObject({ complete: false, error: expect.stringContaining('is larger than') });
  });
});

describe('a message stream within its dialect', () => {
  it('answers an early end with an error event of its dialect', () => {
    const stream = messageStream();
    stream.push(
      Buffer.from(
        'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":4,"output_tokens":1}}}\n\n',
      ),
    );
    expect(stream.end({ clean: true }).toString()).toMatch(
      /^event: error\ndata: \{"type":"error","error":\{"type":"api_error","message":"[^"]+"\}\}\n\n$/,
    );
    expect(stream.facts()).toMatchObject({ complete: false, usage: { input: 4, output: 1 }, usageIsFinal: false });
  });

  it('takes the later report of usage over the first one, field by field', () => {
    const [recording] = answersOf('anthropic', 'messages').filter((r) => r.response.includes('message-delta-input-tokens'));
    const stream = messageStream();
    if (recording === undefined) throw new Error('recording missing');
    run(stream, bytesOf(recording));
    expect(stream.facts()).toMatchObject({
      complete: true,
      finishReason: 'end_turn',
      finishes: 1,
      usage: { input: 61, output: 2 },
      outputBytes: 4,
    });
  });
});

describe('recorded streams', () => {
  const streams = [...answersOf('openai', 'chat'), ...answersOf('anthropic', 'messages')].filter((r) => r.stream);
  it.each(streams.map((r) => [r.response, r] as const))('%s passes byte by byte and at once as it came', (_name, recording) => {
    const bytes = bytesOf(recording);
    for (const step of [1, bytes.length]) {
      const stream = recording.kind === 'chat' ? chatStream(true) : messageStream();
      expect(run(stream, bytes, step)).toBe(bytes.toString());
      expect(stream.facts()).toMatchObject({ complete: true, error: null, finishReason: expect.any(String) });
    }
  });
});
