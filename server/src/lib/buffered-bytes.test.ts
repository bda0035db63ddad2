import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addPiece, BufferedBytes, bufferBounds } from './buffered-bytes.ts';

const MB = 1024 * 1024;

describe('room for bodies', () => {
  // promise: All unread and unparsed bytes together have a bound
  test('is never more than there is, in all and for each holder, and comes back whole', () => {
    const step = fc.record({
      body: fc.nat(9),
      does: fc.oneof(fc.record({ take: fc.integer({ min: 0, max: 60 }) }), fc.constant('free' as const)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const all = new BufferedBytes({ bytesMax: 100, shareMax: 40 });
        // Ten bodies of three keys from two addresses.
        const holders = (body: number) => [`key:${body % 3}`, `address:${body % 2}`];
        const rooms = Array.from({ length: 10 }, (_, body) => all.roomFor(holders(body)));
        const taken = rooms.map(() => 0);
        const takenBy = (holder: string) =>
          taken.reduce((sum, bytes, body) => (holders(body).includes(holder) ? sum + bytes : sum), 0);
        for (const { body, does } of steps) {
          if (does === 'free') {
            rooms[body]?.free();
            taken[body] = 0;
          } else {
            const fits =
              takenBy('') + all.bytes + does.take <= 100 && holders(body).every((holder) => takenBy(holder) + does.take <= 40);
            expect(rooms[body]?.take(does.take)).toBe(fits);
            if (fits) taken[body] = (taken[body] as number) + does.take;
          }
          expect(all.bytes).toBe(taken.reduce((sum, bytes) => sum + bytes, 0));
        }
        for (const room of rooms) room.free();
        for (const room of rooms) room.free();
        expect(all.bytes).toBe(0);
        expect(all.roomFor(['key:0']).take(40)).toBe(true);
      }),
    );
  });

  test('a body that comes byte by byte is kept in few pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 6_000 }), { maxLength: 50 }), (lengths) => {
        const pieces: Buffer[] = [];
        const sent = [...lengths, ...Array.from({ length: 5_000 }, () => 1)].map((length, at) => Buffer.alloc(length, at));
        for (const piece of sent) addPiece(pieces, piece);
        expect(Buffer.concat(pieces).equals(Buffer.concat(sent))).toBe(true);
        expect(pieces.length).toBeLessThanOrEqual(lengths.length + 3);
      }),
      { numRuns: 20 },
    );
  });

  test.each([
    ['a small heap', null, 512 * MB, 32 * MB, { bytesMax: 128 * MB, shareMax: 32 * MB }],
    ['a large heap', null, 16_384 * MB, 32 * MB, { bytesMax: 256 * MB, shareMax: 64 * MB }],
    ['a setting', 1_000 * MB, 512 * MB, 32 * MB, { bytesMax: 1_000 * MB, shareMax: 250 * MB }],
    ['less than a body', 10 * MB, 512 * MB, 32 * MB, { bytesMax: 10 * MB, shareMax: 10 * MB }],
  ])('follows from %s', (_of, wanted, heap, body, bounds) => {
    expect(bufferBounds(wanted, heap, body)).toEqual(bounds);
  });
});
