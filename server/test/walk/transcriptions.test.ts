import OpenAI, { toFile } from 'openai';
import { describe, expect, test } from 'vitest';
import { filesOf, readForm, silentWav } from '../../src/dialects/exchange.ts';
import type { PerUnit } from '../../src/domain/money/price.ts';
import type { DeploymentConfig, DeploymentMode } from '../../src/domain/routing/catalogue.ts';
import { whole } from '../../src/lib/pieces.ts';
import { bytesOf, recordings } from '../recordings.ts';
import { budget, readingsOf } from '../support/policies.ts';
import { asking } from '../support/scene.ts';
import { type AskOptions, deployment, type House, model, type WalkHouse } from '../support/walk.ts';
import { withHouse, withScene } from '../support/with-house.ts';

const USD = 1_000_000_000;
const SECOND = 100_000;
const PATH = '/v1/audio/transcriptions';
const { open: openHouse, present } = withHouse();
const openScene = withScene();

const priced = (
  perMillion: object,
  perUnit: PerUnit = {},
  mode: DeploymentMode = 'transcription',
): Partial<DeploymentConfig> => ({
  mode,
  prices: [{ id: 'price_1', effectiveFromMs: 0, perMillion, units: { perUnit } }],
});
const BY_SECOND = priced({ input: 0 }, { second_input: SECOND });
const fake = (more: Partial<DeploymentConfig> = BY_SECOND, house: House = {}) =>
  openHouse({
    targets: [
      model('fast', [deployment({ upstreamModel: 'fake-transcription', ...more })], { mode: more.mode ?? 'transcription' }),
    ],
    ...house,
  });
const blocking = (nanoUsd: number) => ({ key: { budgets: [budget(nanoUsd)] } });
const spent = () => readingsOf(present(), ['key', 'key_1'], blocking(1).key);
/** Three seconds of silence: 48,044 bytes. */
const WAV = silentWav(48_000);

type Part = readonly [head: string, content: string | Buffer];
const field = (name: string, text: string): Part => [`content-disposition: form-data; name="${name}"`, text];
const file = (content: Buffer = WAV, name = 'file', filename = 'a.wav'): Part => [
  `content-disposition: form-data; name="${name}"; filename="${filename}"\r\ncontent-type: audio/wav`,
  content,
];

function formOf(parts: readonly Part[], boundary = 'xyz', end = '--\r\n'): Buffer {
  const pieces = parts.map(([head, content]) =>
    Buffer.concat([Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), Buffer.from(content), Buffer.from('\r\n')]),
  );
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}${end}`)]);
}

const form = (parts: readonly Part[], more: AskOptions = {}): AskOptions => ({
  path: PATH,
  raw: formOf(parts),
  headers: ['content-type', 'multipart/form-data; boundary=xyz'],
  ...more,
});
const MODEL = field('model', 'fast');

describe('a recording that is written down', () => {
  test.each<[string, readonly Part[]]>([
    ['before its model', [file(), MODEL]],
    ['after its model', [MODEL, file()]],
  ])('%s is charged by the seconds that the answer reports', async (_where, parts) => {
    const { ask, rows } = await fake(BY_SECOND, blocking(USD));
    const said = await ask(null, form(parts));
    expect([said.status, said.json().text]).toEqual([200, 'silence silence silence']);
    expect(rows).toMatchObject([
      {
        endpoint: 'transcriptions',
        status: 'succeeded',
        entries: [{ kind: 'usage', usage: { second_input: 3 }, nanoUsd: 3 * SECOND }],
      },
    ]);
  });

  test.each([
    ['text', 'text/plain; charset=utf-8', 'silence silence silence\n'],
    ['srt', 'application/x-subrip; charset=utf-8', '00:00:03,000'],
    ['vtt', 'text/vtt; charset=utf-8', '00:00:03.000'],
    ['verbose_json', 'application/json', '"duration": 3'],
  ])('as %s keeps its form, and its seconds are charged', async (format, type, part) => {
    const { ask, rows } = await fake();
    const said = await ask(null, form([file(), MODEL, field('response_format', format)]));
    expect([said.status, said.headers['content-type']]).toEqual([200, type]);
    expect(said.text).toContain(part);
    expect(rows[0]?.entries).toMatchObject([{ kind: 'usage', usage: { second_input: 3 } }]);
  });

  test('that streams is events, with its seconds in the last', async () => {
    const { ask, rows } = await fake();
    const said = await ask(null, form([file(), MODEL, field('stream', 'true')]));
    expect(said.text.match(/transcript\.text\.\w+/g)).toEqual(['transcript.text.delta', 'transcript.text.done']);
    expect(rows[0]).toMatchObject({ status: 'succeeded', stream: true, entries: [{ usage: { second_input: 3 } }] });
  });

  test.each([
    ['openai/audio-transcriptions/vercel-openai-transcription.json', { second_input: 37 }, 'usage'],
    ['mistral/audio-transcriptions/vercel-mistral-transcription.json', { second_input: 36 }, 'usage'],
    // Nothing in the answer says how long it was: a second for 16,000 bytes, as sound usually takes.
    ['openai/audio-translations/audio-translation-basic.response.json', { second_input: 4 }, 'estimated'],
  ])('of %s is charged %j', async (response, usage, kind) => {
    const now = await openScene({ isBudgeted: false, deployment: BY_SECOND });
    const { call, said, row } = asking(now, undefined, form([MODEL, file()]));
    const recorded = recordings.find((one) => one.response === response);
    (await call).bytes(bytesOf(recorded as NonNullable<typeof recorded>).toString());
    (await call).end();
    expect((await said).status).toBe(200);
    expect((await row()).entries).toMatchObject([{ kind, usage }]);
  });

  test('is charged by tokens where those are reported and have a price', async () => {
    const now = await openScene({
      isBudgeted: false,
      deployment: priced({ input: 2.5 * USD, audio_input: 6 * USD, output: 10 * USD }),
    });
    const { call, row } = asking(now, undefined, form([MODEL, file()]));
    const usage = {
      type: 'tokens',
      input_tokens: 14,
      input_token_details: { text_tokens: 4, audio_tokens: 10 },
      output_tokens: 45,
    };
    (await call).json({ text: 'x', usage });
    expect((await row()).entries).toMatchObject([
      { usage: { input: 4, audio_input: 10, output: 45 }, nanoUsd: 4 * 2_500 + 10 * 6_000 + 45 * 10_000, unpricedUnits: null },
    ]);
  });

  // promise: Sound is held at a second for each 500 bytes
  test('is held at a second for each 500 bytes, and never exceeds a budget that blocks, of 100 at once', async () => {
    const held = Math.ceil(WAV.length / 500) * SECOND;
    const { ask, upstreamCalls } = await fake(BY_SECOND, blocking(2.5 * held));
    const said = await Promise.all(Array.from({ length: 100 }, () => ask(null, form([file(), MODEL]))));
    expect([said.filter(({ status }) => status === 200).length, upstreamCalls()]).toEqual([2, 2]);
    expect(await spent()).toEqual({ 'key_budget_month:bud_1': { used: 2 * 3 * SECOND, held: 0 } });
  });

  test('without a price for seconds or its tokens is refused where a budget blocks', async () => {
    const { ask, upstreamCalls } = await fake(priced({ input: 5 * USD, output: 9 * USD }), blocking(USD));
    const { status, json } = await ask(null, form([file(), MODEL]));
    expect([status, json().error.code, json().error.param, upstreamCalls()]).toEqual([403, 'unpriced_parameter', 'file', 0]);
  });
});

describe('a form', () => {
  test('is written anew for the provider: its model, no folders in names, no framing of the client', async () => {
    const now = await openScene({ isBudgeted: false, deployment: { ...BY_SECOND, upstreamModel: 'whisper-9' } });
    const parts = [
      file(WAV, 'file', '../../etc/\\"passwd\\".wav'),
      MODEL,
      field('prompt', 'Grüße'),
      field('timestamp_granularities[]', 'word'),
      field('timestamp_granularities[]', 'segment'),
    ];
    const { call, said } = asking(now, undefined, form(parts));
    const { request } = await call;
    const sent = whole(request.body);
    const read = readForm(sent, request.contentType ?? '');
    expect({ ...read }).toMatchObject({ model: 'whisper-9', prompt: 'Grüße', 'timestamp_granularities[]': ['word', 'segment'] });
    expect(filesOf(read)).toEqual([{ field: 'file', filename: '_passwd_.wav', contentType: 'audio/wav', bytes: WAV }]);
    expect(sent.includes('xyz')).toBe(false);
    expect(request.contentType).toMatch(/^multipart\/form-data; boundary=headgate-[0-9a-f-]{36}$/);
    (await call).json({ text: 'x' });
    await said;
  });

  const badForms: readonly (readonly [string, AskOptions, string])[] = [
    ['JSON instead', { path: PATH, raw: Buffer.from('{}'), headers: ['content-type', 'application/json'] }, 'body'],
    ['no boundary', form([file(), MODEL], { headers: ['content-type', 'multipart/form-data'] }), 'body'],
    [
      'two boundaries',
      form([file(), MODEL], { headers: ['content-type', 'multipart/form-data; boundary=xyz; boundary=abc'] }),
      'body',
    ],
    ['another boundary', form([file(), MODEL], { headers: ['content-type', 'multipart/form-data; boundary=abc'] }), 'body'],
    [
      'a boundary of 71 characters',
      form([], {
        raw: formOf([file(), MODEL], 'b'.repeat(71)),
        headers: ['content-type', `multipart/form-data; boundary=${'b'.repeat(71)}`],
      }),
      'body',
    ],
    ['no end', form([], { raw: formOf([file(), MODEL], 'xyz', '\r\n') }), 'body'],
    ['something after its end', form([], { raw: formOf([file(), MODEL], 'xyz', '--\r\nmore') }), 'body'],
    [
      'something before its beginning',
      form([], { raw: Buffer.concat([Buffer.from('hello\r\n'), formOf([file(), MODEL])]) }),
      'body',
    ],
    ['10,000 parts', form([file(), MODEL, ...Array.from({ length: 10_000 }, (_, at) => field(`f${at}`, 'x'))]), 'body'],
    [
      'a head of 9 kB',
      form([file(), MODEL, [`x: ${'y'.repeat(9_000)}\r\ncontent-disposition: form-data; name="a"`, 'b']]),
      'body',
    ],
    ['a part without a name', form([file(), MODEL, ['content-disposition: form-data', 'b']]), 'body'],
    ['a part with two names', form([file(), MODEL, ['content-disposition: form-data; name="a"; name="model"', 'b']]), 'body'],
    [
      'a head with two dispositions',
      form([file(), ['content-disposition: form-data; name="a"\r\ncontent-disposition: form-data; name="model"', 'b']]),
      'body',
    ],
    ['a name of a prototype', form([file(), MODEL, field('__proto__', 'x')]), 'body'],
    [
      'a part in base64',
      form([file(), ['content-disposition: form-data; name="model"\r\ncontent-transfer-encoding: base64', 'ZmFzdA==']]),
      'body',
    ],
    ['two models', form([MODEL, file(), field('model', 'other')]), 'model'],
    ['a model in capitals', form([MODEL, file(), field('Model', 'other')]), 'Model'],
    ['a field of 70 kB', form([MODEL, file(), field('prompt', 'x'.repeat(70_000))]), 'prompt'],
    ['no model', form([file()]), 'model'],
    ['the path of a file as a text', form([MODEL, field('file', '/etc/passwd')]), 'file'],
    ['no file', form([MODEL]), 'file'],
    ['an empty file', form([MODEL, file(Buffer.alloc(0))]), 'file'],
    ['two files', form([MODEL, file(), file()]), 'file'],
    ['a file in another field', form([MODEL, file(WAV, 'prompt')]), 'file'],
    ['an unknown format', form([MODEL, file(), field('response_format', 'xml')]), 'response_format'],
  ];

  test.each(badForms)('with %s is 400, and nothing is sent or charged', async (_what, options, param) => {
    const { ask, rows, upstreamCalls } = await fake();
    const { status, json } = await ask(null, options);
    expect([status, json().error.code, json().error.param, upstreamCalls()]).toEqual([400, 'invalid_request', param, 0]);
    expect(rows.flatMap(({ entries }) => entries)).toEqual([]);
  });

  test('whose file contains what looks like its framing passes unchanged', async () => {
    const now = await openScene({ isBudgeted: false, deployment: BY_SECOND });
    const tricky = Buffer.from('\r\n--xy\r\n\r\n--xyy\r\ncontent-disposition: form-data; name="model"\r\n\r\nother--');
    const { call } = asking(now, undefined, form([file(tricky), MODEL]));
    const { request } = await call;
    expect(filesOf(readForm(whole(request.body), request.contentType ?? ''))[0]?.bytes).toEqual(tricky);
    (await call).json({ text: 'x' });
  });
});

describe('OpenAI’s SDK', () => {
  const clientOf = (house: WalkHouse) =>
    new OpenAI({
      apiKey: house.secret,
      baseURL: 'http://test/v1',
      maxRetries: 0,
      fetch: async (url, init) => {
        const sent = new Request(String(url), init as RequestInit);
        const { status, headers, text } = await house.ask(null, {
          path: new URL(sent.url).pathname,
          raw: Buffer.from(await sent.arrayBuffer()),
          headers: ['content-type', sent.headers.get('content-type') ?? ''],
        });
        return new Response(text, { status, headers });
      },
    });

  test('sends recordings and reads what was written down', async () => {
    const house = await fake();
    const answer = await clientOf(house).audio.transcriptions.create({ model: 'fast', file: await toFile(WAV, 'a.wav') });
    expect([answer.text, house.rows[0]?.entries[0]?.usage]).toEqual(['silence silence silence', { second_input: 3 }]);
    const translated = await clientOf(house).audio.translations.create({ model: 'fast', file: await toFile(WAV, 'a.wav') });
    expect([translated.text, house.rows[1]?.endpoint]).toEqual(['silence silence silence', 'translations']);
  });

  test('changes pictures', async () => {
    const house = await fake({ ...priced({ input: 0 }, { image: 0.04 * USD }, 'image'), upstreamModel: 'fake-image' });
    const image = await toFile(Buffer.from('PNG'), 'a.png', { type: 'image/png' });
    const answer = await clientOf(house).images.edit({ model: 'fast', prompt: 'Rain.', image: [image, image], n: 2 });
    expect([answer.data?.length, house.rows[0]?.endpoint, house.rows[0]?.entries[0]?.nanoUsd]).toEqual([
      2,
      'image_edits',
      0.08 * USD,
    ]);
  });

  test('varies a picture, and no more than one', async () => {
    const house = await fake({ ...priced({ input: 0 }, { image: 0.02 * USD }, 'image'), upstreamModel: 'fake-image' });
    const image = await toFile(Buffer.from('PNG'), 'a.png', { type: 'image/png' });
    const answer = await clientOf(house).images.createVariation({ model: 'fast', image, n: 3 });
    expect([answer.data?.length, house.rows[0]?.endpoint, house.rows[0]?.entries[0]?.nanoUsd]).toEqual([
      3,
      'image_variations',
      0.06 * USD,
    ]);
    for (const parts of [[MODEL], [MODEL, file(WAV, 'image'), file(WAV, 'image')], [MODEL, file(WAV, 'mask')]]) {
      const { status, json } = await house.ask(null, form(parts, { path: '/v1/images/variations' }));
      expect([status, json().error.param]).toEqual([400, 'image']);
    }
  });

  test('makes pictures and speech, and judges texts', async () => {
    const house = await fake({ ...priced({ input: 0 }, { image: 0.04 * USD }, 'image'), upstreamModel: 'fake-image' });
    const picture = await clientOf(house).images.generate({ model: 'fast', prompt: 'Rain.' });
    expect(picture.data?.[0]?.b64_json).toMatch(/^iVBOR/);
    const speaking = await fake({ ...priced({ input: 0 }, { character: 15_000 }, 'speech'), upstreamModel: 'fake-speech' });
    const speech = await clientOf(speaking).audio.speech.create({ model: 'fast', voice: 'alloy', input: 'Hello.' });
    expect((await speech.text()).slice(0, 4)).toBe('RIFF');
    const judging = await fake({ ...priced({ input: 0 }, {}, 'moderation'), upstreamModel: 'fake-moderation' });
    const { results } = await clientOf(judging).moderations.create({ model: 'fast', input: ['kill it', 'water it'] });
    expect(results.map(({ flagged }) => flagged)).toEqual([true, false]);
  });
});
