/** The playground in the modes that are no chat: JSON, forms with files, and answers that are sound, on a whole gateway. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentWav } from '../../src/dialects/exchange.ts';
import { type Gateway, startGateway } from '../prove/gateway.ts';
import { type Key, makeKey, makeModel, makeTenant, type Tenant } from '../prove/tenant.ts';

const MODES = ['embedding', 'rerank', 'moderation', 'image', 'speech', 'transcription'] as const;

let gateway: Gateway;
let acme: Tenant;
let key: Key;

beforeAll(async () => {
  gateway = await startGateway();
  for (const mode of MODES) {
    const settings = { prices: PRICES[mode] };
    await makeModel(gateway, { model: mode, provider: 'fake', upstreamModel: `fake-${mode}`, mode }, settings);
  }
  acme = await makeTenant(gateway);
  key = await makeKey(gateway, acme);
}, 60_000);
afterAll(() => gateway?.stop());

const PRICES = {
  embedding: { input_per_million: '1.00' },
  rerank: { input_per_million: '0', per_unit: { search_unit: '0.002' } },
  moderation: { input_per_million: '0' },
  image: { input_per_million: '5.00', output_per_million: '40.00' },
  speech: { input_per_million: '0', per_unit: { character: '0.00001' } },
  transcription: { input_per_million: '0', per_unit: { second_input: '0.0001' } },
};

const recording = { field: 'file', name: 'two "seconds".wav', content_type: 'audio/wav', data: base64(silentWav(32_000)) };
const picture = {
  field: 'image[]',
  name: 'dot.png',
  content_type: 'image/png',
  data: base64(Buffer.from('not really a picture')),
};

/** One row for each path: what is sent, what is read in the answer, and the name of the endpoint in the log. */
const ROWS = [
  {
    path: '/v1/embeddings',
    body: { model: 'embedding', input: 'ping' },
    reads: (answer: string) => expect(JSON.parse(answer).data[0].embedding.length).toBeGreaterThan(1),
    endpoint: 'embeddings',
  },
  {
    path: '/v1/rerank',
    body: { model: 'rerank', query: 'river', documents: ['a gate', 'a river'] },
    reads: (answer: string) => expect(JSON.parse(answer).results[0]).toMatchObject({ index: 1, relevance_score: 1 }),
    endpoint: 'rerank',
  },
  {
    path: '/v1/moderations',
    body: { model: 'moderation', input: 'kill it' },
    reads: (answer: string) => expect(JSON.parse(answer).results[0]).toMatchObject({ flagged: true }),
    endpoint: 'moderations',
    // The vendor tells nothing of what it used.
    status: 'estimated',
  },
  {
    path: '/v1/images/generations',
    body: { model: 'image', prompt: 'a dot', n: 2 },
    reads: (answer: string) => expect(JSON.parse(answer).data).toHaveLength(2),
    endpoint: 'image_generations',
  },
  {
    path: '/v1/images/edits',
    body: { model: 'image', prompt: 'a larger dot', n: 2 },
    files: [picture, { ...picture, name: 'other.png' }],
    reads: (answer: string) => expect(JSON.parse(answer).data).toHaveLength(2),
    endpoint: 'image_edits',
  },
  {
    path: '/v1/audio/transcriptions',
    body: { model: 'transcription', response_format: 'verbose_json', 'timestamp_granularities[]': ['word', 'segment'] },
    files: [recording],
    reads: (answer: string) => expect(JSON.parse(answer)).toMatchObject({ text: 'silence silence', duration: 2 }),
    endpoint: 'transcriptions',
  },
  {
    path: '/v1/audio/translations',
    body: { model: 'transcription', response_format: 'srt' },
    files: [recording],
    reads: (answer: string) => expect(answer).toContain('00:00:02,000'),
    endpoint: 'translations',
  },
  {
    path: '/v1/audio/speech',
    body: { model: 'speech', input: 'Hello there.', voice: 'alloy' },
    reads: (answer: string) => expect(answer).toMatch(/^RIFF/),
    endpoint: 'speech',
  },
];

test.each(ROWS)(
  '$path answers as for an application, and is charged and logged',
  async ({ path, body, files, reads, endpoint, status = 'succeeded' }) => {
    const answer = await play({ path, body, ...(files === undefined ? {} : { files }) });
    expect(answer.status).toBe(200);
    reads(Buffer.from(await answer.arrayBuffer()).toString('latin1'));
    const id = answer.headers.get('x-request-id') ?? '';
    const row = () => gateway.ask<object>('GET', `/requests/${id}`);
    await expect.poll(async () => (await row()).status, { timeout: 10_000 }).toBe(200);
    expect((await row()).body).toMatchObject({ key_id: key.id, endpoint, status });
  },
);

test('a sound comes with its type, byte by byte', async () => {
  const answer = await play({ path: '/v1/audio/speech', body: { model: 'speech', input: 'x'.repeat(150), voice: 'alloy' } });
  expect(answer.headers.get('content-type')).toBe('audio/wav');
  const sound = Buffer.from(await answer.arrayBuffer());
  expect(sound.equals(silentWav(160_000))).toBe(true);
});

test('a form without its file, or with one that its path does not take, is refused in the dialect of its path', async () => {
  const body = { model: 'transcription' };
  const said = async (call: object) => {
    const answer = await play({ path: '/v1/audio/transcriptions', body, ...call });
    return [answer.status, ((await answer.json()) as { error: object }).error];
  };
  expect(await said({})).toEqual([400, expect.objectContaining({ param: 'body' })]);
  expect(await said({ files: [{ ...recording, field: 'sound' }] })).toEqual([400, expect.objectContaining({ param: 'file' })]);
  // A name that would end its line adds nothing to the form.
  const fields = { ...body, 'x"\r\ncontent-type: text/html\r\n\r\n': 'y' };
  expect(await said({ body: fields, files: [recording] })).toEqual([400, expect.objectContaining({ param: 'body' })]);
});

test('what is uploaded is bounded, and refused in a sentence', async () => {
  const body = { model: 'transcription' };
  const path = '/v1/audio/transcriptions';
  const at = async (files: unknown) => {
    const answer = await play({ path, body, files });
    return [answer.status, ((await answer.json()) as { errors?: { pointer: string }[] }).errors?.[0]?.pointer];
  };
  expect(await at([{ ...recording, data: 'no base64!' }])).toEqual([400, '/files/0/data']);
  expect(await at([{ ...recording, content_type: 'audio' }])).toEqual([400, '/files/0/content_type']);
  expect(await at([{ ...recording, data: 'A'.repeat(4_000_004) }])).toEqual([400, '/files/0/data']);
  expect(await at(Array.from({ length: 17 }, () => recording))).toEqual([400, '/files']);
  expect(await at([{ ...recording, data: 'A'.repeat(4_400_000) }])).toEqual([413, undefined]);
});

function play(call: object): Promise<Response> {
  return fetch(`${gateway.base}/api/v1/playground`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ key_id: key.id, ...call }),
  });
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64');
}
