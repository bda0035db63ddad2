/** Amazon Bedrock: its signatures, its frames, and every recorded answer of it, served over HTTP by a server that checks signatures. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CredentialConfig } from '../../src/domain/routing/credential.ts';
import { systemClock as clock } from '../../src/lib/timing/clock.ts';
import { createBedrockProvider } from '../../src/providers/bedrock/bedrock-provider.ts';
import { FrameReader } from '../../src/providers/bedrock/event-stream.ts';
import { authorization, hashOf, signingHeaders } from '../../src/providers/bedrock/sign-v4.ts';
import { createAddressPolicy } from '../../src/upstream/address-policy.ts';
import { createTransport } from '../../src/upstream/transport.ts';
import { type AnswerKind, meaningOf } from '../answer-meaning.ts';
import vector from '../recorded/bedrock-sigv4.json' with { type: 'json' };
import { bytesOf, type Recording, recordings } from '../recordings.ts';
import { bedrockUpstream, JSON_HEAD, REGION, SECRETS, STREAM_HEAD } from '../support/bedrock-upstream.ts';
import { eventFrame } from '../support/frames.ts';
import { deployment, model, openHouse, type WalkHouse } from '../support/walk.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { losses } from './wires-recordings.ts';

const RECORDED = path.join(import.meta.dirname, '../recorded/cassettes');
const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRETS.AKIDEXAMPLE as string, sessionToken: null };
/** The suite of AWS for signatures: method, path and signature. */
const SUITE = [
  ['GET', '/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  ['GET', '/?Param2=value2&Param1=value1', 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500'],
  ['POST', '/', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
] as const;
const SIGNATURES = 20_000;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const lost = losses(['converse']);
  return allOf([signatures(), frames(quick), await served(), { ...lost, figure: `${lost.figure} (towards Converse)` }]);
}

/** Compares signatures with the published ones. */
export function signatures(): ProveResult {
  const details: string[] = [];
  const { request, credentials, region, service, expected } = vector;
  const { host, pathname } = new URL(request.url);
  const asked = {
    method: 'POST',
    host,
    path: pathname,
    contentType: request.contentType,
    body: Buffer.from(request.body),
  } as const;
  const atMs = Date.parse(vector.signingDate);
  const sign = () => signingHeaders(asked, credentials, { region, service }, atMs).at(-1);
  if (sign() !== expected.authorization) details.push('another signature than the vector’s');
  for (const [method, at, signature] of SUITE) {
    const date = '20150830T123600Z';
    const headers = ['host', 'example.amazonaws.com', 'x-amz-date', date];
    const signed = { method, host: 'example.amazonaws.com', path: at, headers, payloadHash: hashOf(null) };
    if (!authorization(signed, KEYS, { region: 'us-east-1', service: 'service' }, date).endsWith(signature))
      details.push(`another signature than AWS’s for ${method} ${at}`);
  }
  // Time of the processor, so that what runs beside it does not count.
  const before = process.cpuUsage();
  for (let made = 0; made < SIGNATURES; made += 1) sign();
  const { user, system } = process.cpuUsage(before);
  const microseconds = (user + system) / SIGNATURES;
  const figure = `${1 + SUITE.length - details.length} of ${1 + SUITE.length} published signatures equal, ${microseconds.toFixed(1)} µs each`;
  return { holds: details.length === 0, figure, details };
}

/** Reads each recorded stream whole, cut in two at every byte, and with flipped bits: all of them, or each ninth. */
function frames(quick: boolean): ProveResult {
  const details: string[] = [];
  let [whole, cuts, flips] = [0, 0, 0];
  const files = recordings.filter(({ response }) => response.endsWith('.bin'));
  for (const { response } of files) {
    const bytes = readFileSync(path.join(RECORDED, response));
    const want = read(bytes);
    whole += want.frames;
    if (want.broken || want.frames === 0) details.push(`${response}: not read`);
    for (let at = 1; at < bytes.length; at += 1, cuts += 1) {
      const got = read(bytes.subarray(0, at), bytes.subarray(at));
      if (got.frames !== want.frames || got.text !== want.text) details.push(`${response}: cut at ${at}, other frames`);
    }
    for (let bit = 0; bit < bytes.length * 8; bit += quick ? 9 : 1, flips += 1) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8((damaged[bit >> 3] as number) ^ (1 << (bit & 7)), bit >> 3);
      if (!read(damaged).broken) details.push(`${response}: bit ${bit} flipped, and nothing noticed`);
    }
  }
  const figure = `${files.length} streams of ${whole} frames: cut at ${cuts} places and read the same, ${flips} flipped bits each an error, ${details.length} wrong`;
  return { holds: details.length === 0 && whole > 0, figure, details: details.slice(0, 20) };
}

function read(...pieces: readonly Buffer[]): { frames: number; text: string; broken: boolean } {
  const reader = new FrameReader();
  const all = pieces.flatMap((piece) => reader.push(piece));
  const text = all.map(({ payload }) => payload.toString()).join('\n');
  return { frames: all.length, text, broken: reader.broken !== null };
}

const SURFACES = {
  chat: { path: '/v1/chat/completions', said: 'chat' },
  messages: { path: '/v1/messages', said: 'messages' },
  responses: { path: '/v1/responses', said: 'responses' },
  gemini: { path: '', said: 'gemini' },
  completions: { path: '/v1/completions', said: 'completions' },
  cursor: { path: '/cursor/v1/chat/completions', said: 'chat' },
} as const satisfies Readonly<Record<string, { path: string; said: AnswerKind }>>;
type Surface = keyof typeof SURFACES;

/** Kinds that are served behind their endpoints alone, which other tests do. */
const APART: ReadonlySet<string> = new Set(['count-tokens', 'rerank']);

/** Serves every recorded answer over HTTP, behind each surface. Answers of `invoke` are those of Claude to a client of Anthropic's. */
async function served(): Promise<ProveResult> {
  let playing: Recording | null = null;
  const upstream = await bedrockUpstream(({ operation }, response) => {
    const one = playing as Recording;
    if (one.stream !== operation.endsWith('stream')) response.writeHead(500).end();
    else response.writeHead(200, one.stream ? STREAM_HEAD : JSON_HEAD).end(rawBytes(one));
  });
  const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: '127.0.0.1' });
  if ('problem' in policy) throw new Error(policy.problem);
  const transport = createTransport({ policy });
  const after = (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  };
  const provider = createBedrockProvider({ transport, clock, after, isAmbientAllowed: false });
  const secret = { kind: 'aws_static', ...KEYS, roleArn: null, externalId: null } as const;
  const credential: CredentialConfig = {
    ...{ id: 'cred_1', provider: 'bedrock', baseUrl: upstream.origin, settings: { region: REGION } },
    ...{ kind: 'aws_static', apiKey: '', secret },
  };
  const at = (id: string, upstreamModel: string) => deployment({ id, provider: 'bedrock', upstreamModel, credential });
  const house = await openHouse({
    moreProviders: [provider],
    targets: [
      model('fast', [at('dep_1', 'us.amazon.nova-micro-v1:0')]),
      model('claude', [at('dep_2', 'eu.anthropic.claude-haiku-4-5-20251001-v1:0')]),
    ],
  });
  const details: string[] = [];
  const figures: string[] = [];
  try {
    const answers = recordings.filter(
      ({ provider, status, kind }) => provider === 'bedrock' && status === 200 && !APART.has(kind),
    );
    for (const surface of Object.keys(SURFACES) as Surface[]) {
      let passed = 0;
      const ones = answers.filter(({ kind }) => kind !== 'invoke' || surface === 'messages');
      for (const one of ones) {
        playing = one;
        const why = await differs(house, one, surface);
        if (why === null) passed += 1;
        else details.push(`${one.response} behind ${surface}: ${why}`);
      }
      figures.push(`${surface} ${passed}/${ones.length}`);
    }
  } finally {
    await house.close();
    await upstream.close();
    transport.close();
  }
  return {
    holds: details.length === 0,
    figure: `recorded answers over HTTP, each request signed, behind ${figures.join(', ')}`,
    details,
  };
}

/** The bytes that Bedrock sends: where the source kept events one a line, they become frames again. */
function rawBytes({ response }: Recording): Buffer {
  const raw = readFileSync(path.join(RECORDED, response));
  if (!response.endsWith('.chunks.txt')) return raw;
  const events = raw.toString().split('\n').filter(Boolean);
  return Buffer.concat(
    events
      .flatMap((line) => Object.entries(JSON.parse(line) as Record<string, object>))
      .map(([name, event]) => eventFrame(name, event)),
  );
}

async function differs(house: WalkHouse, one: Recording, surface: Surface): Promise<string | null> {
  const { stream } = one;
  const { path: plain, said } = SURFACES[surface];
  const name = one.kind === 'invoke' ? 'claude' : 'fast';
  const action = stream ? 'streamGenerateContent' : 'generateContent';
  const where =
    surface === 'gemini' ? { path: `/v1beta/models/${name}:${action}`, query: stream ? 'alt=sse' : '' } : { path: plain };
  const answer = await house.ask(bodyFor(surface, name, stream), where);
  if (answer.status !== 200) return `${answer.status} ${answer.text.slice(0, 200)}`;
  const kind = one.kind === 'invoke' ? 'messages' : 'converse';
  const want = meaningOf(kind, stream, bytesOf(one));
  const got = meaningOf(said, stream, Buffer.from(answer.text));
  if (got.text !== want.text) return 'another text';
  // A text completion has no tools that could be called.
  if (surface !== 'completions' && JSON.stringify(got.tools) !== JSON.stringify(want.tools)) return 'other calls of tools';
  if (want.output !== undefined && got.output !== want.output) return `${got.output} and not ${want.output} output tokens`;
  if (want.input !== undefined && (got.input ?? 0) + got.cache !== want.input + want.cache) return 'another prompt';
  return house.rows.at(-1)?.status === 'failed' ? 'settled as failed' : null;
}

function bodyFor(surface: Surface, name: string, stream: boolean): object {
  const options = stream ? { stream_options: { include_usage: true } } : {};
  if (surface === 'gemini') return { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };
  if (surface === 'completions') return { model: name, prompt: 'hi', stream, ...options };
  if (surface === 'responses') return { model: name, input: 'hi', stream };
  if (surface === 'cursor') return { model: name, input: 'hi', stream, ...options };
  const messages = [{ role: 'user', content: 'hi' }];
  return surface === 'chat' ? { model: name, messages, stream, ...options } : { model: name, messages, max_tokens: 1024, stream };
}
