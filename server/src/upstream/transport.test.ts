import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type Answer, ask, listener, post, testTransport, until, upstream } from '../../test/support/upstream.ts';
import { Pieces } from '../lib/pieces.ts';
import type { UpstreamCall } from './call.ts';
import type { TransportOptions } from './transport.ts';

describe.each(['plain', 'full'] as const)('with the %s client', (client) => {
  const transport = (options: Partial<TransportOptions> = {}) => testTransport({ client, ...options });
  const json: Answer = (request, response, body) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ path: request.url, headers: request.headers, length: body.length }));
  };

  describe('the transport', () => {
    it('sends method, path, headers and body as they are and reports head, data and one end', async () => {
      const there = await upstream(json);
      const heard = await ask(
        transport(),
        post(there.origin, { path: '/v1/messages?beta=true', headers: ['x-api-key', 'k', 'accept-encoding', 'identity'] }),
      );
      expect(heard.status).toBe(200);
      expect(heard.headers['content-type']).toBe('application/json');
      const said = JSON.parse(heard.body) as { path: string; headers: Record<string, string>; length: number };
      expect(said.path).toBe('/v1/messages?beta=true');
      expect(said.length).toBe(13);
      expect(said.headers).toMatchObject({ 'x-api-key': 'k', 'content-length': '13', 'accept-encoding': 'identity' });
      expect(heard.ends).toBe(1);
      expect(heard.failure).toBeNull();
    });

    it('sends a body in pieces as one body, on one connection, and leaves the pieces as they are', async () => {
      const there = await upstream((_request, response, body) => response.end(createHash('sha256').update(body).digest('hex')));
      const over = transport();
      const pieces = [Buffer.from('{"a":"'), Buffer.alloc(3_000_000, 'x'), Buffer.from('é"}')];
      const whole = Buffer.concat(pieces);
      for (let round = 0; round < 2; round += 1) {
        const { body } = await ask(over, post(there.origin, { body: new Pieces(pieces) }));
        expect(body).toBe(createHash('sha256').update(whole).digest('hex'));
      }
      expect(there.opened()).toBe(1);
      expect(Buffer.concat(pieces).equals(whole)).toBe(true);
    });

    it('reuses a connection after a complete answer, the last returned first', async () => {
      const there = await upstream(json);
      const over = transport();
      for (let i = 0; i < 20; i++) await ask(over, post(there.origin));
      expect(there.opened()).toBe(1);
      await Promise.all(Array.from({ length: 10 }, () => ask(over, post(there.origin))));
      expect(there.opened()).toBeLessThanOrEqual(10);
      expect(over.stats().get(there.origin)).toEqual({ open: there.opened(), free: there.opened(), waiting: 0 });
    });

    it('never opens more connections to one origin than its cap; the rest wait in order and all are served', async () => {
      let now = 0;
      let most = 0;
      // The first four wait for each other: on a busy machine a connection may take longer than an answer.
      const held: (() => void)[] = [];
      const there = await upstream((request, response) => {
        most = Math.max(most, ++now);
        held.push(() => {
          now--;
          response.end(request.url);
        });
        if (most === 4) for (const answer of held.splice(0)) setTimeout(answer, 5);
      });
      const over = transport({ connectionsMax: 4 });
      const ended: string[] = [];
      const all = Array.from({ length: 60 }, async (_, i) =>
        ended.push((await ask(over, post(there.origin, { path: `/${i}` }))).body),
      );
      await Promise.all(all);
      expect(most).toBe(4);
      expect(there.opened()).toBe(4);
      expect(new Set(ended).size).toBe(60);
      expect(ended.slice(0, 4).sort()).toEqual(['/0', '/1', '/2', '/3']);
    });

    it('turns requests away when too many wait, as not sent, and a waiting request that is aborted leaves the line', async () => {
      const there = await upstream(() => {});
      const over = transport({ connectionsMax: 1, waitingMax: 1 });
      const first = over.send(post(there.origin), listener());
      const waiting = listener();
      const second = over.send(post(there.origin), waiting);
      const turnedAway = await ask(over, post(there.origin));
      expect(turnedAway.failure).toMatchObject({ kind: 'not_connected', sent: false });
      second.abort();
      expect(over.stats().get(there.origin)?.waiting).toBe(0);
      first.abort();
      await until(() => there.sockets.size === 0);
      expect(waiting.ends).toBe(0);
      expect(over.stats().size).toBe(0);
    });

    it('fails a request that waited for a connection longer than its timeout, as not sent', async () => {
      const there = await upstream(() => {});
      const over = transport({ connectionsMax: 1 });
      over.send(post(there.origin), listener());
      expect((await ask(over, post(there.origin, { timeoutMs: 100 }))).failure).toMatchObject({ kind: 'timeout', sent: false });
    });

    it('gives every request its own answer while connections are closed by the server after each', async () => {
      const there = await upstream((request, response) => {
        response.setHeader('connection', 'close');
        response.end(request.url);
      });
      const over = transport({ connectionsMax: 3 });
      const answers = await Promise.all(
        Array.from({ length: 30 }, async (_, i) => (await ask(over, post(there.origin, { path: `/${i}` }))).body),
      );
      expect(answers).toEqual(Array.from({ length: 30 }, (_, i) => `/${i}`));
      await until(() => there.sockets.size === 0);
      await until(() => over.stats().size === 0);
    });

    it('forgets a connection that the server closed while it was idle', async () => {
      const there = await upstream(json);
      const over = transport();
      await ask(over, post(there.origin));
      for (const socket of there.sockets) socket.destroy();
      await until(() => over.stats().size === 0);
      expect((await ask(over, post(there.origin))).status).toBe(200);
    });

    it('lets idle connections go after a while', async () => {
      const there = await upstream((_request, response) => {
        response.writeHead(200, { connection: 'keep-alive' }).end('x'); // Names no idle time.
      });
      const over = transport({ keepAliveMs: 200 });
      await ask(over, post(there.origin));
      await until(() => over.stats().size === 0, 4_000);
      await until(() => there.sockets.size === 0);
    });
  });

  describe('abort', () => {
    const abortAt = async (call: UpstreamCall, there: { sockets: ReadonlySet<Socket> }) => {
      call.abort();
      call.abort();
      // Checks every five milliseconds and counts the checks, so that a machine that stalls in between does not fail the test.
      let looks = 0;
      await until(() => {
        looks += 1;
        return there.sockets.size === 0;
      });
      expect(looks).toBeLessThan(20);
    };

    it('closes the connection within 100 ms while the head is awaited, and nothing more is reported', async () => {
      const there = await upstream(() => {});
      const heard = listener();
      const call = transport().send(post(there.origin), heard);
      await until(() => there.seen() === 1);
      await abortAt(call, there);
      expect(heard.ends).toBe(0);
    });

    it('closes the connection within 100 ms in the middle of a stream, also from within a call of the sink', async () => {
      const there = await upstream((_request, response) => {
        const timer = setInterval(() => response.write('data: x\n\n'), 2);
        response.on('close', () => clearInterval(timer));
      });
      const heard = listener({
        take: () => {
          if (heard.bytes > 20) call.abort();
          return true;
        },
      });
      const call: UpstreamCall = transport().send(post(there.origin), heard);
      await until(() => heard.bytes > 20);
      await abortAt(call, there);
      const bytes = heard.bytes;
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(heard.bytes).toBe(bytes);
      expect(heard.ends).toBe(0);
    });

    it('closes the connection of an answer that is paused', async () => {
      const there = await upstream((_request, response) => void response.write('x'.repeat(500_000)));
      const heard = listener({ take: () => false });
      const call = transport().send(post(there.origin), heard);
      await until(() => heard.bytes > 0);
      await abortAt(call, there);
    });

    it('before the connection is made leaves no connection behind', async () => {
      const there = await upstream(json);
      const over = transport();
      const heard = listener();
      over.send(post(there.origin), heard).abort();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(there.sockets.size).toBe(0);
      expect(there.seen()).toBe(0);
      expect(heard.ends).toBe(0);
      expect(over.stats().size).toBe(0);
    });

    it('after the end is harmless', async () => {
      const there = await upstream(json);
      const over = transport();
      const heard = listener();
      const call = over.send(post(there.origin), heard);
      await heard.over;
      call.abort();
      call.resume();
      expect(heard.ends).toBe(1);
      expect(over.stats().get(there.origin)?.free).toBe(1);
    });

    it('of a failure not yet reported silences it', async () => {
      const heard = listener();
      transport({ connectionsMax: 0, waitingMax: 0 }).send(post('http://127.0.0.1:1'), heard).abort();
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(heard.ends).toBe(0);
    });
  });

  describe('back-pressure', () => {
    it('stops reading from the provider while the receiver is behind: little is kept however much is sent', async () => {
      let pushed = 0;
      const there = await upstream((_request, response) => {
        const piece = Buffer.alloc(64 * 1024, 'x');
        const push = () => {
          while (pushed < 64 * 1024 * 1024) {
            pushed += piece.length;
            if (!response.write(piece)) return void response.once('drain', push);
          }
          response.end();
        };
        push();
      });
      let behind = true;
      const heard = listener({ take: () => !behind });
      const call = transport().send(post(there.origin, { answerBytesMax: 2 ** 30 }), heard);
      await new Promise((resolve) => setTimeout(resolve, 300));
      // One socket buffer reaches the sink; the rest stays with the kernel (which may take some MB) and the provider.
      expect(heard.bytes).toBeLessThanOrEqual(256 * 1024);
      const pushedWhilePaused = pushed;
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(pushed).toBe(pushedWhilePaused);
      expect(pushed).toBeLessThan(32 * 1024 * 1024);
      behind = false;
      call.resume();
      await heard.over;
      expect(heard.bytes).toBe(64 * 1024 * 1024);
      expect(heard.failure).toBeNull();
    });

    it('does not count a pause of the receiver as silence of the provider', async () => {
      const there = await upstream((_request, response) => {
        response.write('a'.repeat(200_000));
        response.end('b');
      });
      let pauses = 0;
      const heard = listener({ take: () => pauses++ > 0 });
      const call = transport().send(post(there.origin, { timeoutMs: 100 }), heard);
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(heard.failure).toBeNull();
      call.resume();
      await heard.over;
      expect(heard.bytes).toBe(200_001);
      expect(heard.failure).toBeNull();
    });
  });
});
