/** Bodies that are not in memory: sent as fast as the provider reads, and sent again from their beginning. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ask, listener, post, rawUpstream, testTransport, until, upstream } from '../../test/support/upstream.ts';
import { StreamedBytes } from '../lib/pieces.ts';

const PIECE = 65_536;

/** A body of so many bytes, and how many of them were read so far. */
function streamed(bytes: number, failsAt = Number.POSITIVE_INFINITY): { body: StreamedBytes; read: () => number } {
  let read = 0;
  const body = new StreamedBytes(bytes, async function* () {
    for (let at = 0; at < bytes; at += PIECE) {
      await sleep(0);
      if (at >= failsAt) throw new Error('the disk failed');
      const piece = Buffer.alloc(Math.min(PIECE, bytes - at), String(at));
      read += piece.length;
      yield piece;
    }
  });
  return { body, read: () => read };
}

async function hashOf(body: StreamedBytes): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of body.read()) hash.update(piece);
  return hash.digest('hex');
}

describe.each(['plain', 'full'] as const)('with the %s client', (client) => {
  test('arrive whole, with their length, on a new connection and on one that is used again', async () => {
    const there = await upstream((request, response, body) => {
      response.end(`${request.headers['content-length']} ${createHash('sha256').update(body).digest('hex')}`);
    });
    const over = testTransport({ client });
    for (const bytes of [1_000_000, 10, 3_000_001]) {
      const { body } = streamed(bytes);
      const heard = await ask(over, post(there.origin, { body }));
      expect([heard.status, heard.body]).toEqual([200, `${bytes} ${await hashOf(body)}`]);
    }
    expect(there.opened()).toBe(1);
  });

  test('are read no faster than the provider takes them, and the call is sent only once the last byte is', async () => {
    const there = await upstream(() => {}, { read: false });
    const over = testTransport({ client });
    const { body, read } = streamed(100_000_000);
    const heard = listener();
    const call = over.send(post(there.origin, { body, timeoutMs: 400 }), heard);
    await heard.over;
    expect(read()).toBeLessThan(20_000_000);
    expect([heard.failure?.kind, heard.failure?.sent, call.sent]).toEqual(['timeout', false, false]);
  });

  test('take longer than the timeout, as long as the provider reads', async () => {
    const there = await upstream((_request, response) => response.end('x'));
    const { body } = streamed(1_000_000);
    const slow = new StreamedBytes(body.length, async function* () {
      for await (const piece of body.read()) {
        await sleep(30);
        yield piece;
      }
    });
    const heard = await ask(testTransport({ client }), post(there.origin, { body: slow, timeoutMs: 200 }));
    expect([heard.status, heard.body]).toEqual([200, 'x']);
  });

  test('that cannot be read end the call as one that was not sent', async () => {
    const there = await upstream((_request, response) => response.end('x'));
    const { body } = streamed(1_000_000, 500_000);
    const heard = await ask(testTransport({ client }), post(there.origin, { body }));
    expect(heard.failure).toMatchObject({ sent: false });
    expect(there.seen()).toBe(0);
    await until(() => there.sockets.size === 0);
  });

  test.each([
    ['with a length', 'HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nno!'],
    ['that ends with its connection', 'HTTP/1.1 413 Too Large\r\nconnection: close\r\n\r\nno!'],
  ])('end early at an answer %s, and the connection is not used again', async (_how, said) => {
    const origin = await rawUpstream(said, (socket) => {
      if (said.includes('close')) socket.end();
    });
    const over = testTransport({ client });
    const { body, read } = streamed(100_000_000);
    const heard = listener();
    const call = over.send(post(origin, { body }), heard);
    await heard.over;
    expect([heard.status, heard.body, call.sent]).toEqual([413, 'no!', false]);
    const soFar = read();
    await sleep(100);
    expect(read() - soFar).toBeLessThanOrEqual(PIECE);
    expect(soFar).toBeLessThan(20_000_000);
    expect(over.stats().size).toBe(0);
  });

  test('end when the call is given up', async () => {
    const there = await upstream(() => {}, { read: false });
    const { body, read } = streamed(100_000_000);
    const heard = listener();
    const call = testTransport({ client }).send(post(there.origin, { body }), heard);
    await until(() => read() > 0);
    call.abort();
    await sleep(20);
    const soFar = read();
    await sleep(100);
    expect([read() - soFar <= PIECE, heard.ends]).toEqual([true, 0]);
  });
});
