/** Each fuzz finds a mistake of the kind it is for: else that it finds none says nothing. `npm run prove hostile.readers` runs them for longer. */
import { describe, expect, test } from 'vitest';
import { readBody } from '../../../src/dialects/read-body.ts';
import { EventFramer } from '../../../src/lib/sse.ts';
import { addressProblem, checkBaseUrl, createAddressPolicy } from '../../../src/upstream/address-policy.ts';
import { addresses, type Checks } from './addresses.ts';
import { READERS } from './all.ts';
import { bodies } from './bodies.ts';
import { csv } from './csv.ts';
import { events } from './events.ts';
import type { ReaderFuzz } from './reader.ts';

// Every run draws others; a failure names its seed.
const from = Math.floor(Math.random() * 2 ** 31);
/** It stops at the first. Each mistake shows in every fourth round and more often: that none of so many has it is chance less than once in 10^12. */
const ROUNDS_MAX = 100;
const found = async (fuzz: ReaderFuzz) => {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { problems } = await fuzz.round(from + round * 10_000);
    if (problems.length > 0) return true;
  }
  return false;
};

test.each(READERS.map((reader) => [reader.name, reader] as const))('%s are read rightly', async (_, reader) => {
  expect((await reader.round(from)).problems.slice(0, 3)).toEqual([]);
});

describe('a mistake that was planted is found', () => {
  const loose = createAddressPolicy({ mode: 'production', allowedUpstreams: 'listed.example, 127.0.0.0/8' });
  if ('problem' in loose) throw new Error(loose.problem);
  const allowing = (more: Partial<Checks>): Checks[] => [{ url: () => 'no', address: () => 'no', ...more }];
  const framer = (change: (bytes: Buffer) => Buffer) => (eventBytesMax: number) => {
    const inner = new EventFramer({ eventBytesMax });
    return { push: (chunk: Buffer) => change(inner.push(chunk)), rest: () => inner.rest() };
  };

  test.each<[string, ReaderFuzz]>([
    [
      'a body with a key twice is taken',
      bodies((raw) => {
        const reading = readBody(raw);
        return reading.ok || !/appears twice/.test(reading.problem.message)
          ? reading
          : { ok: true, body: JSON.parse(raw.toString()), isOurs: false };
      }),
    ],
    [
      'a body is said to be ours that is not',
      bodies((raw) => ({ ...readBody(raw), isOurs: true }) as ReturnType<typeof readBody>),
    ],
    [
      'a byte of a stream is lost',
      events(framer((bytes) => bytes.subarray(0, Math.max(0, bytes.length - (bytes.length > 90 ? 1 : 0))))),
    ],
    ['a stream is cut at every line', events(() => ({ push: (chunk) => chunk, rest: () => Buffer.alloc(0) }))],
    ['loopback may be connected to', addresses(allowing({ address: (address) => addressProblem(address, 'x', loose) }))],
    ['loopback may be stored', addresses(allowing({ url: (text) => checkBaseUrl(text, loose) }))],
    ['plain text may be stored', addresses(allowing({ url: (text) => checkBaseUrl(text.replace(/^http:/, 'https:'), loose) }))],
    [
      'a formula is written',
      csv(
        (cells) =>
          `${cells.map((cell) => (cell === null ? '' : `"${String(typeof cell === 'object' ? cell.decimal : cell).replaceAll('"', '""')}"`)).join()}\r\n`,
      ),
    ],
    ['a quote is not doubled', csv((cells) => `${cells.map((cell) => `"${cell}"`).join()}\r\n`)],
  ])('%s', async (_, planted) => {
    expect(await found(planted)).toBe(true);
  });
});
