import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { type Listening, openListener } from '../http/open-listener.ts';
import type { Reply } from '../http/request-reply.ts';
import { systemClock } from '../lib/timing/clock.ts';
import { closeWithin, letProxiesNotice } from './drain.ts';

const REQUEST = 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}';
const STREAM = REQUEST.replace('chat/completions', 'stream');
const OK = Buffer.from('ok');
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Site {
  readonly listening: Listening;
  readonly port: number;
  readonly streams: readonly Reply[];
  /** As `serve` does after the lead: a proxy may not have noticed yet. */
  stop(): Promise<void>;
}

async function open(fastLane: 'on' | 'off', idleMs = 1_000): Promise<Site> {
  const streams: Reply[] = [];
  let isLeaving = false;
  const listening = openListener(fastLane, {
    clock: systemClock,
    bodyBytesMax: 1_000,
    requestId: () => 'req_1',
    admin: (_, response) => response.end('admin'),
    isLeaving: () => isLeaving,
    serve: ({ path }, reply) => {
      if (path === '/v1/stream') {
        reply.head(200, ['content-type', 'text/event-stream']);
        reply.chunk(OK);
        streams.push(reply);
        return;
      }
      reply.head(200, ['content-length', '2']);
      reply.end(OK);
    },
  });
  listening.server.listen(0, '127.0.0.1');
  await once(listening.server, 'listening');
  closers.push(() => {
    listening.cut();
    listening.server.close();
  });
  const stop = () => {
    isLeaving = true;
    return closeWithin(listening, { ms: 5_000, idleMs }, () => {});
  };
  return { listening, port: (listening.server.address() as AddressInfo).port, streams, stop };
}

function client(port: number): { readonly socket: Socket; said(): string } {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let said = '';
  socket.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    said += code;
  });
  closers.push(() => socket.destroy());
  return { socket, said: () => said };
}

/**
 * Calls `then` after this thread stood still while a client in another thread connected and sent a request. Returns what that client
 * received.
 */
async function whileBusy(port: number, then: () => void): Promise<string> {
  const flags = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(BUSY_CLIENT, { eval: true, workerData: { port, flags, request: REQUEST } });
  closers.push(() => worker.terminate());
  await once(worker, 'online');
  const said = once(worker, 'message').then(([text]) => text as string);
  Atomics.store(flags, 0, 1);
  Atomics.notify(flags, 0);
  expect(Atomics.wait(flags, 1, 0, 5_000)).not.toBe('timed-out');
  then(); // In the same turn: this thread has not accepted the connection yet.
  return said;
}

const BUSY_CLIENT = `
  const { parentPort, workerData: { port, flags, request } } = require('node:worker_threads');
  Atomics.wait(flags, 0, 0);
  const socket = require('node:net').connect(port, '127.0.0.1', () => {
    socket.write(request);
    Atomics.store(flags, 1, 1);
    Atomics.notify(flags, 1);
  });
  let said = '';
  socket.on('data', (bytes) => { said += bytes; });
  socket.on('error', ({ code }) => { said += code; });
  socket.on('close', () => parentPort.postMessage(said));
`;

const LAST_ANSWER = /^HTTP\/1\.1 200 OK[\s\S]*connection: close[\s\S]*ok$/i;

test('in the lead answers close their connections until its last second', async () => {
  const port: Parameters<typeof letProxiesNotice>[0] = { notReady: null, isLeaving: false };
  const noticed = letProxiesNotice(port, 1_600);
  expect(port).toEqual({ notReady: 'draining', isLeaving: true });
  await sleep(900);
  expect(port).toEqual({ notReady: 'draining', isLeaving: false });
  await noticed;
});

describe.each(['on', 'off'] as const)('a process that stops, fast lane %s', (fastLane) => {
  test('answers who connected while it was busy, and nobody who comes later', async () => {
    const { port, stop } = await open(fastLane);
    let stopped: Promise<void> | undefined;
    const said = await whileBusy(port, () => {
      stopped = stop();
    });
    expect(said).toMatch(LAST_ANSWER);
    await stopped;
    const late = client(port);
    await expect.poll(late.said).toBe('ECONNREFUSED');
  });

  test('answers who has connected and sends only then', async () => {
    const { listening, port, stop } = await open(fastLane);
    const { socket, said } = client(port);
    await once(listening.server, 'connection');
    const stopped = stop();
    await sleep(200);
    socket.write(REQUEST);
    await Promise.all([stopped, once(socket, 'close')]);
    expect(said()).toMatch(LAST_ANSWER);
  });

  test('answers once more on a connection that an earlier answer left open', async () => {
    const { port, stop } = await open(fastLane);
    const { socket, said } = client(port);
    socket.write(REQUEST);
    await expect.poll(said).toMatch(/keep-alive[\s\S]*ok$/);
    const stopped = stop();
    await sleep(200);
    socket.write(REQUEST);
    await Promise.all([stopped, once(socket, 'close')]);
    expect(said().slice(said().lastIndexOf('HTTP/1.1'))).toMatch(LAST_ANSWER);
  });

  test('answers once more after a stream that said before that the connection stays', async () => {
    const { port, streams, stop } = await open(fastLane);
    const { socket, said } = client(port);
    socket.write(STREAM);
    await expect.poll(() => streams.length).toBe(1);
    const stopped = stop();
    await sleep(200);
    streams[0]?.end(null);
    await expect.poll(said).toMatch(/keep-alive[\s\S]*\r\n0\r\n\r\n$/);
    socket.write(REQUEST);
    await Promise.all([stopped, once(socket, 'close')]);
    expect(said().slice(said().lastIndexOf('HTTP/1.1'))).toMatch(LAST_ANSWER);
  });

  test('closes idle connections: at once if no proxy has to notice, else after a second', async () => {
    for (const [idleMs, msMin, msMax] of [
      [0, 0, 900],
      [1_000, 900, 4_000],
    ] as const) {
      const { port, stop } = await open(fastLane, idleMs);
      const { socket, said } = client(port);
      socket.write(REQUEST);
      await expect.poll(said).toMatch(/ok$/);
      const sinceMs = performance.now();
      await stop();
      expect(performance.now() - sinceMs).toBeGreaterThanOrEqual(msMin);
      expect(performance.now() - sinceMs).toBeLessThan(msMax);
    }
  });
});
