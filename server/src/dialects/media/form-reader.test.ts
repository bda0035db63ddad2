import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormReader } from './form-reader.ts';
import { FormTexts } from './multipart.ts';

const TYPE = 'multipart/form-data; boundary=xyz';

/** Returns what a form says when it arrives in these chunks: its parts in their order, or the error. */
function readIn(chunks: readonly Buffer[], contentType = TYPE): unknown {
  const said: unknown[] = [];
  let content: Buffer[] = [];
  const texts = new FormTexts();
  try {
    const reader = new FormReader(contentType, {
      field: (name, text) => texts.field(name, text),
      fileBegins: (head) => {
        said.push(head);
        content = [];
      },
      fileBytes: (bytes) => void content.push(Buffer.from(bytes)),
      fileEnds: () => void said.push(Buffer.concat(content).toString('latin1')),
    });
    for (const chunk of chunks) reader.push(chunk);
    reader.end();
  } catch (error) {
    return (error as Error).message;
  }
  return { files: said, fields: texts.fields };
}

const part = (head: string, content: string) => `--xyz\r\ncontent-disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
const GOOD = `${part('name="model"', 'fast')}${part('name="a[]"', '1')}${part('name="a[]"', '2')}${part('name="file"; filename="a.wav"', '\r\n--xy\r\n-\r--xyz\r')}${part('name="image"; filename="b"', '')}--xyz--\r\n`;

/** Pieces of forms, from which good and bad ones are made. */
const PIECES = [
  ...['--xyz', '\r\n', '\r', '\n', '-', '--', '\r\n\r\n', '--xyz--', '\r\n--xyz', 'x', 'hello', ''],
  ...['content-disposition: form-data; name="file"; filename="a"', 'content-disposition: form-data; name="model"'],
  ...['Content-Type: audio/wav', part('name="b"', 'text'), part('name="file"; filename="a"', 'bytes'), part('name="Model"', 'x')],
];

/** Cuts bytes at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((one, other) => one - other);
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
}

describe('a form that arrives in chunks', () => {
  test('says the same as in one piece, whichever form and whichever chunks', () => {
    const form = fc.oneof(
      fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => `${GOOD.slice(0, -9)}${pieces.join('')}`),
      fc.tuple(fc.nat(GOOD.length), fc.constantFrom(...PIECES)).map(([at, more]) => GOOD.slice(0, at) + more + GOOD.slice(at)),
      fc.tuple(fc.nat(GOOD.length), fc.nat(20)).map(([at, bytes]) => GOOD.slice(0, at) + GOOD.slice(at + bytes)),
    );
    fc.assert(
      fc.property(form, fc.array(fc.nat(5_000), { maxLength: 30 }), (text, places) => {
        const bytes = Buffer.from(text, 'latin1');
        expect(readIn(cut(bytes, places))).toEqual(readIn([bytes]));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['a good one', GOOD],
    ['one without an end', GOOD.slice(0, -4)],
    ['one with more after its end', `${GOOD}\r\n`],
    ['one with 65 parts', `${part('name="a[]"', 'x').repeat(65)}--xyz--`],
    ['a head of 9 kB', `--xyz\r\nx: ${'y'.repeat(9_000)}\r\n\r\n\r\n--xyz--`],
    ['a field of 66 kB', `${part('name="prompt"', 'x'.repeat(66_000))}--xyz--`],
  ])('byte by byte says the same: %s', (_what, text) => {
    const bytes = Buffer.from(text);
    const whole = readIn([bytes]);
    expect(readIn(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))).toEqual(whole);
    if (text === GOOD)
      expect(whole).toEqual({
        fields: { model: 'fast', 'a[]': ['1', '2'] },
        files: [
          { name: 'file', filename: 'a.wav', contentType: 'application/octet-stream' },
          '\r\n--xy\r\n-\r--xyz\r',
          { name: 'image', filename: 'b', contentType: 'application/octet-stream' },
          '',
        ],
      });
    else expect(whole).toMatch(/^(The form cannot be read|A form has at most 64 parts|prompt must be at most)/);
  });

  test('keeps no more of a file than could be the beginning of its delimiter', () => {
    let most = 0;
    let given = 0;
    const reader = new FormReader(TYPE, {
      field: () => {},
      fileBegins: () => {},
      fileBytes: (bytes) => {
        given += bytes.length;
      },
      fileEnds: () => {},
    });
    reader.push(Buffer.from('--xyz\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'));
    for (let pushed = 0; pushed < 1_000_000; ) {
      reader.push(Buffer.alloc(1_000, '\r'));
      pushed += 1_000;
      most = Math.max(most, pushed - given);
    }
    expect(most).toBeLessThan('\r\n--xyz'.length);
  });
});
