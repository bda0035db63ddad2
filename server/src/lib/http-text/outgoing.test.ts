import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addBytes, addHeader, addText, beginMessage, goOn, sendMessage, waitWith } from './outgoing.ts';

const server = createServer();
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => void server.close());

/** Returns the two ends of a connection. The far one is paused, so that it can read later. */
async function pair(): Promise<{ near: Socket; far: Socket }> {
  const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [[far]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, once(near, 'connect')]);
  return { near, far: far.pause() };
}

async function allThatComes(far: Socket): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of far) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('latin1');
}

const sizes = fc.oneof(fc.nat({ max: 200 }), fc.integer({ min: 10_000, max: 20_000 }), fc.constant(100_000));
const messages = fc.array(
  fc.record({ to: fc.nat({ max: 2 }), head: sizes, body: fc.option(sizes), after: fc.boolean(), waits: fc.boolean() }),
  { minLength: 1, maxLength: 60 },
);

describe('messages that are put together in one piece of memory', () => {
  test('arrive as they were written, whoever reads slowly and whoever has to wait with a begun one', async () => {
    await fc.assert(
      fc.asyncProperty(messages, async (all) => {
        const pairs = [await pair(), await pair(), await pair()];
        const written = ['', '', ''];
        // Two read from the beginning, the third only when everything is written.
        const read = [allThatComes((pairs[0] as (typeof pairs)[0]).far), allThatComes((pairs[1] as (typeof pairs)[0]).far)];
        all.forEach(({ to, head, body, after, waits }, at) => {
          const text = String.fromCharCode(97 + (at % 26)).repeat(head);
          const bytes = body === null ? null : Buffer.alloc(body, 65 + (at % 26));
          let kept: Buffer | null = null;
          const whose = { keepBegun: (begun: Buffer) => (kept = begun) };
          beginMessage();
          addHeader('x', text);
          waitWith(whose);
          if (waits) {
            beginMessage();
            addText('of somebody else');
          }
          if (!goOn(whose)) {
            beginMessage();
            addBytes(kept ?? Buffer.alloc(0));
          }
          sendMessage((pairs[to] as (typeof pairs)[0]).near, bytes, after ? '!' : '');
          written[to] += `x: ${text}\r\n${bytes?.toString('latin1') ?? ''}${after ? '!' : ''}`;
        });
        for (const { near } of pairs) near.end();
        read.push(allThatComes((pairs[2] as (typeof pairs)[0]).far));
        expect((await Promise.all(read)).map((text, at) => text === written[at])).toEqual([true, true, true]);
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  test('what a socket could not take at once stays as it is while others are written', async () => {
    const [slow, other] = [await pair(), await pair()];
    const otherRead = allThatComes(other.far);
    let written = 0;
    for (let at = 0; written === 0 || slow.near.writableLength === 0; at += 1) {
      for (const [{ near }, body] of [
        [slow, Buffer.alloc(9_999, 97 + (at % 26))],
        [other, Buffer.alloc(9_999, 65)],
      ] as const) {
        beginMessage();
        sendMessage(near, body, '\n');
      }
      written += 1;
    }
    for (let at = 0; at < 50; at += 1) {
      beginMessage();
      sendMessage(other.near, Buffer.alloc(9_999, 66), '\n');
    }
    slow.near.end();
    other.near.end();
    const lines = (await allThatComes(slow.far)).split('\n');
    expect(lines).toHaveLength(written + 1);
    lines.pop();
    expect(lines.every((line, at) => line === String.fromCharCode(97 + (at % 26)).repeat(9_999))).toBe(true);
    await otherRead;
  });

  test.each(['a\r\nb', '\0', '€', `${'a'.repeat(200)}\n`])(
    'a header that would say more than one line is refused: %j',
    (value) => {
      beginMessage();
      expect(() => addHeader('x-name', value)).toThrow('the header x-name has a character that HTTP does not allow');
    },
  );
});
