import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordings } from '../../../test/recordings.ts';
import { frameOf } from '../../../test/support/frames.ts';
import { type Frame, FrameReader } from './event-stream.ts';

const files = recordings
  .filter(({ kind }) => kind === 'converse-stream')
  .map(
    ({ response }) => [response, readFileSync(new URL(`../../../test/recorded/cassettes/${response}`, import.meta.url))] as const,
  );

const shown = (frames: readonly Frame[]) => frames.map(({ headers, payload }) => [[...headers], payload.toString()]);
const readIn = (bytes: Buffer, step: number) => {
  const reader = new FrameReader();
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; at += step) frames.push(...reader.push(bytes.subarray(at, at + step)));
  return { frames, reader };
};

describe('frames of recorded streams', () => {
  it('are there to be read', () => expect(files).toHaveLength(4));

  it.each(files)('%s: whole, byte by byte, and cut in two at every byte', (_name, bytes) => {
    const { frames, reader } = readIn(bytes, bytes.length);
    expect(reader.isInside).toBe(false);
    expect(frames.length).toBeGreaterThan(5);
    for (const { headers, payload } of frames) {
      expect(headers.get(':message-type')).toBe('event');
      expect(() => JSON.parse(payload.toString())).not.toThrow();
    }
    const want = shown(frames);
    expect(shown(readIn(bytes, 1).frames)).toEqual(want);
    for (let at = 1; at < bytes.length; at += 1) {
      const cut = new FrameReader();
      const read = cut.push(bytes.subarray(0, at));
      expect(cut.isInside).toBe(!isBoundary(bytes, at));
      expect(read.length + cut.push(bytes.subarray(at)).length).toBe(frames.length);
    }
  });

  it.each(files)('%s: a flipped bit is an error, wherever it is', (_name, bytes) => {
    for (let bit = 0; bit < bytes.length * 8; bit += 7) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8((damaged[bit >> 3] as number) ^ (1 << (bit & 7)), bit >> 3);
      expect(readIn(damaged, 97).reader.broken).not.toBeNull();
    }
  });
});

/** Reports whether a frame ends at an offset, by the lengths that frames state. */
function isBoundary(bytes: Buffer, wanted: number): boolean {
  let at = 0;
  while (at < wanted) at += bytes.readUInt32BE(at);
  return at === wanted;
}

describe('frames that nobody sends', () => {
  const prelude = (total: number, headers: number) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32BE(total, 0);
    bytes.writeUInt32BE(headers, 4);
    bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
    return bytes;
  };

  it.each([
    ['larger than 16 MiB', prelude(16 * 1024 * 1024 + 1, 0)],
    ['shorter than its own check sums', prelude(15, 0)],
    ['with headers longer than the frame', prelude(100, 85)],
    ['with headers of more than 128 KiB', prelude(1024 * 1024, 128 * 1024 + 1)],
    ['with a header that is cut off', frameOf({}, '', Buffer.from([5, 0x61, 0x62]))],
    ['with a header of an unknown type', frameOf({}, '', Buffer.from([1, 0x61, 10]))],
  ])('%s are refused as soon as that is known', (_name, bytes) => {
    const reader = new FrameReader();
    expect(reader.push(Buffer.concat([frameOf({}, 'before'), bytes]))).toHaveLength(1);
    expect(reader.broken).toEqual(expect.any(String));
    expect(reader.push(frameOf({}, 'after'))).toEqual([]);
  });

  it('with values of every type are read, and texts kept', () => {
    const header = (name: string, type: number, ...value: number[]) => [name.length, ...Buffer.from(name), type, ...value];
    const more = Buffer.from([
      ...header('a', 0),
      ...header('b', 1),
      ...header('c', 2, 1),
      ...header('d', 3, 0, 1),
      ...header('e', 4, 0, 0, 0, 1),
      ...header('f', 5, 0, 0, 0, 0, 0, 0, 0, 1),
      ...header('g', 6, 0, 2, 7, 7),
      ...header('h', 8, 0, 0, 0, 0, 0, 0, 0, 1),
      ...header('i', 9, ...new Array<number>(16).fill(1)),
    ]);
    const [frame] = new FrameReader().push(frameOf({ ':event-type': 'x' }, '{}', more));
    expect(shown([frame as Frame])).toEqual([[[[':event-type', 'x']], '{}']]);
  });

  it('of any bytes and any pieces end in frames, in waiting or in an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (bytes, step) => {
        const { frames, reader } = readIn(Buffer.from(bytes), step);
        expect(frames).toEqual([]);
        expect(reader.broken !== null || reader.isInside || bytes.length === 0).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 6 }), fc.integer({ min: 1, max: 50 }), (texts, step) => {
        const bytes = Buffer.concat(texts.map((text) => frameOf({ ':event-type': 'x' }, text)));
        const { frames, reader } = readIn(bytes, step);
        expect(reader.broken).toBeNull();
        expect(frames.map(({ payload }) => payload.toString())).toEqual(texts.map((text) => text.toWellFormed()));
      }),
    );
  });
});
