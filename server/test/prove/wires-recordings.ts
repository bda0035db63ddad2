/** Every recording of a chat dialect behind each surface: what its answer says, how its stream ends, and what its request loses. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type AnswerStream,
  type InboundWire,
  type JsonObject,
  type ServerWire,
  Untranslatable,
} from '../../src/dialects/dialect.ts';
import { type ChatKind, type Meaning, meaningOf } from '../answer-meaning.ts';
import { exchangeOf } from '../exchanges.ts';
import { bytesOf, type Recording, recordings } from '../recordings.ts';
import { asking, openScene, type Scene } from '../support/scene.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { conformanceKit } from './replay.ts';

const KINDS = ['chat', 'messages', 'responses', 'gemini'] as const satisfies readonly ChatKind[];
type Kind = (typeof KINDS)[number];
/** The dialects in which providers answer chats: those of clients, and what only providers speak. */
const SERVER_KINDS = [...KINDS, 'cohere', 'converse'] as const;
type ServerKind = (typeof SERVER_KINDS)[number];
/** What a client asks in: a chat dialect, texts to be continued, or Cursor's mixture of two dialects. */
type Surface = Kind | 'completions' | 'cursor';
const SURFACES: readonly Surface[] = [...KINDS, 'completions', 'cursor'];
const WIRES = {
  ...{ chat: 'openai-chat', messages: 'anthropic-messages', responses: 'openai-responses', gemini: 'gemini' },
  ...{ completions: 'openai-completions', cursor: 'cursor-responses' },
  cohere: 'cohere-chat',
  converse: 'bedrock-converse',
} as const satisfies Readonly<Record<Surface, InboundWire>> & Readonly<Record<ServerKind, ServerWire>>;
const PATHS = {
  ...{ chat: '/v1/chat/completions', messages: '/v1/messages', responses: '/v1/responses', completions: '/v1/completions' },
  cursor: '/cursor/v1/chat/completions',
} as const;
const MODELS = {
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
const MISNAMED = /vercel-azure-deepseek-reasoning\.1\.json$/;
/** These servers count reasoning beside the completion. Translated, it is inside the output, as other dialects say it. */
const BESIDE = /^(?:gemini|openai-compatible)\/chat\//;
/** What ends an answer in each dialect. A stream that broke off must not hold it. */
const TERMINATORS = /^data: \[DONE\]|"type":"message_stop"|"type":"response\.(?:completed|incomplete)"|"finishReason": ?"[A-Z]/m;
const RECORDED = path.join(import.meta.dirname, '../recorded/cassettes');
/** A quick run cuts a stream at so many places, and at each of its last bytes; a full one at every byte. */
const QUICK_CUTS = { places: 40, lastBytes: 20 } as const;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const all = recordings.filter(
    (recording) => kindOf(recording) !== null && recording.status === 200 && recording.provenance !== 'quoted',
  );
  const ofKind = (kind: ServerKind | 'completions') => all.filter((recording) => kindOf(recording) === kind);
  return allOf([
    ...(await Promise.all(SERVER_KINDS.map((kind) => served(kind, SURFACES, ofKind(kind))))),
    await served('completions', ['completions'], ofKind('completions')),
    cutStreams(
      all.filter(({ stream }) => stream),
      quick,
    ),
    losses(),
    uncovered(),
  ]);
}

/** Returns the dialect of a recording; null: it is neither a chat nor a text completion. */
function kindOf({ kind }: { readonly kind: string }): ServerKind | 'completions' | null {
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
function surfacesOf(recording: Recording): readonly Surface[] {
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
async function served(
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

async function differs(scene: Scene, recording: Recording, surface: Surface): Promise<string | null> {
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
function isError(kind: ServerKind | 'completions', bytes: Buffer, stream: boolean): boolean {
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

function bodyFor(surface: Surface, stream: boolean): JsonObject {
  const options = stream ? { stream_options: { include_usage: true } } : {};
  if (surface === 'completions') return { stream, prompt: 'hi', ...options };
  if (surface === 'cursor') return { stream, input: 'hi', include: ['reasoning.encrypted_content'], ...options };
  if (surface === 'gemini') return { stream, contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };
  if (surface === 'responses') return { stream, input: 'hi', include: ['reasoning.encrypted_content'] };
  const messages = [{ role: 'user', content: 'hi' }];
  return surface === 'chat' ? { stream, messages, ...options } : { stream, messages, max_tokens: 1024 };
}

/** Reads each stream byte by byte, and breaks it off at every byte: the client gets an error and no end, and nothing throws. */
function cutStreams(streams: readonly Recording[], quick: boolean): ProveResult {
  const details: string[] = [];
  let cuts = 0;
  for (const recording of streams) {
    const bytes = bytesOf(recording);
    for (const surface of surfacesOf(recording)) {
      const open = () => exchangeOf(WIRES[surface], WIRES[kindOf(recording) as ServerKind], bodyFor(surface, true)).stream();
      const whole = read(open(), bytes, bytes.length);
      if (!read(open(), bytes, 1).equals(whole))
        details.push(`${recording.response} behind ${surface}: other bytes, read one by one`);
      for (const at of placesIn(bytes.length, quick)) {
        cuts += 1;
        const why = cutAt(open(), bytes.subarray(0, at));
        if (why !== null) details.push(`${recording.response} behind ${surface}, cut at ${at}: ${why}`);
      }
    }
  }
  const figure = `${streams.length} streams behind up to ${SURFACES.length} surfaces, byte by byte the same, and cut ${cuts} times: ${details.length} wrong`;
  return { holds: details.length === 0, figure, details: details.slice(0, 40) };
}

function read(stream: AnswerStream, bytes: Buffer, step: number): Buffer {
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) out.push(stream.push(bytes.subarray(at, at + step)));
  return Buffer.concat([...out, stream.end({ clean: true })]);
}

function cutAt(stream: AnswerStream, part: Buffer): string | null {
  try {
    const said = Buffer.concat([stream.push(part), stream.end({ clean: false, message: 'the connection broke' })]).toString();
    const { complete, error } = stream.facts();
    if (complete) return null;
    if (error === null || !said.includes('error')) return 'no error';
    // A recording of several answers holds ends of its own.
    return TERMINATORS.test(said) && !TERMINATORS.test(part.toString()) ? 'an end that never came' : null;
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

function placesIn(length: number, quick: boolean): Iterable<number> {
  if (!quick) return Array(length).keys();
  const step = Math.max(1, Math.floor(length / QUICK_CUTS.places));
  const places = new Set<number>();
  for (let at = 0; at < length; at += step) places.add(at);
  for (let at = Math.max(0, length - QUICK_CUTS.lastBytes); at < length; at += 1) places.add(at);
  return places;
}

/** Translates every recorded request towards each other wire, and lists by pair what it lost. */
export function losses(upstreams: readonly ServerKind[] = SERVER_KINDS): ProveResult {
  const log: string[] = [];
  let requests = 0;
  let untold = 0;
  for (const client of [...KINDS, 'completions'] as const) {
    const bodies = recordings
      .filter((recording) => kindOf(recording) === client && recording.request !== undefined)
      .map(({ request }) => path.join(RECORDED, request as string))
      .filter((file) => existsSync(file))
      .flatMap((file) => bodyIn(file));
    requests += bodies.length;
    for (const upstream of upstreams.filter((kind) => kind !== client)) {
      const lost = new Map<string, number>();
      let whole = 0;
      for (const body of bodies) {
        const names = lostOf(client, upstream, body);
        if (names === null) untold += 1;
        else if (names.length === 0) whole += 1;
        for (const name of names ?? []) lost.set(name, (lost.get(name) ?? 0) + 1);
      }
      const list = [...lost].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`);
      log.push(`${client} → ${upstream}: ${bodies.length} requests, ${whole} lose nothing; ${list.join(', ')}`);
    }
  }
  return {
    holds: untold === 0 && requests > 0,
    figure: `${requests} recorded requests towards the other wires: losses by pair below`,
    log,
  };
}

/** Returns what a request loses; a refused field is marked. Null: the translation broke in another way. */
function lostOf(client: Kind | 'completions', upstream: ServerKind, body: JsonObject): readonly string[] | null {
  try {
    return exchangeOf(WIRES[client], WIRES[upstream], body, { upstreamModel: MODELS[upstream] }).dropped;
  } catch (error) {
    if (error instanceof Untranslatable) return [`${error.param.replace(/\d+/g, 'n')} (refused)`];
    // A body that no wire is served, such as one without messages. Anything else is a defect.
    return error instanceof Error && error.constructor === Error ? ['not served at all'] : null;
  }
}

function bodyIn(file: string): JsonObject[] {
  try {
    return [JSON.parse(readFileSync(file, 'utf8')) as JsonObject];
  } catch {
    return [];
  }
}

/** Names the recordings of the kit that are not in the tree, so that a new one is not missed unseen. */
function uncovered(): ProveResult {
  const kit = conformanceKit();
  if (kit === null) return { holds: true, figure: 'the kit of recordings is not here' };
  const manifest = JSON.parse(readFileSync(path.join(kit, 'cassettes/manifest.json'), 'utf8')) as readonly Recording[];
  const known = new Set(recordings.map(({ response }) => response));
  // One chat completion is called a response there.
  const missing = manifest.filter(
    ({ kind, response, status }) =>
      kindOf({ kind }) !== null && status === 200 && !known.has(response) && !MISNAMED.test(response),
  );
  return {
    holds: missing.length === 0,
    figure: `${missing.length} answers of the kit are not in the tree`,
    details: missing.map(({ response }) => response),
  };
}
