/** Requests whose bodies come after their heads: who may not call is told so at once, nothing is kept of what they send, and they can read it. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { Patience } from '../../src/http/node/listener.ts';
import { exchangeRaw, postBytes, room, sendRaw } from '../support/raw-http.ts';
import { type ServedHouse, serveHouse } from '../support/served-house.ts';
import type { House } from '../support/walk.ts';

const CHAT = '/v1/chat/completions';
const MB = 1024 * 1024;
const NOBODY = 'sk-hg-nobody';
const PATIENT: Patience = { headMsMax: 15_000, requestMsMax: 15_000, lookMs: 50 };

describe.each(['on', 'off'] as const)('with the fast lane %s', (fastLane) => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function open(house: House = {}, bounds?: Parameters<typeof serveHouse>[3], patience = PATIENT): Promise<ServedHouse> {
    const served = await serveHouse(house, patience, fastLane, bounds);
    closers.push(served.close);
    return served;
  }

  function client(port: number): Socket {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    closers.push(() => socket.destroy());
    return socket;
  }

  const head = (secret: string, length: number, lines: readonly string[] = []) =>
    postBytes(CHAT, secret, '', [`content-length: ${length}`, ...lines]);
  const chat = (text: string) =>
    Buffer.from(JSON.stringify({ model: 'fast', max_tokens: 5, messages: [{ role: 'user', content: text }] }));

  /** Sends the head, waits for whatever comes, then sends so many bytes more as a client does that has not looked yet. */
  async function refusedWhileSending(port: number, bytes: Buffer, restBytes: number) {
    const socket = client(port);
    let isReset = false;
    socket.on('error', () => {
      isReset = true;
    });
    const answer = await exchangeRaw(socket, bytes);
    const piece = Buffer.alloc(64 * 1024, 'x');
    for (let sent = 0; sent < restBytes && !socket.destroyed; sent += piece.length)
      if (!socket.write(piece.subarray(0, Math.min(piece.length, restBytes - sent)))) await room(socket);
    const isClosed = new Promise((resolve) => socket.once('end', resolve).resume());
    await Promise.race([isClosed, sleep(3_000)]);
    return { answer, isReset, isEnded: socket.readableEnded };
  }

  // promise: **The head decides before the body is read.**
  // promise: Key, status and exhausted request limits are judged
  // promise: The answer must reach the client
  test('an unknown key reads its 401 before its body is sent, and the connection ends when the body does', async () => {
    const house = await open();
    const { answer, isReset, isEnded } = await refusedWhileSending(house.port, head(NOBODY, 8 * MB), 8 * MB);
    expect([answer.status, answer.headers.connection]).toEqual([401, 'close']);
    expect(JSON.parse(answer.body).error.code).toBe('invalid_api_key');
    expect([isReset, isEnded]).toEqual([false, true]);
    expect([house.rows.length, house.buffered.bytes]).toEqual([0, 0]);
  });

  // promise: Such a refusal leaves its row and its decision
  test('a key whose request limit is used up reads its 429, which leaves a row without a name', async () => {
    const house = await open({ key: { rateLimits: { rpm: 1 } } });
    expect((await sendRaw(house.port, postBytes(CHAT, house.secret, chat('Hi.').toString()))).status).toBe(200);
    const { answer, isReset, isEnded } = await refusedWhileSending(house.port, head(house.secret, 8 * MB), 8 * MB);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.headers['x-ratelimit-remaining-requests']).toBe('0');
    expect(JSON.parse(answer.body)).toMatchObject({
      error: { code: 'rate_limit_exceeded', param: 'key_rpm' },
      headgate: { scope: 'key', limit_value: 1, used: 1, requested: 1, decision_url: expect.stringMatching(/req_/) },
    });
    expect([isReset, isEnded]).toEqual([false, true]);
    expect(house.rows.at(-1)).toMatchObject({ status: 'refused', code: 'rate_limit_exceeded', calledName: '', keyId: 'key_1' });
    expect(house.rows.at(-1)?.decision).not.toBe('');
    expect(house.buffered.bytes).toBe(0);
  });

  test('a status that forbids calling is told on the head', async () => {
    const house = await open({ organization: { status: 'suspended' } });
    const answer = await sendRaw(house.port, head(house.secret, 8 * MB));
    expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([403, 'organization_suspended']);
    expect(house.rows.at(-1)).toMatchObject({ code: 'organization_suspended', calledName: '' });
  });

  test('a path that is none, and one that takes no body, are answered without it', async () => {
    const house = await open();
    const unknown = postBytes('/v1/nothing', house.secret, '', [`content-length: ${8 * MB}`]);
    expect((await sendRaw(house.port, unknown)).status).toBe(404);
    const models = postBytes('/v1/models', house.secret, '', [`content-length: ${8 * MB}`]);
    expect((await sendRaw(house.port, models)).status).toBe(405);
  });

  test('what is pipelined behind a body that nobody reads is not served', async () => {
    const house = await open();
    const body = Buffer.alloc(100_000, 'x');
    const socket = client(house.port);
    const first = await exchangeRaw(socket, head(NOBODY, body.length));
    socket.write(Buffer.concat([body, postBytes(CHAT, house.secret, chat('Hi.').toString())]));
    await new Promise((resolve) => socket.once('close', resolve).once('end', resolve).resume());
    expect(first.everything.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    await sleep(50);
    expect(house.rows).toEqual([]);
  });

  // promise: Limits are judged on the head by what this process knows
  test('a body in pieces is served as one that comes at once, and so is what follows it', async () => {
    const house = await open({ key: { rateLimits: { rpm: 10 } } });
    const body = chat('x'.repeat(200_000));
    const socket = client(house.port);
    const whole = Buffer.concat([head(house.secret, body.length), body]);
    const pieces = [whole.subarray(0, 300), whole.subarray(300, 100_000), whole.subarray(100_000)];
    expect((await exchangeRaw(socket, '', { pieces })).status).toBe(200);
    expect((await exchangeRaw(socket, postBytes(CHAT, house.secret, chat('Hi.').toString()))).status).toBe(200);
    expect(house.rows.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    expect(house.buffered.bytes).toBe(0);
  });

  test('a key that is revoked while its body arrives is not served', async () => {
    const house = await open();
    const body = chat('x'.repeat(200_000));
    const socket = client(house.port);
    socket.write(Buffer.concat([head(house.secret, body.length), body.subarray(0, 100_000)]));
    await expect.poll(() => house.buffered.bytes).toBeGreaterThan(0);
    await house.change({ key: { status: { is: 'revoked', at: new Date() } as never } });
    const answer = await exchangeRaw(socket, body.subarray(100_000));
    expect(answer.status).toBe(401);
    expect(house.upstreamCalls()).toBe(0);
  });

  test('a client that waits for a word before it sends gets it with a key that may call, and its answer with another', async () => {
    const house = await open();
    const body = chat('Hi.');
    const line = ['expect: 100-continue'];
    const refused = await sendRaw(house.port, head(NOBODY, body.length, line));
    expect([refused.status, refused.everything.includes('100 Continue')]).toEqual([401, false]);
    const socket = client(house.port);
    const said = new Promise((resolve) => socket.once('data', (bytes) => resolve(bytes.toString())));
    socket.write(head(house.secret, body.length, line));
    expect(await said).toMatch(/^HTTP\/1\.1 100 Continue\r\n/);
    expect((await exchangeRaw(socket, body)).status).toBe(200);
  });

  // promise: All unread and unparsed bytes together have a bound
  test('bodies together have a bound, and who is past it is told to come again', async () => {
    const house = await open({ moreKeys: [{}] }, { bytesMax: 3 * MB, shareMax: 2 * MB });
    const slow = client(house.port);
    slow.write(Buffer.concat([head(house.secret, 4 * MB), Buffer.alloc(1.5 * MB, ' ')]));
    await expect.poll(() => house.buffered.bytes).toBe(1.5 * MB);
    const { answer, isReset, isEnded } = await refusedWhileSending(
      house.port,
      Buffer.concat([head(house.secrets[1] as string, 2 * MB), Buffer.alloc(1.75 * MB, ' ')]),
      0.25 * MB,
    );
    expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([503, 'service_unavailable']);
    expect(answer.headers['retry-after']).toBe('1');
    expect([isReset, isEnded]).toEqual([false, true]);
    expect(house.buffered.bytes).toBe(1.5 * MB);
    slow.destroy();
    await expect.poll(() => house.buffered.bytes).toBe(0);
    expect(house.rows.at(-1)).toMatchObject({ status: 'refused', code: 'service_unavailable', keyId: 'key_2' });
  });

  test('a body one byte short holds what it sent until its time is over, and then nothing', async () => {
    const house = await open({}, undefined, { headMsMax: 300, requestMsMax: 600, lookMs: 50 });
    const body = chat('x'.repeat(100_000));
    const answer = await sendRaw(house.port, Buffer.concat([head(house.secret, body.length), body.subarray(0, -1)]));
    expect(answer.status).toBe(408);
    await expect.poll(() => house.buffered.bytes).toBe(0);
    expect(house.upstreamCalls()).toBe(0);
  });

  test('what trickles in behind an answer is dropped for five seconds at most', async () => {
    const house = await open();
    const socket = client(house.port);
    expect((await exchangeRaw(socket, head(NOBODY, 8 * MB))).status).toBe(401);
    const startedMs = performance.now();
    const trickle = setInterval(() => socket.write('x'), 100);
    await new Promise((resolve) => socket.once('close', resolve).once('end', resolve).resume());
    clearInterval(trickle);
    expect(performance.now() - startedMs).toBeGreaterThan(4_000);
    expect(performance.now() - startedMs).toBeLessThan(20_000);
  });

  test('chunks that come to more than a body may have are told so, and the rest is dropped', async () => {
    const house = await open();
    const socket = client(house.port);
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(MB, 'x'), Buffer.from('\r\n')]);
    const pieces = [
      postBytes(CHAT, house.secret, '', ['transfer-encoding: chunked']),
      ...Array.from({ length: 34 }, () => chunk),
    ];
    const answer = await exchangeRaw(socket, '', { pieces: [...pieces, '0\r\n\r\n'], quietMs: 25_000 });
    expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([413, 'request_too_large']);
    expect(house.buffered.bytes).toBe(0);
  });
});
