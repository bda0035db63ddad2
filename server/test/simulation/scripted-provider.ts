import type { Provider, ProviderRequest } from '../../src/providers/provider.ts';
import { readOpenAiError } from '../../src/providers/read-error.ts';
import { type UpstreamCall, UpstreamFailure, type UpstreamSink } from '../../src/upstream/call.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';

/** A provider that does whatever providers do: answers soon or late, reports what it likes, fails in every way, breaks off. */
export function scriptedProvider(schedule: Schedule, random: Random): Provider {
  return {
    name: 'fake',
    wireFor: () => 'openai-chat',
    readError: readOpenAiError,
    open: (request, sink) => new Performance(schedule, sink).play(scriptFor(request, random)),
  };
}

type Act = { readonly afterMs: number; readonly run: (sink: UpstreamSink) => void };

const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/json' };

function scriptFor(request: ProviderRequest, random: Random): readonly Act[] {
  const afterMs = thinkingMs(random);
  const failed = (kind: 'timeout' | 'not_connected' | 'reset', sent: boolean): readonly Act[] => [
    { afterMs, run: (sink) => sink.failed(new UpstreamFailure(kind, { sent, message: `scripted ${kind}` })) },
  ];
  return random.weighted<() => readonly Act[]>([
    [70, () => (request.stream ? stream(request, random, afterMs) : whole(request, random, afterMs))],
    [5, () => error(500, afterMs)],
    [3, () => error(429, afterMs)],
    [2, () => error(400, afterMs)],
    [3, () => (request.stream ? errorInStream(request, random, afterMs) : errorInstead(request, random, afterMs))],
    [6, () => failed('timeout', true)],
    [3, () => failed('not_connected', false)],
    [3, () => failed('reset', random.chance(0.5))],
  ])();
}

/** Mostly moments; sometimes longer than a minute's window, now and then longer than an hour's. */
function thinkingMs(random: Random): number {
  return random.weighted([
    [80, random.whole(1, 3_000)],
    [15, random.whole(20_000, 100_000)],
    [4, random.whole(600_000, 7_200_000)],
  ]);
}

function error(status: number, afterMs: number): readonly Act[] {
  const body = Buffer.from(
    JSON.stringify({ error: { message: `scripted ${status}`, type: 'server_error', param: null, code: null } }),
  );
  return [
    { afterMs, run: (sink) => sink.head(status, JSON_TYPE) },
    { afterMs: 0, run: (sink) => sink.data(body) },
    { afterMs: 0, run: (sink) => sink.end() },
  ];
}

/** An error in an answer of status 200, at times with usage. */
function errorInstead(request: ProviderRequest, random: Random, afterMs: number): readonly Act[] {
  const body = Buffer.from(JSON.stringify({ ...OVERLOADED, ...(random.chance(0.3) ? usageOf(request, random) : {}) }));
  return [
    { afterMs, run: (sink) => sink.head(200, JSON_TYPE) },
    { afterMs: 0, run: (sink) => sink.data(body) },
    { afterMs: 0, run: (sink) => sink.end() },
  ];
}

/** The same in place of a stream's first event, at times behind comments for a while. */
function errorInStream(request: ProviderRequest, random: Random, afterMs: number): readonly Act[] {
  const acts: Act[] = [{ afterMs, run: (sink) => sink.head(200, EVENT_STREAM) }];
  const say = (bytes: Buffer) => acts.push({ afterMs: random.whole(0, 2_000), run: (sink) => sink.data(bytes) });
  for (let i = random.whole(0, 4); i > 0; i--) say(Buffer.from(': wait\n\n'));
  say(event(OVERLOADED));
  if (random.chance(0.3)) say(event({ ...chunk([]), usage: usageOf(request, random).usage }));
  acts.push({ afterMs: 0, run: (sink) => sink.end() });
  return acts;
}

const OVERLOADED = { error: { message: 'scripted overload', type: 'overloaded_error', param: null, code: null } };

/** The output never exceeds the cap it was sent; the input never what one token a byte and some overhead allow. */
function usageOf(
  request: ProviderRequest,
  random: Random,
): { readonly usage: object; readonly outputTokens: number; readonly n: number } {
  const body = JSON.parse(request.body.toString()) as { max_tokens?: number; max_completion_tokens?: number; n?: number };
  const cap = Math.min(body.max_completion_tokens ?? body.max_tokens ?? 4_096, request.deployment.maxOutputTokens ?? 4_096);
  const n = body.n ?? 1;
  const outputTokens = random.weighted([
    [6, random.whole(0, Math.ceil(cap / 8))],
    [3, random.whole(0, cap)],
    [1, cap],
  ]);
  const prompt = random.chance(0.8) ? Math.ceil(request.body.length / 5) : random.whole(1, request.body.length);
  const completion = outputTokens * n;
  return { usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }, outputTokens, n };
}

function whole(request: ProviderRequest, random: Random, afterMs: number): readonly Act[] {
  const { usage, outputTokens, n } = usageOf(request, random);
  const choices = Array.from({ length: n }, (_, index) => ({
    index,
    message: { role: 'assistant', content: textOf(outputTokens) },
    finish_reason: 'stop',
  }));
  const answer = { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'm', choices };
  const bytes = Buffer.from(JSON.stringify(random.chance(0.9) ? { ...answer, usage } : answer));
  return [
    { afterMs, run: (sink) => sink.head(200, JSON_TYPE) },
    { afterMs: 0, run: (sink) => sink.data(bytes) },
    { afterMs: 0, run: (sink) => sink.end() },
  ];
}

function stream(request: ProviderRequest, random: Random, afterMs: number): readonly Act[] {
  const { usage, outputTokens, n } = usageOf(request, random);
  const pieces = Math.max(1, Math.min(5, outputTokens));
  const acts: Act[] = [{ afterMs, run: (sink) => sink.head(200, EVENT_STREAM) }];
  const say = (data: unknown) => acts.push({ afterMs: random.whole(0, 2_000), run: (sink) => sink.data(event(data)) });
  for (let piece = 0; piece < pieces; piece++) {
    for (let index = 0; index < n; index++) {
      say(
        chunk([{ index, delta: { role: 'assistant', content: textOf(Math.floor(outputTokens / pieces)) }, finish_reason: null }]),
      );
    }
  }
  if (random.chance(0.12)) return [...acts, broken(random)];
  say(chunk(Array.from({ length: n }, (_, index) => ({ index, delta: {}, finish_reason: 'stop' }))));
  if (random.chance(0.9)) say({ ...chunk([]), usage });
  acts.push({ afterMs: 0, run: (sink) => sink.data(Buffer.from('data: [DONE]\n\n')) });
  acts.push({ afterMs: 0, run: (sink) => sink.end() });
  return acts;
}

function broken(random: Random): Act {
  if (random.chance(0.3)) return { afterMs: 10, run: (sink) => sink.end() };
  return { afterMs: 10, run: (sink) => sink.failed(new UpstreamFailure('reset', { sent: true, message: 'scripted break' })) };
}

function chunk(choices: readonly object[]): object {
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices };
}

function event(data: unknown): Buffer {
  return Buffer.from(`data: ${JSON.stringify(data)}\n\n`);
}

/** No more than four bytes a token, so that an estimate by bytes stays below the count. */
function textOf(tokens: number): string {
  return 'word'.repeat(tokens);
}

/** One attempt being played; after an abort nothing more is said. */
class Performance implements UpstreamCall {
  readonly sent = true;
  readonly #schedule: Schedule;
  readonly #sink: UpstreamSink;
  #over = false;

  constructor(schedule: Schedule, sink: UpstreamSink) {
    this.#schedule = schedule;
    this.#sink = sink;
  }

  play(script: readonly Act[]): UpstreamCall {
    const [act, ...rest] = script;
    if (act === undefined) return this;
    this.#schedule.after(act.afterMs, () => {
      if (this.#over) return;
      act.run(this.#sink);
      this.play(rest);
    });
    return this;
  }

  abort(): void {
    this.#over = true;
  }

  resume(): void {}
}
