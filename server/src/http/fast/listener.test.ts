import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { DATA_PREFIXES } from '../../domain/planes.ts';
import { systemClock } from '../../lib/timing/clock.ts';
import type { Patience } from '../node/listener.ts';
import { type Listening, openListener } from '../open-listener.ts';
import type { GatewayRequest, Reply } from '../request-reply.ts';
import { LaneRequest } from './lane-reply.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const PATIENT = { headMsMax: 60_000, requestMsMax: 60_000, lookMs: 60_000 };
const OK = Buffer.from('ok');
const wholly = (reply: Reply) => {
  reply.head(200, ['content-length', '2']);
  reply.end(OK);
};

interface Site extends Listening {
  readonly port: number;
  readonly served: GatewayRequest[];
}

async function listen(behave: (request: GatewayRequest, reply: Reply) => void, patience: Patience = PATIENT): Promise<Site> {
  const served: GatewayRequest[] = [];
  const listening = openListener('on', {
    clock: systemClock,
    bodyBytesMax: 100_000,
    patience,
    requestId: () => 'req_1',
    admin: (_request, response) => response.end('admin'),
    serve: (request, reply) => {
      served.push(request);
      behave(request, reply);
    },
  });
  listening.server.listen(0, '127.0.0.1');
  await once(listening.server, 'listening');
  closers.push(() => {
    listening.cut();
    listening.server.close();
  });
  return { ...listening, port: (listening.server.address() as AddressInfo).port, served };
}

interface Client {
  readonly socket: Socket;
  said(): string;
  answers(): number;
  readonly closed: Promise<unknown>;
}

function client(port: number): Client {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  let said = '';
  socket.on('data', (bytes) => {
    said += bytes.toString('latin1');
  });
  socket.on('error', () => {});
  socket.on('end', () => socket.end());
  closers.push(() => socket.destroy());
  return { socket, said: () => said, answers: () => said.match(/HTTP\/1\.1 /g)?.length ?? 0, closed: once(socket, 'close') };
}

const post = (path: string, body = '', lines = '') =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\n${lines}content-length: ${body.length}\r\n\r\n${body}`;

describe('a connection in the fast lane', () => {
  test('serves pipelined messages one after the other, in order, however slowly each is answered', async () => {
    const order: string[] = [];
    const site = await listen(({ path }, reply) => {
      order.push(`begun ${path}`);
      setTimeout(() => {
        order.push(`done ${path}`);
        reply.head(200, ['x-path', path, 'content-length', '2']);
        reply.end(OK);
      }, 10);
    });
    const { socket, said, answers } = client(site.port);
    socket.write(post('/v1/a', 'one') + post('/v1/b', 'two') + post('/v1/c'));
    await expect.poll(answers).toBe(3);
    expect(order).toEqual(['begun /v1/a', 'done /v1/a', 'begun /v1/b', 'done /v1/b', 'begun /v1/c', 'done /v1/c']);
    expect([...said().matchAll(/x-path: (\S+)/g)].map(([, path]) => path)).toEqual(['/v1/a', '/v1/b', '/v1/c']);
    expect(site.served.every((request) => request instanceof LaneRequest)).toBe(true);
  });

  test('answers a thousand pipelined messages that are refused at once', async () => {
    const site = await listen((_request, reply) => wholly(reply));
    const { socket, answers } = client(site.port);
    socket.write(post('/v1/a').repeat(1_000));
    await expect.poll(answers, { timeout: 15_000 }).toBe(1_000);
  });

  test('gives everything that is not plain to Node, with the answers still in order', async () => {
    const site = await listen((_request, reply) => wholly(reply));
    const { socket, answers } = client(site.port);
    socket.write(`${post('/v1/a', 'one')}GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n${post('/v1/b', 'two')}`);
    await expect.poll(answers).toBe(3);
    expect(site.served.map((request) => request instanceof LaneRequest)).toEqual([true, false, false]);
    expect(site.served.map(({ path, body }) => [path, body.toString()])).toEqual([
      ['/v1/a', 'one'],
      ['/v1/models', ''],
      ['/v1/b', 'two'],
    ]);
  });

  test.each(DATA_PREFIXES.map(({ prefix }) => prefix))('reads a POST below %s, in one piece or byte by byte', async (prefix) => {
    const site = await listen((_request, reply) => wholly(reply));
    const [whole, pieces] = [client(site.port), client(site.port)];
    whole.socket.write(post(`${prefix}a?b=c`, 'one'));
    for (const byte of post(`${prefix}a?b=c`, 'one')) {
      pieces.socket.write(byte);
      await sleep(1);
    }
    await expect.poll(() => whole.answers() + pieces.answers()).toBe(2);
    expect(site.served.map((request) => request instanceof LaneRequest)).toEqual([true, true]);
    expect(new Set(site.served.map(({ path, query }) => `${path} ${query}`))).toEqual(new Set([`${prefix}a b=c`]));
  });

  test('leaves what only begins like the data plane to Node, also if it arrives byte by byte', async () => {
    const site = await listen((_request, reply) => wholly(reply));
    const others = ['/v1', '/v1x/', '/v1bet/', '/v1betamax', '/cursor', '/cursor/v2/', '/cursor/v1', '/V1/', '//v1/'];
    for (const path of others) {
      const { socket, answers } = client(site.port);
      for (const byte of post(path)) {
        socket.write(byte);
        await sleep(1);
      }
      await expect.poll(answers).toBe(1);
    }
    expect(site.served.map(({ path }) => path)).toEqual(others);
    expect(site.served.some((request) => request instanceof LaneRequest)).toBe(false);
  });

  test('frames a stream in chunks, the head with the first and the end with the last', async () => {
    const site = await listen((_request, reply) => {
      reply.head(200, ['content-type', 'text/event-stream']);
      reply.chunk(Buffer.from('data: 1\n\n'));
      reply.chunk(Buffer.alloc(0)); // An empty chunk would end the body.
      reply.chunk(Buffer.alloc(20_000, 'x'));
      reply.end(Buffer.from('data: [DONE]\n\n'));
    });
    const { socket, said } = client(site.port);
    socket.write(post('/v1/a'));
    await expect.poll(() => said().endsWith('0\r\n\r\n')).toBe(true);
    const body = said().slice(said().indexOf('\r\n\r\n') + 4);
    expect(said()).toContain('\r\ntransfer-encoding: chunked\r\n\r\n');
    expect(body).toBe(`9\r\ndata: 1\n\n\r\n4e20\r\n${'x'.repeat(20_000)}\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n`);
  });

  test('never writes a header that would say more than it was meant to', async () => {
    let thrown: unknown = null;
    const site = await listen((_request, reply) => {
      for (const value of ['a\r\nset-cookie: b', 'a\nb', 'a\u010ab']) {
        try {
          reply.head(200, ['x', value]);
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toBeInstanceOf(TypeError);
      }
      wholly(reply);
    });
    const { socket, said } = client(site.port);
    socket.write(post('/v1/a'));
    await expect.poll(() => said().endsWith('ok')).toBe(true);
    expect(said()).not.toContain('set-cookie');
  });

  test('closes after the answer where the client asks to, and takes nothing that came behind', async () => {
    const site = await listen((_request, reply) => wholly(reply));
    const { socket, said, closed } = client(site.port);
    socket.write(post('/v1/a', '', 'connection: close\r\n') + post('/v1/b'));
    await closed;
    expect(said()).toMatch(/connection: close[\s\S]*ok$/);
    expect(site.served).toHaveLength(1);
  });
});

describe('a client of the fast lane that', () => {
  test.each([
    ['its head', 'POST /v1/a HTTP/1.1\r\nhost: x\r\nx-slow: '],
    ['its body', post('/v1/a', '12345').slice(0, -2)],
    ['nothing at all', ''],
  ])('takes too long over %s is told so', async (_what, bytes) => {
    const site = await listen((_request, reply) => wholly(reply), { headMsMax: 100, requestMsMax: 150, lookMs: 20 });
    const { socket, said, closed } = client(site.port);
    socket.write(bytes);
    await closed;
    expect(said()).toMatch(/^HTTP\/1\.1 408 [\s\S]*"request_timeout"/);
    expect(site.served).toEqual([]);
  });

  test('sends its head byte by byte in time is served', async () => {
    const site = await listen((_request, reply) => wholly(reply));
    const { socket, answers } = client(site.port);
    for (const byte of post('/v1/a', 'hello')) {
      socket.write(byte);
      await new Promise((go) => setImmediate(go));
    }
    await expect.poll(answers).toBe(1);
    expect(site.served[0]?.body.toString()).toBe('hello');
  });

  test.each([
    ['breaks off', (socket: Socket) => socket.resetAndDestroy()],
    ['closes', (socket: Socket) => socket.destroy()],
    ['sends no more', (socket: Socket) => socket.end()],
  ])('%s before its answer is complete has hung up, once', async (_how, leave) => {
    let gone = 0;
    const site = await listen((_request, reply) => {
      reply.head(200, ['content-type', 'text/event-stream']);
      reply.chunk(Buffer.from('data: 1\n\n'));
      reply.onGone(() => {
        gone += 1;
        reply.chunk(OK);
        reply.end(OK);
      });
    });
    const { socket, answers } = client(site.port);
    socket.write(post('/v1/a'));
    await expect.poll(answers).toBe(1);
    leave(socket);
    await expect.poll(() => gone).toBe(1);
    await sleep(20);
    expect(gone).toBe(1);
  });

  test('leaves after its answer is told of nothing', async () => {
    let gone = 0;
    const site = await listen((_request, reply) => {
      reply.onGone(() => {
        gone += 1;
      });
      wholly(reply);
    });
    const { socket, answers, closed } = client(site.port);
    socket.write(post('/v1/a'));
    await expect.poll(answers).toBe(1);
    socket.destroy();
    await closed;
    await sleep(20);
    expect(gone).toBe(0);
  });

  test('does not read pauses its answer, and reading on resumes it', async () => {
    let drained = 0;
    let lastHadRoom = true;
    const site = await listen((_request, reply) => {
      reply.head(200, []);
      reply.onDrained(() => {
        drained += 1;
      });
      // More than the buffers of both sockets take.
      for (let n = 0; n < 400; n += 1) lastHadRoom = reply.chunk(Buffer.alloc(64 * 1024));
    });
    const { socket } = client(site.port);
    socket.pause();
    socket.write(post('/v1/a'));
    await expect.poll(() => site.served.length).toBe(1);
    await sleep(50);
    expect([lastHadRoom, drained]).toEqual([false, 0]);
    socket.resume();
    await expect.poll(() => drained, { timeout: 15_000 }).toBe(1);
  });

  test('sends on and on while it is answered has to wait', async () => {
    let answer = () => {};
    const site = await listen((_request, reply) => {
      answer = () => wholly(reply);
    });
    const { socket } = client(site.port);
    const next = post('/v1/b', 'x'.repeat(90_000));
    socket.write(post('/v1/a') + next.repeat(200));
    await expect.poll(() => site.served.length).toBe(1);
    await sleep(100);
    expect(socket.writableLength).toBeGreaterThan(1_000_000);
    while (site.served.length < 20) {
      const { length } = site.served;
      answer();
      await expect.poll(() => site.served.length).toBeGreaterThan(length);
    }
    expect(site.served.slice(1).every(({ body }) => body.length === 90_000)).toBe(true);
  });
});

describe('while the gateway stops', () => {
  test('idle connections close, answers under way end and say that they are the last, and no new request is taken', async () => {
    const replies: Reply[] = [];
    const site = await listen((request, reply) => {
      if (request.path === '/v1/quick') wholly(reply);
      else replies.push(reply);
    });
    const [idle, unasked, waiting] = [client(site.port), client(site.port), client(site.port)] as const;
    idle.socket.write(post('/v1/quick'));
    waiting.socket.write(post('/v1/slow'));
    await expect.poll(() => idle.answers() + replies.length).toBe(2);
    const over = new Promise((resolve) => site.server.close(resolve));
    site.drain(0);
    await Promise.all([idle.closed, unasked.closed]);
    expect(waiting.answers()).toBe(0);
    wholly(replies[0] as Reply);
    await waiting.closed;
    expect(waiting.said()).toMatch(/connection: close[\s\S]*ok$/);
    await over;
  });

  test('a stream that outlives the bound is cut, and has hung up', async () => {
    let gone = 0;
    const site = await listen((_request, reply) => {
      reply.head(200, []);
      reply.chunk(OK);
      reply.onGone(() => {
        gone += 1;
      });
    });
    const { socket, answers, closed } = client(site.port);
    socket.write(post('/v1/a'));
    await expect.poll(answers).toBe(1);
    site.cut();
    await closed;
    await expect.poll(() => gone).toBe(1);
  });
});
