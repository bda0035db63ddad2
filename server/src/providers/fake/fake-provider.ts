import type { InboundWire, Wire } from '../../dialects/dialect.ts';
import { whole as bytesOf, StreamedBytes } from '../../lib/pieces.ts';
import { type Clock, systemClock } from '../../lib/timing/clock.ts';
import type { Provider, ProviderRequest } from '../provider.ts';
import { readOpenAiError } from '../read-error.ts';
import { type FakeAnswerId, json, readFakeChat, streamedChat, wholeChat } from './fake-chat.ts';
import { fakeCompletion } from './fake-completion.ts';
import { fakeEmbeddings } from './fake-embedding.ts';
import { fakeForm, fakeMedia, fakeStreamedForm, type Made } from './fake-media.ts';
import { hashOf, promptTokensOf } from './fake-text.ts';
import { play, playOnceRead, type Schedule, type Script } from './playback.ts';

const SLOW_MS = 1_000;
const REMEMBERED_MAX = 10_000;

const SENTENCES = { small: { min: 1, max: 4 }, large: { min: 8, max: 30 } };

const sentencesOf = (model: FakeModel) => (model === 'fake-large' ? SENTENCES.large : SENTENCES.small);

const MODELS = [
  ...['fake-small', 'fake-large', 'fake-slow', 'fake-fails-once', 'fake-429', 'fake-500', 'fake-fails-mid-stream', 'fake-hangs'],
  ...['fake-embedding', 'fake-rerank', 'fake-moderation', 'fake-image', 'fake-speech', 'fake-transcription'],
] as const;
type FakeModel = (typeof MODELS)[number];

const WIRES: Readonly<Record<InboundWire, Wire | null>> = {
  'openai-chat': 'openai-chat',
  'anthropic-messages': 'openai-chat',
  'openai-responses': 'openai-chat',
  'openai-completions': 'openai-chat',
  'cursor-responses': 'openai-chat',
  'openai-compact': null,
  'openai-input-tokens': 'anthropic-count-tokens',
  gemini: 'openai-chat',
  'openai-embeddings': 'openai-embeddings',
  'anthropic-count-tokens': 'anthropic-count-tokens',
  'gemini-count-tokens': null,
  'cohere-rerank': 'cohere-rerank',
  'openai-moderations': 'openai-moderations',
  'openai-images': 'openai-images',
  'openai-speech': 'openai-speech',
  'openai-transcriptions': 'openai-transcriptions',
  'openai-translations': 'openai-translations',
  'openai-image-edits': 'openai-image-edits',
  'openai-image-variations': 'openai-image-variations',
};

export interface FakeProviderDeps {
  readonly clock?: Clock;
  readonly schedule?: Schedule;
}

/**
 * Creates a vendor without a network, for demos and tests. It answers as OpenAI would, with the same answer to the same question.
 * `upstream_model` chooses its behaviour; `fake-fails-once` refuses a request the first time it sees it, and serves it the next.
 */
export function createFakeProvider(deps: FakeProviderDeps = {}): Provider {
  const clock = deps.clock ?? systemClock;
  const schedule = deps.schedule ?? realSchedule;
  const failedOnce = new Set<string>();
  let count = 0;

  function scriptFor(request: ProviderRequest): Script {
    const model = request.deployment.upstreamModel;
    if (!isFakeModel(model)) return refusal(404, `The model '${model}' does not exist`, { code: 'model_not_found' });
    const form = fakeForm(request.wire, bytesOf(request.body), request.contentType ?? '');
    if (form !== null) return media(form);
    const body = parse(bytesOf(request.body));
    if (body === null) return refusal(400, 'The body is not a JSON object');
    if (request.wire === 'anthropic-count-tokens')
      return whole(json({ input_tokens: promptTokensOf(JSON.stringify(body).length) }));
    if (model === 'fake-429') return refusal(429, 'Rate limit reached for fake-429. Try again in 2s.', RATE_LIMITED);
    if (model === 'fake-500' || (model === 'fake-fails-once' && failsNow(failedOnce, request)))
      return refusal(500, SERVER_ERROR, FAULT);
    if (request.wire === 'openai-embeddings') return embeddings(body, model);
    const made = fakeMedia(request.wire, body, model);
    if (made !== null) return media(made);
    if (NO_CHATS.has(model)) return refusal(404, 'This is not a chat model', { param: 'model' });
    return words(request.wire === 'openai-completions' ? completion(body, model) : chat(body, model), model);
  }

  function chat(body: Record<string, unknown>, model: FakeModel): Script {
    const read = readFakeChat(body, { sentences: sentencesOf(model) });
    if ('problem' in read) return refusal(400, read.problem, { param: read.param });
    const id = idOf('chatcmpl', model);
    return read.stream ? streamed(streamedChat(read, id)) : whole(wholeChat(read, id));
  }

  function completion(body: Record<string, unknown>, model: FakeModel): Script {
    const made = fakeCompletion(body, idOf('cmpl', model), { sentences: sentencesOf(model) });
    if ('problem' in made) return refusal(400, made.problem, { param: made.param });
    return 'events' in made ? streamed(made.events) : whole(made.bytes);
  }

  function idOf(prefix: string, model: FakeModel): FakeAnswerId {
    const id = `${prefix}-fake-${hashOf(model).toString(36)}${count++}`;
    return { id, createdSeconds: Math.floor(clock.nowMs() / 1000), model };
  }

  /** Returns an answer in words as this model gives it: late, cut short, or never. */
  function words(script: Script, model: FakeModel): Script {
    if (script.status !== 200) return script;
    if (model === 'fake-slow') return { ...script, delayMs: SLOW_MS };
    if (model === 'fake-hangs') return { ...script, chunks: [], ending: 'hang' };
    if (model === 'fake-fails-mid-stream') return { ...script, chunks: half(script.chunks), ending: 'reset' };
    return script;
  }

  return {
    name: 'fake',
    wireFor: (client, { mode }) => (mode === 'completion' && client === 'openai-completions' ? client : WIRES[client]),
    open: (request, sink) => {
      const { body, wire, contentType = '', deployment } = request;
      const options = { timeoutMs: deployment.timeoutMs, schedule };
      if (!(body instanceof StreamedBytes)) return play(scriptFor(request), sink, options);
      return playOnceRead(fakeStreamedForm(wire, body, contentType).then(media), sink, options);
    },
    readError: readOpenAiError,
  };
}

const NO_CHATS: ReadonlySet<FakeModel> = new Set([
  'fake-embedding',
  'fake-rerank',
  'fake-moderation',
  'fake-image',
  'fake-speech',
]);

const SERVER_ERROR = 'The server had an error while processing your request. Sorry about that!';
const FAULT = { type: 'server_error' };
const RATE_LIMITED = { type: 'requests', code: 'rate_limit_exceeded', headers: { 'retry-after': '2', 'retry-after-ms': '2000' } };

function embeddings(body: Record<string, unknown>, model: FakeModel): Script {
  const answer = fakeEmbeddings(body, model);
  return 'problem' in answer ? refusal(400, answer.problem, { param: answer.param }) : whole(answer.bytes);
}

function media(made: Made): Script {
  if ('problem' in made) return refusal(400, made.problem, { param: made.param });
  return 'events' in made ? streamed(made.events) : whole(made.bytes, made.contentType);
}

function whole(bytes: Buffer, contentType = 'application/json'): Script {
  return { delayMs: 0, status: 200, headers: { 'content-type': contentType }, chunks: [bytes], ending: 'end' };
}

function streamed(events: readonly Buffer[]): Script {
  return {
    delayMs: 0,
    status: 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    chunks: events,
    ending: 'end',
  };
}

function refusal(
  status: number,
  message: string,
  more: {
    readonly type?: string;
    readonly code?: string;
    readonly param?: string;
    readonly headers?: Record<string, string>;
  } = {},
): Script {
  const error = { message, type: more.type ?? 'invalid_request_error', param: more.param ?? null, code: more.code ?? null };
  return { ...whole(json({ error })), status, headers: { 'content-type': 'application/json', ...more.headers } };
}

/** Returns half of a stream's events, or half of the bytes of a whole answer. */
function half(chunks: readonly Buffer[]): readonly Buffer[] {
  if (chunks.length > 1) return chunks.slice(0, chunks.length >> 1);
  return chunks.map((chunk) => chunk.subarray(0, chunk.length >> 1));
}

function failsNow(failedOnce: Set<string>, request: ProviderRequest): boolean {
  const key = `${request.deployment.id}|${hashOf(bytesOf(request.body).toString('latin1'))}`;
  if (failedOnce.delete(key)) return false;
  if (failedOnce.size >= REMEMBERED_MAX) failedOnce.delete(failedOnce.values().next().value as string);
  failedOnce.add(key);
  return true;
}

function isFakeModel(model: string): model is FakeModel {
  return (MODELS as readonly string[]).includes(model);
}

function parse(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function realSchedule(delayMs: number, run: () => void): () => void {
  if (delayMs === 0) {
    const immediate = setImmediate(run);
    return () => clearImmediate(immediate);
  }
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}
