import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { DeploymentConfig } from '../../src/domain/routing/catalogue.ts';
import type { CredentialConfig, CredentialSecret } from '../../src/domain/routing/credential.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { createBedrockProvider } from '../../src/providers/bedrock/bedrock-provider.ts';
import {
  API_KEY,
  type BedrockAnswer,
  type BedrockUpstream,
  bedrockUpstream,
  JSON_HEAD,
  REGION,
  SECRETS,
  SESSION_OF_ROLE,
  STREAM_HEAD,
} from '../support/bedrock-upstream.ts';
import { chunkFrame, eventFrame, exceptionFrame } from '../support/frames.ts';
import { messages as anthropic } from '../support/played-provider.ts';
import { budget } from '../support/policies.ts';
import { inputHeldOf, PLENTY, PRICES } from '../support/scene.ts';
import { testTransport } from '../support/upstream.ts';
import { deployment, type House, model } from '../support/walk.ts';
import { withHouse } from '../support/with-house.ts';

const { open: openHouse } = withHouse();
const CLAUDE = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0';
const NOVA = 'us.amazon.nova-micro-v1:0';
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const after = (ms: number, callback: () => void) => {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
};

const KEYS = { kind: 'aws_static', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRETS.AKIDEXAMPLE as string } as const;
const STATIC: Partial<CredentialConfig> = {
  kind: 'aws_static',
  secret: { ...KEYS, sessionToken: null, roleArn: null, externalId: null },
};

interface Setting {
  readonly answer: BedrockAnswer;
  readonly credential?: Partial<CredentialConfig>;
  readonly deployment?: Partial<DeploymentConfig>;
  readonly house?: Partial<House>;
}

/** A house whose model is served by Bedrock over HTTP. */
async function open({ answer, credential = STATIC, deployment: more = {}, house = {} }: Setting) {
  const upstream: BedrockUpstream = await bedrockUpstream(answer);
  closers.push(() => upstream.close());
  const failures: (readonly [id: string, reason: string])[] = [];
  const provider = createBedrockProvider({
    transport: testTransport(),
    clock: systemClock,
    after,
    isAmbientAllowed: false,
    onFailure: ({ id }, reason) => failures.push([id, reason]),
    tokenService: () => upstream.origin,
  });
  const own: CredentialConfig = {
    id: 'cred_1',
    provider: 'bedrock',
    baseUrl: upstream.origin,
    settings: { region: REGION },
    apiKey: '',
    ...credential,
  };
  const one = deployment({ provider: 'bedrock', upstreamModel: NOVA, prices: PRICES, credential: own, ...more });
  const now = await openHouse({
    moreProviders: [provider],
    targets: [model('fast', [one], { mode: one.mode })],
    key: { budgets: [budget(PLENTY)] },
    ...house,
  });
  return { now, upstream, provider, one, failures };
}

const HELLO = { model: 'fast', max_tokens: 50, messages: [{ role: 'user', content: 'hello' }] };
const CHAT = { path: '/v1/chat/completions' };
const MESSAGES = { path: '/v1/messages' };
const USAGE = { inputTokens: 20, outputTokens: 6, totalTokens: 26 };
const WHOLE = {
  output: { message: { role: 'assistant', content: [{ text: 'Hello.' }] } },
  stopReason: 'end_turn',
  usage: USAGE,
};
const whole: BedrockAnswer = (_asked, response) => void response.writeHead(200, JSON_HEAD).end(JSON.stringify(WHOLE));
const FRAMES = [
  eventFrame('messageStart', { role: 'assistant' }),
  eventFrame('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Hel' } }),
  eventFrame('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'lo.' } }),
  eventFrame('contentBlockStop', { contentBlockIndex: 0 }),
  eventFrame('messageStop', { stopReason: 'end_turn' }),
  eventFrame('metadata', { usage: USAGE }),
];
const streamed =
  (...frames: readonly Buffer[]): BedrockAnswer =>
  (_asked, response) =>
    void response.writeHead(200, STREAM_HEAD).end(Buffer.concat(frames));
const COST = 20n * 1_000n + 6n * 10_000n;

describe('a call of Bedrock', () => {
  test('that puts documents in order names the model by ARN, and its signature covers that', async () => {
    const results = [{ index: 1, relevanceScore: 0.5 }];
    const { now, upstream } = await open({
      answer: (_asked, response) => void response.writeHead(200, JSON_HEAD).end(JSON.stringify({ results })),
      deployment: {
        ...{ mode: 'rerank', upstreamModel: 'cohere.rerank-v3-5:0' },
        prices: [{ id: 'price_1', effectiveFromMs: 0, perMillion: { input: 0 }, units: { perUnit: { search_unit: 2_000_000 } } }],
      },
    });
    const said = await now.ask({ model: 'fast', query: 'Which gate?', documents: ['"a"', 'b'] }, { path: '/v1/rerank' });
    expect([said.status, said.json().results]).toEqual([200, [{ index: 1, relevance_score: 0.5 }]]);
    const [asked] = upstream.asked;
    expect(asked).toMatchObject({ path: '/rerank', proof: 'signed' });
    expect(asked?.body).toMatchObject({
      sources: [{ inlineDocumentSource: { textDocument: { text: '"a"' } } }, {}],
      rerankingConfiguration: {
        bedrockRerankingConfiguration: {
          modelConfiguration: { modelArn: `arn:aws:bedrock:${REGION}::foundation-model/cohere.rerank-v3-5:0` },
        },
      },
    });
    expect(now.rows[0]?.entries).toMatchObject([{ usage: { search_unit: 1 }, nanoUsd: 2_000_000 }]);
  });

  test('is signed, names the model in its path, and is charged as it reports', async () => {
    const { now, upstream } = await open({ answer: whole });
    const said = await now.ask(HELLO, CHAT);
    expect(said.json()).toMatchObject({
      id: 'req-0001',
      choices: [{ message: { content: 'Hello.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 20, completion_tokens: 6 },
    });
    const [asked] = upstream.asked;
    expect(asked).toMatchObject({ operation: 'converse', model: NOVA, proof: 'signed' });
    expect(asked?.path).toBe('/model/us.amazon.nova-micro-v1%3A0/converse');
    expect(asked?.body).toEqual({
      messages: [{ role: 'user', content: [{ text: 'hello' }] }],
      inferenceConfig: { maxTokens: 50 },
    });
    expect(now.rows.at(-1)).toMatchObject({ status: 'succeeded', entries: [{ kind: 'usage', nanoUsd: Number(COST) }] });
  });

  test.each([
    ['of the API keys that Bedrock issues', { kind: 'aws_bearer', apiKey: API_KEY } as const, 'bearer'],
    ['of a session', { ...STATIC, secret: { ...STATIC.secret, ...KEYS, sessionToken: 'own' } as CredentialSecret }, 'signed'],
  ])('may be made with a credential %s', async (_name, credential, proof) => {
    const { now, upstream } = await open({ answer: whole, credential });
    expect((await now.ask(HELLO, CHAT)).status).toBe(200);
    expect(upstream.asked[0]?.proof).toBe(proof);
    if (proof === 'signed') expect(upstream.asked[0]?.headers['x-amz-security-token']).toBe('own');
  });

  test('takes a role once for calls at once, and signs with the keys of the role', async () => {
    const roleArn = 'arn:aws:iam::123456789012:role/headgate';
    const secret = { ...KEYS, sessionToken: null, roleArn, externalId: 'ext' };
    const { now, upstream } = await open({ answer: whole, credential: { kind: 'aws_static', secret } });
    const said = await Promise.all(Array.from({ length: 20 }, () => now.ask(HELLO, CHAT)));
    expect(said.map(({ status }) => status)).toEqual(new Array(20).fill(200));
    expect(upstream.roles).toEqual([{ roleArn, externalId: 'ext' }]);
    expect(new Set(upstream.asked.map(({ headers }) => headers['x-amz-security-token']))).toEqual(new Set([SESSION_OF_ROLE]));
  });

  test('is admitted at once only as often as a budget that blocks pays for what is held', async () => {
    const held = inputHeldOf(HELLO) * 1_000 + HELLO.max_tokens * 10_000;
    const { now, upstream } = await open({ answer: whole, house: { key: { budgets: [budget(4.5 * held)] } } });
    const said = await Promise.all(Array.from({ length: 100 }, () => now.ask(HELLO, CHAT)));
    expect(said.filter(({ status }) => status === 200)).toHaveLength(4);
    expect(upstream.asked).toHaveLength(4);
    const spent = now.rows.flatMap(({ entries }) => entries).reduce((sum, { nanoUsd }) => sum + (nanoUsd ?? 0), 0);
    expect(spent).toBe(4 * Number(COST));
  });

  test('is not made with a role that the keys may not take, and the operator is told which credential it is', async () => {
    const roleArn = 'arn:aws:iam::123456789012:role/headgate';
    const secret = { ...KEYS, secretAccessKey: 'wrong', sessionToken: null, roleArn, externalId: null };
    const { now, upstream, failures } = await open({ answer: whole, credential: { kind: 'aws_static', secret } });
    expect((await now.ask(HELLO, CHAT)).status).toBeGreaterThanOrEqual(500);
    expect(upstream.asked).toEqual([]);
    expect(new Set(failures.map(([id]) => id))).toEqual(new Set(['cred_1']));
    for (const [, reason] of failures) expect(reason).toMatch(/^AWS’s token service answered 403/);
  });

  test('with keys of the machine is not made unless that is allowed', async () => {
    const { now, upstream } = await open({ answer: whole, credential: { kind: 'ambient' } });
    expect((await now.ask(HELLO, CHAT)).status).toBeGreaterThanOrEqual(500);
    expect(upstream.asked).toEqual([]);
  });

  test('that AWS refuses shows the client neither accounts nor resources', async () => {
    const secret = { ...KEYS, secretAccessKey: 'wrong', sessionToken: null, roleArn: null, externalId: null };
    const { now, provider, one } = await open({ answer: whole, credential: { kind: 'aws_static', secret } });
    const said = await now.ask(HELLO, CHAT);
    expect(said.status).toBeGreaterThanOrEqual(500);
    expect(said.text).not.toMatch(/123456789012|arn:aws|someone/);
    const body = Buffer.from('{"message":"InvalidSignatureException for arn:aws:iam::123456789012:user/someone"}');
    const headers = { 'x-amzn-errortype': 'InvalidSignatureException:http://internal.amazon.com/' };
    expect(provider.readError(403, headers, body, one.credential)).toMatchObject({
      kind: 'credential',
      message: 'InvalidSignatureException for [resource]',
    });
  });
});

describe('a stream of Converse', () => {
  test('reaches the client as events of its own dialect, and is charged as it reports', async () => {
    const { now, upstream } = await open({ answer: streamed(...FRAMES) });
    for (const way of [CHAT, MESSAGES]) {
      const said = await now.ask({ ...HELLO, stream: true }, way);
      expect(said.headers['content-type']).toContain('text/event-stream');
      expect(said.text).toContain('Hel');
      expect(said.text).toContain(way === CHAT ? 'data: [DONE]' : '"type":"message_stop"');
      expect(now.rows.at(-1)).toMatchObject({ status: 'succeeded', stream: true, entries: [{ nanoUsd: Number(COST) }] });
    }
    expect(upstream.asked.map(({ operation }) => operation)).toEqual(['converse-stream', 'converse-stream']);
  });

  test('that begins with an exception is an error by its status, and nothing of it is an answer', async () => {
    const begin = eventFrame('messageStart', { role: 'assistant' });
    const { now } = await open({ answer: streamed(begin, exceptionFrame('throttlingException', 'Too many requests')) });
    const said = await now.ask({ ...HELLO, stream: true }, CHAT);
    expect([said.status, now.rows.at(-1)?.status]).toEqual([429, 'failed']);
  });

  test.each<[string, BedrockAnswer]>([
    ['an exception', streamed(...FRAMES.slice(0, 2), exceptionFrame('modelStreamErrorException', 'broken by 123456789012'))],
    ['a damaged frame', streamed(...FRAMES.slice(0, 2), damaged(FRAMES[2] as Buffer))],
    ['half a frame', streamed(...FRAMES.slice(0, 2), (FRAMES[2] as Buffer).subarray(0, 40))],
    ['no reason for its end', streamed(...FRAMES.slice(0, 4))],
    [
      'a connection that breaks',
      (_asked, response) => {
        response.writeHead(200, STREAM_HEAD).write(Buffer.concat(FRAMES.slice(0, 2)));
        setTimeout(() => response.destroy(), 20);
      },
    ],
  ])('that ends with %s is an error for the client, and what it made is charged', async (_name, answer) => {
    const { now } = await open({ answer });
    const said = await now.ask({ ...HELLO, stream: true }, CHAT);
    expect(said.text).toContain('"code":"provider_error"');
    expect(said.text).not.toContain('[DONE]');
    expect(said.text).not.toContain('123456789012');
    expect(now.rows.at(-1)).toMatchObject({ status: 'failed', entries: [{ kind: 'estimated' }] });
  });

  test('that the client leaves is ended at Bedrock, and what it made is charged', async () => {
    let isClosed = false;
    const { now } = await open({
      answer: (_asked, response) => {
        response.on('close', () => {
          isClosed = true;
        });
        response.writeHead(200, STREAM_HEAD).write(Buffer.concat(FRAMES.slice(0, 2)));
      },
      deployment: { onHangup: 'stop' },
    });
    await now.ask({ ...HELLO, stream: true }, { ...CHAT, hangUpAfter: 1 }).catch(() => {});
    for (let turns = 0; (now.rows.length === 0 || !isClosed) && turns < 200; turns += 1) await sleep(10);
    expect(isClosed).toBe(true);
    expect(now.rows.at(-1)).toMatchObject({ status: 'cancelled', entries: [{ kind: 'estimated' }] });
  });
});

function damaged(frame: Buffer): Buffer {
  const copy = Buffer.from(frame);
  copy.writeUInt8((copy[40] as number) ^ 1, 40);
  return copy;
}

describe('Claude for a client of Anthropic’s messages', () => {
  const CLAUDES = { deployment: { upstreamModel: CLAUDE } };
  const recorded = readFileSync(
    new URL('../recorded/cassettes/bedrock/invoke/anthropic-cache-bedrock-real-api-1.response.json', import.meta.url),
  );

  test('is invoked with the request as it came, and the answer passes unchanged', async () => {
    // Without a budget, because a budget that blocks refuses a field that nothing bounds the price of.
    const { now, upstream } = await open({
      answer: (_asked, response) => void response.writeHead(200, JSON_HEAD).end(recorded),
      ...CLAUDES,
      house: { key: {} },
    });
    const betas = 'claude-code-20250219,interleaved-thinking-2025-05-14';
    const said = await now.ask({ ...HELLO, unknown_field: 1 }, { ...MESSAGES, headers: ['anthropic-beta', betas] });
    expect(said.text).toBe(recorded.toString());
    expect(upstream.asked[0]).toMatchObject({ operation: 'invoke', model: CLAUDE });
    expect(upstream.asked[0]?.body).toEqual({
      anthropic_version: 'bedrock-2023-05-31',
      anthropic_beta: ['interleaved-thinking-2025-05-14'],
      max_tokens: 50,
      messages: HELLO.messages,
      unknown_field: 1,
    });
    expect(now.rows.at(-1)).toMatchObject({
      status: 'succeeded',
      entries: [{ usage: { input: 3, cached_input: 9511, cache_write: 1956, output: 44 } }],
    });
  });

  test('streams the events that its frames hold', async () => {
    const events = [anthropic.start(20), anthropic.begin(), anthropic.text('Hello.'), anthropic.stop(), anthropic.delta(6)];
    const last = { type: 'message_stop', 'amazon-bedrock-invocationMetrics': { inputTokenCount: 20 } };
    const { now, upstream } = await open({ answer: streamed(...[...events, last].map(chunkFrame)), ...CLAUDES });
    const said = await now.ask({ ...HELLO, stream: true }, MESSAGES);
    const want = [...events, anthropic.end()].map(
      (event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`,
    );
    expect(said.text).toBe(want.join(''));
    expect(upstream.asked[0]).toMatchObject({ operation: 'invoke-with-response-stream' });
    expect(upstream.asked[0]?.body).not.toHaveProperty('stream');
    expect(now.rows.at(-1)).toMatchObject({ status: 'succeeded', entries: [{ nanoUsd: Number(COST) }] });
  });

  test('that fails in its stream says so in Anthropic’s words', async () => {
    const events = [anthropic.start(20), anthropic.begin(), anthropic.text('Hel')].map(chunkFrame);
    const { now } = await open({ answer: streamed(...events, exceptionFrame('throttlingException', 'Slow down')), ...CLAUDES });
    const said = await now.ask({ ...HELLO, stream: true }, MESSAGES);
    expect(said.text).toContain('event: error\ndata: {"type":"error","error":{"type":"rate_limit_error","message":"Slow down"}}');
    expect(now.rows.at(-1)?.status).toBe('failed');
  });

  test('counts tokens by the request that would be invoked, for the model without its region', async () => {
    const { now, upstream } = await open({
      answer: (_asked, response) => void response.writeHead(200, JSON_HEAD).end('{"inputTokens": 11}'),
      ...CLAUDES,
    });
    const said = await now.ask({ model: 'fast', messages: HELLO.messages }, { path: '/v1/messages/count_tokens' });
    expect(said.json()).toEqual({ input_tokens: 11 });
    const [asked] = upstream.asked;
    expect(asked).toMatchObject({ operation: 'count-tokens', model: 'anthropic.claude-sonnet-4-5-20250929-v1:0' });
    const { input } = (asked?.body ?? {}) as { input: { invokeModel: { body: string } } };
    expect(JSON.parse(Buffer.from(input.invokeModel.body, 'base64').toString())).toEqual({
      max_tokens: 4096,
      anthropic_version: 'bedrock-2023-05-31',
      messages: HELLO.messages,
    });
  });

  test('counts the input of Responses there too', async () => {
    const { now, upstream } = await open({
      answer: (_asked, response) => void response.writeHead(200, JSON_HEAD).end('{"inputTokens": 11}'),
      ...CLAUDES,
    });
    const said = await now.ask({ model: 'fast', input: 'hello' }, { path: '/v1/responses/input_tokens' });
    expect(said.json()).toMatchObject({ input_tokens: 11 });
    expect(upstream.asked[0]?.operation).toBe('count-tokens');
  });

  test('behind a profile that does not tell its model, and any other model, has its tokens estimated here', async () => {
    const { now, upstream } = await open({ answer: whole });
    const said = await now.ask({ model: 'fast', messages: HELLO.messages }, { path: '/v1/messages/count_tokens' });
    expect(said.json()).toEqual({ input_tokens: expect.any(Number) });
    expect(upstream.asked).toEqual([]);
  });
});
