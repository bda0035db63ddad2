import { describe, expect, it } from 'vitest';
import { eventsIn, jsonEventsIn } from '../../../test/support/event-stream.ts';
import type { Wire } from '../../dialects/dialect.ts';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import type { UpstreamFailure, UpstreamHeaders, UpstreamSink } from '../../upstream/call.ts';
import { createFakeProvider, type FakeProviderDeps } from './fake-provider.ts';
import type { Schedule } from './playback.ts';

function deployment(upstreamModel: string, timeoutMs = 60_000): DeploymentConfig {
  return {
    ...{ id: `dep_${upstreamModel}`, model: 'm', provider: 'fake', upstreamModel, mode: 'chat', credential: null, prices: [] },
    ...{ limits: { rpm: null, tpm: null }, weight: 1, priority: 0, tags: [], maxOutputTokens: null, timeoutMs, enabled: true },
  };
}

/** Returns a schedule whose time passes only by `pass`. */
function handTurned(): { schedule: Schedule; pass: (ms: number) => void } {
  let now = 0;
  const due: { at: number; run: () => void }[] = [];
  return {
    schedule: (delayMs, run) => {
      const entry = { at: now + delayMs, run };
      due.push(entry);
      return () => void due.splice(due.indexOf(entry), due.includes(entry) ? 1 : 0);
    },
    pass: (ms) => {
      const until = now + ms;
      for (;;) {
        const next = due.filter((entry) => entry.at <= until).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        due.splice(due.indexOf(next), 1);
        now = next.at;
        next.run();
      }
      now = until;
    },
  };
}

interface Heard {
  status: number;
  headers: UpstreamHeaders;
  text: string;
  chunks: number;
  ended: boolean;
  failure: UpstreamFailure | null;
}

function listener(take: (heard: Heard) => boolean = () => true): { heard: Heard; sink: UpstreamSink } {
  const heard: Heard = { status: 0, headers: {}, text: '', chunks: 0, ended: false, failure: null };
  const sink: UpstreamSink = {
    head: (status, headers) => Object.assign(heard, { status, headers }),
    data: (chunk) => {
      heard.text += chunk;
      heard.chunks++;
      return take(heard);
    },
    end: () => Object.assign(heard, { ended: true }),
    failed: (failure) => Object.assign(heard, { failure }),
  };
  return { heard, sink };
}

const question = { messages: [{ role: 'user', content: 'How does a headgate work?' }] };

function fake(deps: Omit<FakeProviderDeps, 'schedule'> = {}) {
  const time = handTurned();
  const provider = createFakeProvider({
    clock: { nowMs: () => 1_700_000_000_500, monotonicMs: () => 0 },
    ...deps,
    schedule: time.schedule,
  });
  const open = (model: string, body: object, sink: UpstreamSink, options: { wire?: Wire; timeoutMs?: number } = {}) =>
    provider.open(
      {
        deployment: deployment(model, options.timeoutMs),
        wire: options.wire ?? 'openai-chat',
        body: Buffer.from(JSON.stringify({ model, ...body })),
        ...{ stream: false, forward: [], query: '' },
      },
      sink,
    );
  const ask = (model: string, body: object, options: { wire?: Wire; timeoutMs?: number; waitMs?: number } = {}) => {
    const { heard, sink } = listener();
    open(model, body, sink, options);
    time.pass(options.waitMs ?? 0);
    return heard;
  };
  return { time, open, ask, provider };
}

type Completion = {
  id: string;
  created: number;
  model: string;
  system_fingerprint: string;
  choices: { index: number; message: { content: string }; finish_reason: string }[];
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number; prompt_tokens_details: object };
};
type Chunk = {
  id: string;
  object: string;
  choices: { index: number; delta: { role?: string; content?: string }; finish_reason: string | null }[];
  usage?: Completion['usage'] | null;
};

const chunksOf = (text: string) => jsonEventsIn<Chunk>(text);
const completion = (heard: Heard): Completion => JSON.parse(heard.text) as Completion;

describe('the fake vendor', () => {
  it('says in its fingerprint that it is fake, and dates its answers by the clock it was given', () => {
    const answer = completion(fake().ask('fake-small', question));
    expect(answer.system_fingerprint).toContain('fake');
    expect(answer.created).toBe(1_700_000_000);
    expect(answer.model).toBe('fake-small');
  });

  it('answers the same question with the same text, and different questions differently', () => {
    const { ask } = fake();
    const text = (content: string) =>
      completion(ask('fake-small', { messages: [{ role: 'user', content }] })).choices[0]?.message.content;
    expect(text('a')).toBe(text('a'));
    expect(new Set(['a', 'b', 'c', 'd', 'e', 'f'].map(text)).size).toBeGreaterThan(3);
    expect(text('a')).toMatch(/^[A-Z].{20,}\.$/);
  });

  it('streams exactly the text and the usage it would have answered whole', () => {
    const { ask } = fake();
    const whole = completion(ask('fake-large', { ...question, n: 3 }));
    const streamed = ask('fake-large', { ...question, n: 3, stream: true, stream_options: { include_usage: true } });
    expect(streamed.headers['content-type']).toMatch(/^text\/event-stream/);
    const chunks = chunksOf(streamed.text);
    for (const choice of whole.choices) {
      const deltas = chunks.flatMap((chunk) => chunk.choices.filter((one) => one.index === choice.index));
      expect(deltas.map((one) => one.delta.content ?? '').join('')).toBe(choice.message.content);
      expect(deltas[0]?.delta.role).toBe('assistant');
      expect(deltas.at(-1)?.finish_reason).toBe(choice.finish_reason);
    }
    expect(chunks.at(-1)?.usage).toEqual(whole.usage);
    expect(chunks.at(-1)?.choices).toEqual([]);
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(eventsIn(streamed.text).at(-1)).toMatchObject({ data: '[DONE]' });
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1);
  });

  it('streams no usage unless asked for it', () => {
    expect(fake().ask('fake-small', { ...question, stream: true }).text).not.toContain('usage');
  });

  it('counts one completion token per piece it streams, and adds up', () => {
    const { ask } = fake();
    const { usage } = completion(ask('fake-large', { ...question, n: 2 }));
    const pieces = chunksOf(ask('fake-large', { ...question, n: 2, stream: true }).text).filter(
      (chunk) => chunk.choices[0]?.delta.content,
    );
    expect(usage.completion_tokens).toBe(pieces.length);
    expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
    expect(usage.prompt_tokens_details).toEqual({ cached_tokens: 0, audio_tokens: 0 });
  });

  it.each(['max_tokens', 'max_completion_tokens'])('stops at %s and says so', (cap) => {
    const answer = completion(fake().ask('fake-large', { ...question, [cap]: 5 }));
    expect(answer.usage.completion_tokens).toBe(5);
    expect(answer.choices[0]?.finish_reason).toBe('length');
  });

  it.each<object>([
    {},
    { messages: [] },
    { ...question, max_tokens: 0 },
    { ...question, max_tokens: 1.5 },
    { ...question, n: 0 },
    { ...question, n: 129 },
  ])('refuses %j with 400 as OpenAI would', (body) => {
    const heard = fake().ask('fake-small', body);
    expect(heard.status).toBe(400);
    expect(JSON.parse(heard.text)).toMatchObject({ error: { type: 'invalid_request_error', code: null } });
  });

  it('does not know other models, nor chats with its embedding', () => {
    expect(fake().ask('gpt-5', question)).toMatchObject({ status: 404, ended: true });
    expect(fake().ask('fake-embedding', question)).toMatchObject({ status: 404 });
  });

  it('fake-slow sends its first token after one second', () => {
    const { time, open } = fake();
    const { heard, sink } = listener();
    open('fake-slow', { ...question, stream: true }, sink);
    time.pass(999);
    expect(heard).toMatchObject({ status: 0, chunks: 0 });
    time.pass(1);
    expect(heard).toMatchObject({ status: 200, ended: true });
  });

  it('fake-fails-once refuses a request the first time and serves it the next', () => {
    const { ask } = fake();
    expect([1, 2, 3, 4].map(() => ask('fake-fails-once', question).status)).toEqual([500, 200, 500, 200]);
    expect(ask('fake-fails-once', { messages: [{ role: 'user', content: 'other' }] }).status).toBe(500);
  });

  it('fake-429 and fake-500 fail as a provider does', () => {
    const { ask, provider } = fake();
    const limited = ask('fake-429', question);
    expect(limited).toMatchObject({ status: 429, ended: true });
    expect(provider.readError(429, limited.headers, Buffer.from(limited.text))).toMatchObject({
      kind: 'rate_limited',
      retryAfterMs: 2_000,
    });
    const broken = ask('fake-500', question);
    expect(provider.readError(500, broken.headers, Buffer.from(broken.text))).toMatchObject({
      kind: 'unavailable',
      retryable: true,
    });
  });

  it('fake-fails-mid-stream breaks off in the middle, streamed or whole, and never ends', () => {
    const { ask } = fake();
    const streamed = ask('fake-fails-mid-stream', { ...question, stream: true });
    expect(streamed).toMatchObject({ status: 200, ended: false, failure: { kind: 'reset', sent: true } });
    expect(streamed.chunks).toBeGreaterThan(0);
    expect(streamed.text).not.toContain('[DONE]');
    const whole = ask('fake-fails-mid-stream', question);
    expect(whole).toMatchObject({ ended: false, failure: { kind: 'reset', sent: true } });
    expect(() => JSON.parse(whole.text)).toThrow();
  });

  it('fake-hangs says nothing until the deployment’s timeout', () => {
    expect(fake().ask('fake-hangs', question, { timeoutMs: 5_000, waitMs: 4_999 })).toMatchObject({ status: 0, failure: null });
    expect(fake().ask('fake-hangs', question, { timeoutMs: 5_000, waitMs: 5_000 })).toMatchObject({
      status: 0,
      failure: { kind: 'timeout', sent: true },
    });
    expect(fake().ask('fake-slow', question, { timeoutMs: 500, waitMs: 5_000 })).toMatchObject({
      status: 0,
      failure: { kind: 'timeout' },
    });
  });

  it('counts tokens without a model behind it', () => {
    const heard = fake().ask('fake-small', question, { wire: 'anthropic-count-tokens' });
    expect(JSON.parse(heard.text)).toEqual({ input_tokens: expect.any(Number) });
  });
});

describe('its embeddings', () => {
  type Embeddings = {
    data: { index: number; embedding: number[] | string }[];
    usage: { prompt_tokens: number; total_tokens: number };
  };
  const embed = (body: object) =>
    JSON.parse(fake().ask('fake-embedding', body, { wire: 'openai-embeddings' }).text) as Embeddings;

  it('are unit vectors, the same for the same input', () => {
    const { data } = embed({ input: ['a', 'b', 'a'] });
    const [a, b, again] = data.map((one) => one.embedding as number[]) as [number[], number[], number[]];
    expect(a).toEqual(again);
    expect(a).not.toEqual(b);
    for (const vector of [a, b]) {
      expect(vector).toHaveLength(256);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    }
    expect(data.map((one) => one.index)).toEqual([0, 1, 2]);
  });

  it('say the same in base64 and in numbers', () => {
    const numbers = embed({ input: 'a', dimensions: 32 }).data[0]?.embedding as number[];
    const bytes = Buffer.from(
      embed({ input: 'a', dimensions: 32, encoding_format: 'base64' }).data[0]?.embedding as string,
      'base64',
    );
    expect(Array.from({ length: 32 }, (_, i) => bytes.readFloatLE(i * 4))).toEqual(numbers.map(Math.fround));
  });

  it('take texts and token lists and count them', () => {
    expect(embed({ input: [1, 2, 3] }).usage).toEqual({ prompt_tokens: 3, total_tokens: 3 });
    expect(embed({ input: [[1, 2], [3]] }).data).toHaveLength(2);
    expect(embed({ input: 'abcdefgh' }).usage.prompt_tokens).toBe(2);
  });

  it.each<object>([
    {},
    { input: [] },
    { input: [[]] },
    { input: { a: 1 } },
    { input: 'a', dimensions: 0 },
    { input: 'a', dimensions: 1e9 },
  ])('refuse %j with 400', (body) => {
    expect(fake().ask('fake-embedding', body, { wire: 'openai-embeddings' }).status).toBe(400);
  });
});

describe('its text completions', () => {
  type Completion = { choices: { text: string; index: number; finish_reason: string }[]; usage: Record<string, number> };
  const complete = (body: object) => fake().ask('fake-small', body, { wire: 'openai-completions' });
  const completed = (body: object) => JSON.parse(complete(body).text) as Completion;

  it('answer each prompt n times, and bill what they pick the best from', () => {
    const { choices, usage } = completed({ prompt: ['a', 'b'], n: 2, best_of: 3, max_tokens: 4 });
    expect(choices.map(({ index, finish_reason }) => [index, finish_reason])).toEqual([0, 1, 2, 3].map((at) => [at, 'length']));
    expect(usage).toEqual({ prompt_tokens: 2, completion_tokens: 24, total_tokens: 26 });
    expect(completed({ prompt: [1, 2, 3] }).usage.prompt_tokens).toBe(3);
    expect(completed({ prompt: 'a', max_tokens: 0 }).choices[0]?.text).toBe('');
  });

  it('stream the same texts, with usage if it is asked for', () => {
    const body = { prompt: ['a', 'b'], max_tokens: 9 };
    const { choices } = completed(body);
    const { text } = complete({ ...body, stream: true, stream_options: { include_usage: true } });
    const chunks = text.split('\n\n').flatMap((event) => (event.startsWith('data: {') ? [JSON.parse(event.slice(6))] : []));
    for (const [at, { text: whole }] of choices.entries())
      expect(
        chunks
          .flatMap((chunk) => chunk.choices)
          .flatMap((one) => (one.index === at ? [one.text] : []))
          .join(''),
      ).toBe(whole);
    expect(chunks.at(-1).usage.completion_tokens).toBeGreaterThan(0);
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(complete({ ...body, stream: true }).text).not.toContain('usage');
  });

  it.each<object>([
    { prompt: [] },
    { prompt: [[]] },
    { prompt: { a: 1 } },
    { prompt: 'a', n: 0 },
    { prompt: 'a', max_tokens: -1 },
  ])('refuse %j with 400', (body) => {
    expect(complete(body).status).toBe(400);
  });
});

describe('a call to it', () => {
  it('reports nothing before it was returned, and nothing after it was aborted', () => {
    const { time, open } = fake();
    const { heard, sink } = listener((so) => {
      if (so.chunks === 3) call.abort();
      return true;
    });
    const call = open('fake-large', { ...question, stream: true }, sink);
    expect(heard.status).toBe(0);
    expect(call.sent).toBe(true);
    time.pass(10_000);
    expect(heard).toMatchObject({ chunks: 3, ended: false, failure: null });
  });

  it('pauses when the receiver asks and goes on where it stopped', () => {
    const { time, open, ask } = fake();
    const body = { ...question, stream: true };
    const { heard, sink } = listener((so) => so.chunks % 5 !== 0);
    const call = open('fake-large', body, sink);
    time.pass(0);
    expect(heard.chunks).toBe(5);
    time.pass(60_000);
    expect(heard.chunks).toBe(5);
    for (let i = 0; i < 1_000 && !heard.ended; i++) {
      call.resume();
      time.pass(0);
    }
    expect(heard.ended).toBe(true);
    const text = (events: string) =>
      chunksOf(events)
        .map((chunk) => chunk.choices[0]?.delta.content ?? '')
        .join('');
    expect(text(heard.text)).toBe(text(ask('fake-large', body).text));
  });

  it('runs on real timers by default', async () => {
    const provider = createFakeProvider();
    const body = Buffer.from(JSON.stringify({ ...question, model: 'fake-small' }));
    const text = await new Promise<string>((resolve, reject) => {
      let all = '';
      const sink: UpstreamSink = {
        head: () => {},
        data: (chunk) => {
          all += chunk;
          return true;
        },
        end: () => resolve(all),
        failed: reject,
      };
      provider.open(
        { deployment: deployment('fake-small'), wire: 'openai-chat', body, stream: false, forward: [], query: '' },
        sink,
      );
    });
    expect(JSON.parse(text)).toMatchObject({ object: 'chat.completion' });
  });
});
