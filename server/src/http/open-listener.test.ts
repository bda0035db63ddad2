import { once } from 'node:events';
import { Agent, request as ask, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../lib/timing/clock.ts';
import { type Listening, openListener } from './open-listener.ts';
import type { Reply } from './request-reply.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const OK = Buffer.from('ok');

describe.each(['on', 'off'] as const)('a process that is about to go, fast lane %s', (fastLane) => {
  let isLeaving = false;
  const streams: Reply[] = [];

  async function open(): Promise<Listening & { readonly port: number }> {
    isLeaving = false;
    streams.length = 0;
    const listening = openListener(fastLane, {
      clock: systemClock,
      bodyBytesMax: 1_000,
      requestId: () => 'req_1',
      admin: (_, response) => response.end('admin'),
      isLeaving: () => isLeaving,
      serve: (request, reply) => {
        if (request.path === '/v1/stream') {
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
    return { ...listening, port: (listening.server.address() as AddressInfo).port };
  }

  /** Returns a client that sends requests over one connection while it is kept alive. */
  function client(port: number) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    closers.push(() => agent.destroy());
    return async (path: string, method = 'POST'): Promise<IncomingMessage> => {
      const outgoing = ask({ port, path, method, agent, headers: method === 'POST' ? { 'content-length': 2 } : {} });
      outgoing.end(method === 'POST' ? '{}' : undefined);
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
      return answer;
    };
  }

  test.each([
    ['the data plane', '/v1/chat/completions', 'POST'],
    ['the admin API', '/api/v1/keys', 'GET'],
    ['its health', '/health/ready', 'GET'],
  ])('says at each answer of %s that the connection ends with it, and still takes new ones', async (_, path, method) => {
    const { port } = await open();
    const call = client(port);
    const kept = await call(path, method);
    expect(kept.headers.connection).toBe('keep-alive');
    await kept.resume().toArray();
    isLeaving = true;
    for (const turn of [1, 2]) {
      const last = await call(path, method);
      expect([turn, last.statusCode, last.headers.connection]).toEqual([turn, 200, 'close']);
      const closed = once(last.socket, 'close');
      await last.toArray();
      await closed;
    }
  });

  test('is gone as soon as the last stream has ended, however its connection was meant to be kept', async () => {
    const { port, server, drain } = await open();
    const stream = await client(port)('/v1/stream');
    expect(stream.headers.connection).toBe('keep-alive');
    const body = stream.toArray();
    isLeaving = true;
    const closed = new Promise((resolve) => server.close(resolve));
    drain(0);
    streams[0]?.end(null);
    expect(Buffer.concat(await body).toString()).toBe('ok');
    await closed;
  });
});
