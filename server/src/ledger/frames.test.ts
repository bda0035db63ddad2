import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BadBytes, FRAME_HEADER_BYTES, FrameBuffer, walkFrames } from './frames.ts';

const lines = fc.array(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }).map((text) => `${text.replace(/\p{Cc}/gu, ' ')}\n`),
  { minLength: 1, maxLength: 40 },
);

test('frames are read back in order', () => {
  fc.assert(
    fc.property(lines, (written) => {
      const { read, bad } = walk(framed(written).bytes);
      expect(read).toEqual(written);
      expect(bad).toEqual([]);
    }),
  );
});

test('a file cut at any byte gives the whole frames before the cut, and says where the rest begins', () => {
  fc.assert(
    fc.property(lines, fc.nat(), (written, seed) => {
      const { bytes, ends } = framed(written);
      const cut = seed % (bytes.length + 1);
      const { read, bad } = walk(bytes.subarray(0, cut));
      const whole = ends.filter((end) => end <= cut);
      expect(read).toEqual(written.slice(0, whole.length));
      const offset = whole.at(-1) ?? 0;
      expect(bad).toEqual(offset === cut ? [] : [{ is: 'torn', offset, bytes: cut - offset }]);
    }),
  );
});

test('a flipped bit loses the one frame it is in, and is told with its place', () => {
  fc.assert(
    fc.property(lines, fc.nat(), fc.integer({ min: 0, max: 7 }), (written, seed, bit) => {
      const { bytes, ends } = framed(written);
      const at = seed % bytes.length;
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      const hit = ends.findIndex((end) => at < end);
      const { read, bad } = walk(bytes);
      expect(read).toEqual(written.filter((_, i) => i !== hit));
      const offset = ends[hit - 1] ?? 0;
      expect(bad).toEqual([{ is: hit === ends.length - 1 ? 'torn' : 'damaged', offset, bytes: (ends[hit] as number) - offset }]);
    }),
    { numRuns: 500 },
  );
});

test('a line that outgrows the buffer is whole, and the memory it took is given back', () => {
  const buffer = new FrameBuffer();
  const line = `${'x'.repeat(9_000_000)}\n`;
  addLine(buffer, 'first\n');
  addLine(buffer, line);
  expect(walk(buffer.bytes.subarray(0, buffer.length)).read).toEqual(['first\n', line]);
  buffer.clear();
  expect(buffer.bytes.length).toBeLessThan(1_000_000);
});

test('numbers are written as they would be said', () => {
  const said = (value: number) => {
    const buffer = new FrameBuffer();
    buffer.open();
    buffer.text('=');
    buffer.int(value);
    buffer.close();
    return walk(buffer.bytes.subarray(0, buffer.length)).read[0]?.slice(1);
  };
  for (const value of [0, 9, 10, 99, 100, 999_999_999, 1e9, 1e9 + 1, 2 ** 31, 2 ** 53 - 1, -1, 1.5, Number.NaN])
    expect(said(value)).toBe(String(value));
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      expect(said(value)).toBe(String(value));
    }),
  );
});

function addLine(buffer: FrameBuffer, line: string): void {
  buffer.open();
  buffer.text(line);
  buffer.close();
}

function framed(written: readonly string[]): { bytes: Buffer; ends: number[] } {
  const buffer = new FrameBuffer();
  const ends = written.map((line) => {
    addLine(buffer, line);
    return buffer.length;
  });
  return { bytes: Buffer.from(buffer.bytes.subarray(0, buffer.length)), ends };
}

function walk(bytes: Buffer): { read: string[]; bad: BadBytes[] } {
  const read: string[] = [];
  const bad: BadBytes[] = [];
  walkFrames(
    bytes,
    (at, end) => read.push(bytes.toString('utf8', at + FRAME_HEADER_BYTES, end)),
    (found) => bad.push(found),
  );
  return { read, bad };
}
