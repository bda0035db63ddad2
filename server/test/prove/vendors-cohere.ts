/**
 * Cohere and Voyage: every recorded chat behind each surface, with what its request loses; embeddings by vendor; and what each answer
 * costs, against rows that were worked out by hand.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { EmbeddingWire, JsonObject } from '../../src/dialects/dialect.ts';
import { exchangeOf } from '../exchanges.ts';
import byHand from '../recorded/costs-by-hand.json' with { type: 'json' };
import { answersOf, bytesOf, type Recording, recordings } from '../recordings.ts';
import { asking, nanoUsd, openScene, type Scene } from '../support/scene.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';

/** Each surface as a client calls it. Together its fields are more than Cohere has. */
export const SURFACES: readonly {
  readonly name: string;
  readonly path: string;
  readonly body: (stream: boolean) => JsonObject;
}[] = [
  {
    name: 'chat',
    path: '/v1/chat/completions',
    body: (stream) => ({
      ...{ stream, messages: [{ role: 'user', content: 'hi' }], user: 'ada', seed: 1, top_k: 5, parallel_tool_calls: false },
      ...{ verbosity: 'low', prompt_cache_key: 'k', ...(stream && { stream_options: { include_usage: true } }) },
    }),
  },
  {
    name: 'messages',
    path: '/v1/messages',
    body: (stream) => ({
      ...{ stream, max_tokens: 99, messages: [{ role: 'user', content: 'hi' }], metadata: { user_id: 'ada' } },
      system: [{ type: 'text', text: 'be brief', cache_control: { type: 'ephemeral' } }],
    }),
  },
  {
    name: 'responses',
    path: '/v1/responses',
    body: (stream) => ({ stream, input: 'hi', reasoning: { effort: 'high', summary: 'auto' }, safety_identifier: 'ada' }),
  },
  {
    name: 'gemini',
    path: '/v1beta/models/fast:',
    body: () => ({
      contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
      ...{ generationConfig: { topK: 5, seed: 1 }, safetySettings: [{}], labels: { a: 'b' } },
    }),
  },
  {
    name: 'completions',
    path: '/v1/completions',
    body: (stream) => ({ stream, prompt: 'hi', user: 'ada', logit_bias: { 5: 1 } }),
  },
  {
    name: 'cursor',
    path: '/cursor/v1/chat/completions',
    body: (stream) => ({ stream, input: 'hi', text: { verbosity: 'low' }, parallel_tool_calls: false }),
  },
];

const EMBEDDINGS: readonly { readonly vendor: string; readonly wire: EmbeddingWire; readonly kind: Recording['kind'] }[] = [
  { vendor: 'cohere', wire: 'cohere-embed', kind: 'cohere-embed' },
  { vendor: 'voyage', wire: 'voyage-embed', kind: 'embeddings' },
  { vendor: 'gemini', wire: 'gemini-embed', kind: 'gemini-embed' },
];

export async function run(_options: ProveOptions): Promise<ProveResult> {
  const chats = answersOf('cohere', 'cohere-chat');
  const results = [await chatsBehind(chats), requestsAsRecorded(), ...(await Promise.all(EMBEDDINGS.map(embeddingsOf)))];
  return allOf(results);
}

/** Serves each recording behind each surface by the whole walk, and compares the charge with the row by hand. */
async function chatsBehind(chats: readonly Recording[]): Promise<ProveResult> {
  const scene = await openScene({
    ...{ speaks: 'cohere-chat', isBudgeted: false, deployment: { upstreamModel: 'command-a-reasoning-08-2025' } },
  });
  const details: string[] = [];
  const log: string[] = [];
  let right = 0;
  try {
    for (const surface of SURFACES) {
      const lost = new Set<string>();
      let passed = 0;
      for (const recording of chats) {
        const why = await servedWrongly(scene, recording, surface, lost);
        if (why === null) passed += 1;
        else details.push(`${recording.response} behind ${surface.name}: ${why}`);
      }
      right += passed;
      log.push(
        `${surface.name}: ${passed} of ${chats.length} recordings; its request loses ${[...lost].join(', ') || 'nothing'}`,
      );
    }
  } finally {
    await scene.house.close();
  }
  const all = chats.length * SURFACES.length;
  return {
    holds: chats.length > 0 && right === all,
    figure: `${chats.length} recorded chats of Cohere behind ${SURFACES.length} surfaces: ${right} of ${all} answered and charged as worked out by hand`,
    details,
    log,
  };
}

async function servedWrongly(
  scene: Scene,
  recording: Recording,
  surface: (typeof SURFACES)[number],
  lost: Set<string>,
): Promise<string | null> {
  const { stream } = recording;
  const isGemini = surface.name === 'gemini';
  const place = isGemini
    ? { path: surface.path + (stream ? 'streamGenerateContent' : 'generateContent'), ...(stream && { query: 'alt=sse' }) }
    : { path: surface.path };
  const { call, said, row } = asking(scene, { ...surface.body(stream), ...(!isGemini && { model: 'fast' }) }, place);
  const played = await call;
  const text = bytesOf(recording).toString();
  if (stream) {
    played.events(...text.split(/(?<=\n\n)/));
    played.end();
  } else played.json(JSON.parse(text));
  const { status, headers } = await said;
  for (const name of String(headers['x-headgate-dropped'] ?? '').split(',')) if (name !== '') lost.add(name);
  const { entries } = await row();
  if (status !== 200) return `status ${status}`;
  const charged = entries.map((entry) => Number(entry.nanoUsd)).reduce((sum, one) => sum + one, 0);
  const wanted = (byHand as Readonly<Record<string, number>>)[recording.response];
  return charged === wanted ? null : `charged ${charged} nano-USD and not ${wanted}`;
}

/** Translates what a client would say, and compares it with what Cohere's own client sent. */
function requestsAsRecorded(): ProveResult {
  const asked = recordings.filter(({ kind, request }) => kind === 'cohere-chat' && request !== undefined);
  const details = asked.flatMap(({ request = '' }) => {
    const recorded = JSON.parse(readFileSync(path.join(import.meta.dirname, '../recorded/cassettes', request), 'utf8'));
    const { messages, model } = recorded as { messages: JsonObject[]; model: string };
    const sent = exchangeOf('openai-chat', 'cohere-chat', { messages }, { upstreamModel: model }).upstreamBody.toString();
    return isDeepStrictEqual(JSON.parse(sent), recorded) ? [] : [`${request}: another request is sent`];
  });
  return {
    holds: asked.length > 0 && details.length === 0,
    figure: `${asked.length - details.length} of ${asked.length} recorded requests are written as Cohere’s client wrote them`,
    details,
  };
}

/** Serves each recording of one vendor to a client that wants numbers and to one that wants base64. */
async function embeddingsOf({ vendor, wire, kind }: (typeof EMBEDDINGS)[number]): Promise<ProveResult> {
  const scene = await openScene({ speaks: wire, isBudgeted: false, deployment: { mode: 'embedding' } });
  const details: string[] = [];
  const log: string[] = [];
  const all = answersOf(vendor, kind);
  try {
    for (const recording of all) {
      for (const format of ['float', 'base64'] as const) {
        const why = await embeddedWrongly(scene, recording, format, log);
        if (why !== null) details.push(`${recording.response} as ${format}: ${why}`);
      }
    }
  } finally {
    await scene.house.close();
  }
  return {
    holds: all.length > 0 && details.length === 0,
    figure: `${all.length} recorded embeddings of ${vendor}, as numbers and as base64: ${details.length} wrong`,
    details,
    log,
  };
}

async function embeddedWrongly(
  scene: Scene,
  recording: Recording,
  format: 'float' | 'base64',
  log: string[],
): Promise<string | null> {
  const bytes = bytesOf(recording).toString();
  const vectors = vectorsIn(bytes);
  const body = { model: 'fast', input: vectors.map((_, at) => `text ${at}`), encoding_format: format, user: 'ada' };
  const { call, said, row } = asking(scene, body, { path: '/v1/embeddings' });
  (await call).json(JSON.parse(bytes));
  const { status, headers, json } = await said;
  const { entries, status: settled } = await row();
  if (status !== 200) return `status ${status}`;
  const { data } = json() as unknown as { data: readonly { embedding: number[] | string }[] };
  const read = data.map(({ embedding }) => (typeof embedding === 'string' ? floatsIn(embedding) : embedding));
  const wanted = format === 'float' ? vectors : vectors.map((vector) => vector.map(Math.fround));
  if (JSON.stringify(read) !== JSON.stringify(wanted)) return 'other numbers';
  const charged = Number(entries[0]?.nanoUsd);
  log.push(
    `${recording.response} as ${format}: ${vectors.length} × ${vectors[0]?.length}, ${settled}, ${charged} nano-USD; dropped ${headers['x-headgate-dropped']}`,
  );
  const row1 = (byHand as Readonly<Record<string, number>>)[recording.response];
  // An answer without usage is charged a quarter of the request's bytes.
  const estimate = nanoUsd(Math.ceil(Buffer.byteLength(JSON.stringify(body)) / 4), 0);
  if (row1 === undefined)
    return settled === 'estimated' && charged === estimate ? null : `${settled}, ${charged} and not ${estimate}`;
  return charged === row1 ? null : `charged ${charged} nano-USD and not ${row1}`;
}

function vectorsIn(bytes: string): number[][] {
  const { embeddings, data } = JSON.parse(bytes);
  const list = data ?? embeddings.float ?? embeddings;
  return list.map((one: number[] | { embedding?: number[]; values?: number[] }) =>
    Array.isArray(one) ? one : (one.embedding ?? one.values),
  );
}

function floatsIn(text: string): number[] {
  const bytes = Buffer.from(text, 'base64');
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
}
