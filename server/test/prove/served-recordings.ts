/** A recorded answer of a provider, served behind the surface of a client by the whole walk, and compared with what the recording means. */
import type { InboundWire, JsonObject, ServerWire } from '../../src/dialects/dialect.ts';
import { type ChatKind, type Meaning, meaningOf } from '../answer-meaning.ts';
import { bytesOf, type Recording } from '../recordings.ts';
import { asking, openScene, type Scene } from '../support/scene.ts';
import type { ProveResult } from './prove.ts';

export const KINDS = ['chat', 'messages', 'responses', 'gemini'] as const satisfies readonly ChatKind[];
export type Kind = (typeof KINDS)[number];
/** The dialects in which providers answer chats: those of clients, and what only providers speak. */
export const SERVER_KINDS = [...KINDS, 'cohere', 'converse'] as const;
export type ServerKind = (typeof SERVER_KINDS)[number];
/** What a client asks in: a chat dialect, texts to be continued, or Cursor's mixture of two dialects. */
export type Surface = Kind | 'completions' | 'cursor';
export const SURFACES: readonly Surface[] = [...KINDS, 'completions', 'cursor'];
export const WIRES = {
  ...{ chat: 'openai-chat', messages: 'anthropic-messages', responses: 'openai-responses', gemini: 'gemini' },
  ...{ completions: 'openai-completions', cursor: 'cursor-responses' },
  cohere: 'cohere-chat',
  converse: 'bedrock-converse',
} as const satisfies Readonly<Record<Surface, InboundWire>> & Readonly<Record<ServerKind, ServerWire>>;
const PATHS = {
  ...{ chat: '/v1/chat/completions', messages: '/v1/messages', responses: '/v1/responses', completions: '/v1/completions' },
  cursor: '/cursor/v1/chat/completions',
} as const;
export const MODELS = {
  chat: 'gpt-5.6',
  messages: 'claude-opus-4-6',
  responses: 'gpt-5.6',
  gemini: 'gemini-3-flash-preview',
  cohere: 'command-a-reasoning-08-2025',
  converse: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
} as const satisfies Record<ServerKind, string>;

/** Four files hold the answers of several exchanges as one stream, as no provider sends them. Translated, a stream ends with the first. */
const SEVERAL_ANSWERS =
  /programmatic-tool-calling\.1\.chunks|tool-search-deferred-(bm25|regex)\.chunks|tool-search-regex\.1\.chunks/;
/** Arguments in pieces by their paths. Translated, they are whole, which the reading of recordings does not make of them. */
const IN_PIECES = /stream-tool-call/;
export const MISNAMED = /vercel-azure-deepseek-reasoning\.1\.json$/;
/** These servers count reasoning beside the completion. Translated, it is inside the output, as other dialects say it. */
const BESIDE = /^(?:gemini|openai-compatible)\/chat\//;
/** Returns the dialect of a recording; null: it is neither a chat nor a text completion. */
export function kindOf({ kind }: { readonly kind: string }): ServerKind | 'completions' | null {
  if (kind === 'cohere-chat') return 'cohere';
  // The kit has two words for it.
  if (kind === 'completions' || kind === 'completion') return 'completions';
  if (kind === 'generate-content' || kind === 'stream-generate-content') return 'gemini';
  if (kind === 'converse-stream') return 'converse';
  // Claude's answers behind Bedrock are Anthropic's own.
  if (kind === 'invoke') return 'messages';
  return SERVER_KINDS.find((one) => one === kind) ?? null;
}

/** The surfaces on which a recording is served. Nothing is translated into texts. */
export function surfacesOf(recording: Recording): readonly Surface[] {
  return kindOf(recording) === 'completions' ? ['completions'] : SURFACES;
}

/** The dialect of the answers of a surface. */
function saidIn(surface: Surface): ChatKind | 'completions' {
  return surface === 'cursor' ? 'chat' : surface;
}

function placeOf(surface: Surface, stream: boolean): { readonly path: string; readonly query?: string } {
  if (surface !== 'gemini') return { path: PATHS[surface] };
  return stream
    ? { path: '/v1beta/models/fast:streamGenerateContent', query: 'alt=sse' }
    : { path: '/v1beta/models/fast:generateContent' };
}

/** Serves the recordings of one wire behind each surface, by the whole walk, and compares what a client understands. */
export async function served(
  kind: ServerKind | 'completions',
  surfaces: readonly Surface[],
  all: readonly Recording[],
): Promise<ProveResult> {
  const scene = await openScene(
    kind === 'completions'
      ? { isBudgeted: false, deployment: { mode: 'completion' } }
      : { speaks: WIRES[kind], isBudgeted: false, deployment: { upstreamModel: MODELS[kind] } },
  );
  const details: string[] = [];
  const figures: string[] = [];
  try {
    for (const surface of surfaces) {
      let passed = 0;
      for (const recording of all) {
        const why = await differs(scene, recording, surface);
        if (why === null) passed += 1;
        else details.push(`${recording.response} behind ${surface}: ${why}`);
      }
      figures.push(`${surface} ${passed}/${all.length}`);
    }
  } finally {
    await scene.house.close();
  }
  return { holds: details.length === 0, figure: `${all.length} answers of ${kind} behind ${figures.join(', ')}`, details };
}

export async function differs(scene: Scene, recording: Recording, surface: Surface): Promise<string | null> {
  const { stream } = recording;
  const bytes = bytesOf(recording);
  const { call, said, row } = asking(scene, { ...bodyFor(surface, stream), model: 'fast' }, placeOf(surface, stream));
  const played = await call;
  if (stream) {
    for (const event of bytes.toString().split(/(?<=\r?\n\r?\n)/)) played.events(event);
    played.end();
  } else played.json(JSON.parse(bytes.toString()));
  const answer = await said;
  const { status, httpStatus } = await row();
  const kind = kindOf(recording) as ServerKind | 'completions';
  if (isError(kind, bytes, stream)) return status === 'failed' ? null : `an error was settled as ${status}`;
  if (httpStatus !== 200 || (status !== 'succeeded' && status !== 'estimated')) return `${httpStatus} ${status}`;
  if (surface !== kind && SEVERAL_ANSWERS.test(recording.response)) return null;
  const want = meaningOf(kind, stream, bytes);
  const got = meaningOf(saidIn(surface), stream, Buffer.from(answer.text));
  const isBeside = surface !== kind && BESIDE.test(recording.response) && (got.output ?? 0) > (want.output ?? 0);
  // A text completion has no tools that could be called.
  const hasOtherTools = surface === 'completions' || (surface !== kind && IN_PIECES.test(recording.response));
  return firstDifference({ ...want, ...(isBeside && { output: got.output }), ...(hasOtherTools && { tools: got.tools }) }, got);
}

/** Reports whether a recording is an error with status 200. */
export function isError(kind: ServerKind | 'completions', bytes: Buffer, stream: boolean): boolean {
  const text = bytes.toString();
  if (stream) return /"type": ?"(?:error|response\.failed)"|^data: ?\{.*"error": ?\{"/m.test(text);
  const { status, error } = JSON.parse(text) as { status?: string; error?: object | null };
  return (error ?? null) !== null || (kind === 'responses' && status === 'failed');
}

function firstDifference(want: Meaning, got: Meaning): string | null {
  if (got.text !== want.text) return 'another text';
  if (JSON.stringify(got.tools) !== JSON.stringify(want.tools)) return 'other calls of tools';
  if (want.output !== undefined && got.output !== want.output) return `${got.output} and not ${want.output} output tokens`;
  if (want.input !== undefined && promptOf(got) !== promptOf(want))
    return `${promptOf(got)} and not ${promptOf(want)} prompt tokens`;
  return want.stop !== null && typeof got.stop !== 'string' ? 'no reason for its end' : null;
}

function promptOf({ input, cache }: Meaning): number {
  return (input ?? 0) + cache;
}

export function bodyFor(surface: Surface, stream: boolean): JsonObject {
  const options = stream ? { stream_options: { include_usage: true } } : {};
  if (surface === 'completions') return { stream, prompt: 'hi', ...options };
  if (surface === 'cursor') return { stream, input: 'hi', include: ['reasoning.encrypted_content'], ...options };
  if (surface === 'gemini') return { stream, contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };
  if (surface === 'responses') return { stream, input: 'hi', include: ['reasoning.encrypted_content'] };
  const messages = [{ role: 'user', content: 'hi' }];
  return surface === 'chat' ? { stream, messages, ...options } : { stream, messages, max_tokens: 1024 };
}
