import { describe, expect, it } from 'vitest';
import { ask, listener, post, rawUpstream, testTransport, until, upstream } from '../../test/support/upstream.ts';
import { createTimerWheel } from '../lib/timing/timer-wheel.ts';
import type { TransportOptions } from '../upstream/transport.ts';

describe.each(['plain', 'full'] as const)('with the %s client', (client) => {
  const transport = (options: Partial<TransportOptions> = {}) => testTransport({ client, ...options });
  const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';

  describe('a provider that', () => {
    it('nobody listens for is not connected, and the request not sent', async () => {
      const heard = await ask(transport(), post('http://127.0.0.1:9'));
      expect(heard.failure).toMatchObject({ kind: 'not_connected', sent: false });
      expect(heard.failure?.message).toMatch(/ECONNREFUSED/);
      expect(heard.failure?.message).not.toMatch(/127\.0\.0\.1/);
    });

    it('has no address is not connected', async () => {
      const heard = await ask(transport(), post('http://does-not-exist.invalid'));
      expect(heard.failure).toMatchObject({ kind: 'not_connected', sent: false });
    });

    it('resets before the head is a reset of a request that was sent', async () => {
      const there = await upstream((request) => request.socket.resetAndDestroy());
      expect((await ask(transport(), post(there.origin))).failure).toMatchObject({ kind: 'reset', sent: true });
    });

    it('closes before the head is a reset of a request that was sent', async () => {
      const there = await upstream((request) => request.socket.end());
      expect((await ask(transport(), post(there.origin))).failure).toMatchObject({ kind: 'reset', sent: true });
    });

    it('resets while a large body is still leaving has not been sent the request in full', async () => {
      const there = await upstream(() => {}, {
        onHead: (request) => void setTimeout(() => request.socket.resetAndDestroy(), 50),
        read: false,
      });
      const heard = await ask(transport(), post(there.origin, { body: Buffer.alloc(64 * 1024 * 1024, 'x') }));
      expect(heard.failure).toMatchObject({ kind: 'reset', sent: false });
    });

    it('reads a large body in full before it resets has been sent the request', async () => {
      const there = await upstream((request) => request.socket.resetAndDestroy());
      const heard = await ask(transport(), post(there.origin, { body: Buffer.alloc(8 * 1024 * 1024, 'x') }));
      expect(heard.failure).toMatchObject({ kind: 'reset', sent: true });
    });

    it.each([
      ['with a length', `${HEAD}content-length: 1000\r\n\r\n{"half":`],
      ['in chunks', `${HEAD}transfer-encoding: chunked\r\n\r\n8\r\n{"half":\r\n`],
      ['until the connection closes', `${HEAD}connection: close\r\n\r\n{"half":`],
    ])('resets in the middle of an answer sent %s is a reset, never an end', async (_how, bytes) => {
      const origin = await rawUpstream(bytes, (socket) => void setTimeout(() => socket.resetAndDestroy(), 30));
      const heard = await ask(transport(), post(origin));
      expect(heard.body).toBe('{"half":');
      expect(heard.failure).toMatchObject({ kind: 'reset', sent: true });
      expect(heard.ends).toBe(1);
    });

    it.each([
      ['with a length', `${HEAD}content-length: 1000\r\n\r\n{"half":`],
      ['in chunks', `${HEAD}transfer-encoding: chunked\r\n\r\n8\r\n{"half":\r\n`],
      ['in chunks and announced the close', `${HEAD}connection: close\r\ntransfer-encoding: chunked\r\n\r\n8\r\n{"half":\r\n`],
    ])('closes in the middle of an answer sent %s is a reset, never an end', async (_how, bytes) => {
      const origin = await rawUpstream(bytes, (socket) => socket.end());
      expect((await ask(transport(), post(origin))).failure).toMatchObject({ kind: 'reset', sent: true });
    });

    it('hangs before the head times out, and its connection is closed', async () => {
      const there = await upstream(() => {});
      const startedAt = performance.now();
      expect((await ask(transport(), post(there.origin, { timeoutMs: 200 }))).failure).toMatchObject({
        kind: 'timeout',
        sent: true,
      });
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(200);
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      await until(() => there.sockets.size === 0);
    });

    it('hangs in the middle of a stream times out, counted from its last byte', async () => {
      const there = await upstream((_request, response) => {
        let left = 5;
        const timer = setInterval(() => (left-- > 0 ? response.write('data: x\n\n') : clearInterval(timer)), 100);
      });
      const startedAt = performance.now();
      const heard = await ask(transport(), post(there.origin, { timeoutMs: 300 }));
      expect(heard.failure).toMatchObject({ kind: 'timeout', sent: true });
      expect(heard.bytes).toBe(45);
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(790);
    });

    it('writes one byte at a time is understood', async () => {
      const bytes = `${HEAD}content-length: 13\r\n\r\n{"ok":"bytes"}`.slice(0, -1);
      const origin = await rawUpstream('', (socket) => {
        let at = 0;
        const timer = setInterval(() => (at < bytes.length ? socket.write(bytes[at++] as string) : clearInterval(timer)), 0);
      });
      const heard = await ask(transport(), post(origin));
      expect(heard.failure).toBeNull();
      expect(heard.bytes).toBe(13);
    });

    it('answers with more than is allowed is cut off', async () => {
      const there = await upstream((_request, response) => response.end(Buffer.alloc(3_000_000)));
      const heard = await ask(transport(), post(there.origin, { answerBytesMax: 1_000_000 }));
      expect(heard.failure).toMatchObject({ kind: 'protocol', sent: true });
      expect(heard.bytes).toBeLessThanOrEqual(1_000_000);
      await until(() => there.sockets.size === 0);
    });

    it('answers with a head without end is cut off', async () => {
      const there = await upstream((_request, response) => {
        for (let i = 0; i < 100; i++) response.setHeader(`x-${i}`, 'y'.repeat(1_000));
        response.end();
      });
      expect((await ask(transport(), post(there.origin))).failure).toMatchObject({ kind: 'protocol', sent: true });
    });

    it('does not speak HTTP is said to', async () => {
      const origin = await rawUpstream('SSH-2.0-OpenSSH_9.9\r\n');
      expect((await ask(transport(), post(origin))).failure).toMatchObject({ kind: 'protocol', sent: true });
    });

    it('sends a second answer nobody asked for never has it taken for the next request’s', async () => {
      const origin = await rawUpstream(`${HEAD}content-length: 1\r\n\r\naHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb`);
      const over = transport();
      expect((await ask(over, post(origin))).body).toBe('a');
      expect((await ask(over, post(origin))).body).toBe('a');
    });

    it('announces early hints first is heard only from its answer on', async () => {
      const origin = await rawUpstream(`HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${HEAD}content-length: 2\r\n\r\n{}`);
      const heard = await ask(transport(), post(origin));
      expect(heard).toMatchObject({ status: 200, heads: 1, body: '{}' });
    });

    it('redirects is not followed: its answer is handed on as it is', async () => {
      const elsewhere = await upstream((_request, response) => response.end('secret'));
      const there = await upstream((_request, response) => response.writeHead(307, { location: `${elsewhere.origin}/x` }).end());
      const heard = await ask(transport(), post(there.origin));
      expect(heard.status).toBe(307);
      expect(elsewhere.seen()).toBe(0);
    });

    it('answers HTML with 502, or with nothing, is heard as it is and its connection is reused', async () => {
      const answers = ['<html>bad gateway</html>', ''];
      const there = await upstream((_request, response) =>
        response.writeHead(answers.length === 2 ? 502 : 200).end(answers.shift()),
      );
      const over = transport();
      expect(await ask(over, post(there.origin))).toMatchObject({ status: 502, body: '<html>bad gateway</html>', failure: null });
      expect(await ask(over, post(there.origin))).toMatchObject({ status: 200, body: '', failure: null });
      expect(there.opened()).toBe(1);
    });

    it('compresses although asked not to is refused, unless it reports an error', async () => {
      let status = 200;
      const there = await upstream((_request, response) =>
        response.writeHead(status, { 'content-encoding': 'gzip' }).end('\x1f\x8b'),
      );
      expect((await ask(transport(), post(there.origin))).failure).toMatchObject({ kind: 'protocol' });
      status = 429;
      expect(await ask(transport(), post(there.origin))).toMatchObject({ status: 429, failure: null });
    });

    it('answers before it read the request is heard, and the half-sent connection not used again', async () => {
      const there = await upstream(() => {}, {
        onHead: (_request, response) => response.writeHead(413).end('too large'),
        read: false,
      });
      const over = transport();
      const heard = await ask(over, post(there.origin, { body: Buffer.alloc(32 * 1024 * 1024, 'x') }));
      expect(heard.status).toBe(413);
      await until(() => over.stats().size === 0);
    });
  });

  describe('a receiver that', () => {
    it('throws while it is given an answer is told so once, and harms no other request', async () => {
      const there = await upstream((_request, response) => response.end('x'));
      const over = transport();
      const heard = listener({
        take: () => {
          throw new TypeError('a defect');
        },
      });
      over.send(post(there.origin), heard);
      await heard.over;
      expect(heard).toMatchObject({ ends: 1, failure: { kind: 'protocol', sent: true } });
      expect((await ask(over, post(there.origin))).body).toBe('x');
    });
  });

  describe('a request that', () => {
    it.each(['a\r\nb: c', 'a\nb', 'a\0b'])('would smuggle a header is refused before anything is sent: %j', async (value) => {
      const there = await upstream((_request, response) => response.end());
      expect((await ask(transport(), post(there.origin, { headers: ['x-a', value] }))).failure).toMatchObject({
        kind: 'protocol',
        sent: false,
      });
      expect((await ask(transport(), post(there.origin, { path: `/v1/${value} HTTP/1.1` }))).failure).toMatchObject({
        kind: 'protocol',
        sent: false,
      });
      expect(there.seen()).toBe(0);
    });
  });

  describe('after a thousand mixed requests', () => {
    it('every one was settled once, and no connection and no timer is left', async () => {
      const there = await upstream((request, response) => {
        const n = Number(request.url?.slice(1));
        if (n % 7 === 0) request.socket.resetAndDestroy();
        else if (n % 7 === 1) response.writeHead(200, { connection: 'close' }).end('x');
        else if (n % 7 === 2) response.write('half', () => request.socket.destroy());
        else if (n % 7 === 3)
          response.write('half'); // Then hangs: the test aborts it, or it times out.
        else response.end('whole');
      });
      const wheel = createTimerWheel();
      const over = transport({ connectionsMax: 16, wheel });
      const heard = Array.from({ length: 1_000 }, (_, n) => {
        const one = listener();
        const call = over.send(post(there.origin, { path: `/${n}`, timeoutMs: n % 7 === 3 ? 60 : 20_000 }), one);
        if (n % 14 === 3) setTimeout(() => call.abort(), n % 40);
        return { n, one };
      });
      await Promise.all(heard.filter(({ n }) => n % 14 !== 3).map(({ one }) => one.over));
      for (const { n, one } of heard) {
        expect(one.ends).toBeLessThanOrEqual(1);
        if (n % 7 > 3) expect(one.body === 'whole' || one.failure !== null).toBe(true);
      }
      over.close();
      await until(() => there.sockets.size === 0);
      expect(over.stats().size).toBe(0);
      expect(wheel.size).toBe(0);
    }, 60_000);
  });
});
