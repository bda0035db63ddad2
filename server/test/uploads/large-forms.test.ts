/** Forms that are larger than what is read into memory: over real sockets, from the client to a provider and back. */
import { createHash } from 'node:crypto';
import { readdirSync, readlinkSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { filesOf, readForm } from '../../src/dialects/exchange.ts';
import type { Patience } from '../../src/http/node/listener.ts';
import { createOpenAiProvider } from '../../src/providers/openai/openai-provider.ts';
import type { Transport } from '../../src/upstream/transport.ts';
import { budget, readingsOf } from '../support/policies.ts';
import { type ServedHouse, type Spooling, serveHouse } from '../support/served-house.ts';
import { fill, mayMount, smallDisk } from '../support/small-disk.ts';
import { testTransport, type Upstream, until, upstream } from '../support/upstream.ts';
import { deployment, model } from '../support/walk.ts';

const MB = 1_000_000;
const SECOND = 100_000;
const TRANSCRIPTIONS = '/v1/audio/transcriptions';
const TYPE = 'multipart/form-data; boundary=xyz';
const canMount = mayMount();

const field = (name: string, text: string) => `--xyz\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;
const file = (content: Buffer, name = 'file') =>
  Buffer.concat([
    Buffer.from(`--xyz\r\ncontent-disposition: form-data; name="${name}"; filename="a.wav"\r\ncontent-type: audio/wav\r\n\r\n`),
    content,
    Buffer.from('\r\n'),
  ]);
const form = (...parts: (string | Buffer)[]) => Buffer.concat([...parts, '--xyz--\r\n'].map((part) => Buffer.from(part)));
const sound = (bytes: number) => Buffer.alloc(bytes, 'sound\r\n--xy');
const MODEL = field('model', 'fast');
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

interface Said {
  /** 0: the connection broke before an answer. */
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

interface Sending {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** False: the length is not declared. */
  readonly hasLength?: boolean;
  /** Hangs up after so many bytes. */
  readonly hangUpAt?: number;
  /** The wait before each piece, in milliseconds. */
  readonly pauseMs?: number;
}

/** Sends a body in pieces, as clients do. */
function send({ port, secret }: ServedHouse, body: Buffer, options: Sending = {}): Promise<Said> {
  const { path = TRANSCRIPTIONS, headers = {}, hasLength = true, hangUpAt, pauseMs } = options;
  return new Promise((resolve) => {
    const call = httpRequest({
      ...{ port, path, method: 'POST', agent: false },
      headers: {
        // A value that looks like the name of a header must not be taken for it.
        ...{ 'x-names': 'content-type', authorization: `Bearer ${secret}`, 'content-type': TYPE, ...headers },
        ...(hasLength ? { 'content-length': body.length } : {}),
      },
    });
    call.on('error', () => resolve({ status: 0, headers: {}, text: '' }));
    call.on('response', (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('error', () => {});
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
        call.destroy();
      });
    });
    let at = 0;
    const more = () => {
      while (at < body.length && !call.destroyed) {
        if (hangUpAt !== undefined && at >= hangUpAt) return void call.destroy();
        const piece = body.subarray(at, at + 100_003);
        at += piece.length;
        if (pauseMs !== undefined) return void call.write(piece, () => setTimeout(more, pauseMs));
        if (!call.write(piece)) return void call.once('drain', more);
      }
      if (!call.destroyed) call.end();
    };
    more();
  });
}

const heardOf = (request: IncomingMessage, body: Buffer) => {
  const read = readForm(body, request.headers['content-type'] ?? '');
  const [one] = filesOf(read);
  return {
    model: read.model,
    hash: one === undefined ? '' : hashOf(one.bytes as Buffer),
    bytes: one?.bytes.length,
    declared: Number(request.headers['content-length']) === body.length,
    isOurs: !body.includes('--xyz--'),
  };
};
const answerWith = (response: ServerResponse, status: number, body: object) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const SEVEN = { text: 'Hello.', usage: { type: 'duration', seconds: 7 } };

describe.each(['on', 'off'] as const)('with the fast lane %s', (fastLane) => {
  const closers: (() => unknown)[] = [];
  let transport: Transport;
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function open(vendors: readonly Upstream[], spooling: Spooling = {}, patience?: Patience): Promise<ServedHouse> {
    transport = testTransport({ client: fastLane === 'on' ? 'plain' : 'full' });
    const deployments = vendors.map(({ origin }, at) =>
      deployment({
        ...{ id: `dep_${at}`, provider: 'openai', mode: 'transcription', upstreamModel: `whisper-${at}`, priority: at },
        credential: { id: `cred_${at}`, provider: 'openai', baseUrl: `${origin}/v1`, apiKey: 'sk-test' },
        prices: [{ id: 'price_1', effectiveFromMs: 0, perMillion: { input: 0 }, units: { perUnit: { second_input: SECOND } } }],
      }),
    );
    const house = await serveHouse(
      {
        provider: createOpenAiProvider({ transport }),
        targets: [model('fast', deployments, { mode: 'transcription' })],
        key: { budgets: [budget(1_000 * 1e9)] },
      },
      patience,
      fastLane,
      undefined,
      spooling,
    );
    closers.push(house.close);
    return house;
  }

  const held = async (house: ServedHouse) => {
    const { used, held: now } = (await readingsOf(house, ['key', 'key_1'], { budgets: [budget(1)] }))[
      'key_budget_month:bud_1'
    ] ?? { used: 0, held: 0 };
    return { used, held: now };
  };

  /** Waits until nothing of any form is left: no memory, no disk, no open file, no hold. */
  async function expectNothingLeft(house: ServedHouse): Promise<void> {
    const files = () => readdirSync('/proc/self/fd').filter((fd) => linkOf(fd).startsWith(house.spoolDirectory));
    await until(() => house.buffered.bytes === 0 && house.spool.bytes === 0 && files().length === 0, 5_000);
    expect(readdirSync(house.spoolDirectory)).toEqual([]);
    await expect.poll(async () => (await held(house)).held).toBe(0);
  }

  test.each([
    ['a declared length, the model after the file', true],
    ['no declared length', false],
  ])('a recording of 3 MB with %s reaches the provider byte by byte, and is charged once', async (_what, hasLength) => {
    const heard: unknown[] = [];
    const vendor = await upstream((request, response, body) => {
      heard.push(heardOf(request, body));
      answerWith(response, 200, SEVEN);
    });
    const house = await open([vendor]);
    const recording = sound(3 * MB);
    const body = form(file(recording), MODEL);
    const said = await send(house, body, { hasLength });
    expect([said.status, JSON.parse(said.text).text]).toEqual([200, 'Hello.']);
    expect(heard).toEqual([{ model: 'whisper-0', hash: hashOf(recording), bytes: 3 * MB, declared: true, isOurs: true }]);
    expect(house.rows).toMatchObject([{ status: 'succeeded', entries: [{ usage: { second_input: 7 }, nanoUsd: 7 * SECOND }] }]);
    expect(await held(house)).toEqual({ used: 7 * SECOND, held: 0 });
    await expectNothingLeft(house);
  });

  test('is sent again from its beginning to the next deployment, also if the first refused it while it was being sent', async () => {
    const heard: unknown[] = [];
    const refusing = await upstream(() => {}, {
      read: false,
      onHead: (_request, response) => answerWith(response, 500, { error: { message: 'no' } }),
    });
    const broken = await upstream((_request, response) => answerWith(response, 500, { error: { message: 'no' } }));
    const vendor = await upstream((request, response, body) => {
      heard.push(heardOf(request, body));
      answerWith(response, 200, SEVEN);
    });
    const house = await open([refusing, broken, vendor]);
    const recording = sound(5 * MB);
    expect((await send(house, form(MODEL, file(recording)))).status).toBe(200);
    expect(heard).toMatchObject([{ model: 'whisper-2', hash: hashOf(recording) }]);
    expect(await held(house)).toEqual({ used: 7 * SECOND, held: 0 });
    await expectNothingLeft(house);
  });

  test('the provider’s refusal while it is being sent is passed on', async () => {
    const vendor = await upstream(() => {}, {
      read: false,
      onHead: (_request, response) => answerWith(response, 413, { error: { message: 'at most 25 MB' } }),
    });
    const house = await open([vendor]);
    const said = await send(house, form(MODEL, file(sound(8 * MB))));
    expect([said.status, said.text.includes('at most 25 MB')]).toEqual([413, true]);
    expect(await held(house)).toEqual({ used: 0, held: 0 });
    await expectNothingLeft(house);
  });

  // promise: A form with files above 256 kB takes disk instead
  test('a client that hangs up while it sends, or while it waits, leaves nothing', async () => {
    const vendor = await upstream(() => {}, { read: false });
    const house = await open([vendor]);
    expect((await send(house, form(MODEL, file(sound(8 * MB))), { hangUpAt: 4 * MB })).status).toBe(0);
    await expectNothingLeft(house);
    expect(house.upstreamCalls()).toBe(0);
    const socket = httpRequest({
      ...{ port: house.port, path: TRANSCRIPTIONS, method: 'POST', agent: false },
      headers: { authorization: `Bearer ${house.secret}`, 'content-type': TYPE },
    });
    socket.on('error', () => {});
    socket.end(form(MODEL, file(sound(8 * MB))));
    await house.upstreamCalled;
    await sleep(50);
    expect(house.spool.bytes).toBeGreaterThan(0);
    socket.destroy();
    await expectNothingLeft(house);
    expect(await held(house)).toEqual({ used: 0, held: 0 });
    await until(() => transport.stats().size === 0);
  });

  const large = sound(MB);
  test.each<[string, Buffer, string]>([
    ['two models', form(MODEL, file(large), field('model', 'other')), 'model'],
    ['two models before the file', form(MODEL, field('model', 'other'), file(large)), 'model'],
    ['a model in capitals', form(file(large), field('Model', 'other')), 'Model'],
    ['no end', form(MODEL, file(large)).subarray(0, -4), 'body'],
    ['something after its end', Buffer.concat([form(MODEL, file(large)), Buffer.from('more')]), 'body'],
    ['something before its beginning', Buffer.concat([Buffer.from('x'), form(MODEL, file(large))]), 'body'],
    ['65 parts', form(MODEL, file(large), ...Array.from({ length: 63 }, (_, at) => field(`f${at}`, 'x'))), 'body'],
    ['a field of 70 kB', form(file(large), field('prompt', 'x'.repeat(70_000))), 'prompt'],
    ['a file as a text', form(MODEL, file(large, 'image'), field('file', '/etc/passwd')), 'file'],
    ['two files', form(MODEL, file(large), file(large)), 'file'],
    ['no model', form(file(large)), 'model'],
  ])('with %s is 400, nothing is sent, and nothing is left', async (_what, body, param) => {
    const house = await open([await upstream(() => {})]);
    for (const hasLength of [true, false]) {
      const said = await send(house, body, { hasLength });
      expect([said.status, JSON.parse(said.text).error.param]).toEqual([400, param]);
    }
    expect(house.upstreamCalls()).toBe(0);
    expect(house.rows.flatMap(({ entries }) => entries)).toEqual([]);
    await expectNothingLeft(house);
  });

  test('its head decides first: the key, the encoding, the boundary and the declared length', async () => {
    const house = await open([await upstream(() => {})], { formBytesMax: 5 * MB });
    const body = form(MODEL, file(sound(2 * MB)));
    const statusOf = async (sending: Sending, bytes = body) => {
      const { status, text } = await send(house, bytes, sending);
      return [status, JSON.parse(text).error.code];
    };
    expect(await statusOf({ headers: { authorization: 'Bearer sk-hg-nobody' } })).toEqual([401, 'invalid_api_key']);
    expect(await statusOf({ headers: { 'content-encoding': 'gzip' } })).toEqual([415, 'unsupported_media_type']);
    expect(await statusOf({ headers: { 'content-type': 'multipart/form-data; boundary="a b"' } })).toEqual([
      400,
      'invalid_request',
    ]);
    for (const hasLength of [true, false]) {
      const { status, text } = await send(house, form(MODEL, file(sound(6 * MB))), { hasLength });
      expect([status, JSON.parse(text).error.code]).toEqual([413, 'request_too_large']);
      expect(text).toContain('5000000 bytes');
    }
    expect(house.upstreamCalls()).toBe(0);
    await expectNothingLeft(house);
  });

  test('has more time to arrive than other requests, and not for ever', async () => {
    const vendor = await upstream((_request, response) => answerWith(response, 200, SEVEN));
    const house = await open([vendor], {}, { headMsMax: 300, requestMsMax: 300, formMsMax: 2_500, lookMs: 30 });
    const body = form(MODEL, file(sound(MB)));
    expect((await send(house, body, { pauseMs: 80 })).status).toBe(200);
    expect((await send(house, body, { pauseMs: 600 })).status).toBe(408);
    await expectNothingLeft(house);
  });

  test('waits while other forms fill the spool, and is told when to come again if they stay', async () => {
    const vendor = await upstream((_request, response) => answerWith(response, 200, SEVEN));
    const house = await open([vendor], { bytesMax: 8 * MB, roomMsMax: 300 });
    const taken = house.spool.roomFor(['another key']);
    expect(await taken.take(7 * MB)).toBe(null);
    const body = form(MODEL, file(sound(2 * MB)));
    const waiting = send(house, body);
    await sleep(100);
    taken.free();
    expect((await waiting).status).toBe(200);
    const again = house.spool.roomFor(['another key']);
    await again.take(7 * MB);
    const refused = await send(house, body);
    expect([refused.status, refused.headers['retry-after'], JSON.parse(refused.text).error.code]).toEqual([
      503,
      '1',
      'service_unavailable',
    ]);
    expect(refused.text).toContain('too many large forms');
    again.free();
    await expectNothingLeft(house);
  });

  test.skipIf(!canMount)('on a disk that fills up is 503, and the next one is served once there is room', async () => {
    const disk = smallDisk(6_000);
    const vendor = await upstream((_request, response) => answerWith(response, 200, SEVEN));
    const house = await open([vendor], { directory: `${disk}/spool`, freeBytes: async () => null });
    const body = form(MODEL, file(sound(8 * MB)));
    const said = await send(house, body);
    expect([said.status, said.headers['retry-after']]).toEqual([503, '1']);
    expect(said.text).toContain('the disk is nearly full');
    await expectNothingLeft(house);
    fill(disk);
    expect((await send(house, form(MODEL, file(sound(MB))))).status).toBe(503);
    rmSync(`${disk}/filling`);
    expect((await send(house, form(MODEL, file(sound(MB))))).status).toBe(200);
    await expectNothingLeft(house);
  });

  test('40 at once are all served, and take no memory that bodies may use', async () => {
    const vendor = await upstream((_request, response) => answerWith(response, 200, SEVEN));
    const house = await open([vendor]);
    const body = form(MODEL, file(sound(MB)));
    const said = await Promise.all(Array.from({ length: 40 }, () => send(house, body)));
    expect(said.map(({ status }) => status)).toEqual(said.map(() => 200));
    expect(await held(house)).toEqual({ used: 40 * 7 * SECOND, held: 0 });
    await expectNothingLeft(house);
  });
});

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}
