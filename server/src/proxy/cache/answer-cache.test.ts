import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openAnswerCache } from '../../../test/support/answer-cache.ts';
import type { OrganizationConfig } from '../../domain/tenancy/tenancy.ts';
import { CACHED_BYTES_MAX, createAnswerCache, type KeptAnswer } from './answer-cache.ts';

const clock = { monotonicMs: () => 0 };
const organization = (id: string) => ({ id }) as OrganizationConfig;
const answer = (bytes: Buffer): KeptAnswer => ({ contentType: 'application/json', finishReason: 'stop', dropped: [], bytes });

/** The memory that these answers take: each by itself, in a cache that has room. */
const alone = new Map<number, number>();
function bytesOf(answers: readonly Buffer[]): number {
  return answers.reduce((sum, bytes) => {
    const known = alone.get(bytes.length) ?? bytesAlone(bytes);
    alone.set(bytes.length, known);
    return sum + known;
  }, 0);
}

function bytesAlone(bytes: Buffer): number {
  const cache = openAnswerCache(clock, CACHED_BYTES_MAX);
  cache.keep(organization('o'), '0', answer(bytes));
  return cache.bytes();
}

describe('the memory of the exact cache', () => {
  test('never takes more than its bound, and has exactly the answers that were kept or used latest and fit it', () => {
    const step = fc.record({ name: fc.nat(12).map(String), size: fc.nat(3_000), keeps: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 0, max: 6_000 }), (steps, bytesMax) => {
        const cache = openAnswerCache(clock, bytesMax);
        // The model: answers from the one that was not used for longest to the latest.
        const known = new Map<string, Buffer>();
        for (const { name, size, keeps } of steps) {
          const expected = known.get(name);
          known.delete(name);
          if (keeps) {
            const bytes = Buffer.alloc(size, name);
            cache.keep(organization('o'), name, answer(bytes));
            if (bytesOf([bytes]) <= bytesMax) known.set(name, bytes);
            while (bytesOf([...known.values()]) > bytesMax) known.delete([...known.keys()][0] as string);
          } else {
            const found = cache.find(organization('o'), name, 1);
            expect(found?.answer.bytes.toString()).toBe(expected?.toString());
            if (expected !== undefined) known.set(name, expected);
          }
          expect(cache.bytes()).toBe(bytesOf([...known.values()]));
        }
        expect(cache.bytes()).toBeLessThanOrEqual(bytesMax);
      }),
    );
  });

  test('gives up the answer of a request whose new answer is too large to be kept', () => {
    const cache = openAnswerCache(clock, 16 * CACHED_BYTES_MAX);
    for (const size of [10, CACHED_BYTES_MAX + 1]) cache.keep(organization('o'), 'asked anew', answer(Buffer.alloc(size)));
    expect([cache.find(organization('o'), 'asked anew', 1), cache.bytes()]).toEqual([null, 0]);
  });

  test('gives up what was not used for longest, whole answers at a time', () => {
    const cache = openAnswerCache(clock, 3 * 1_500);
    for (const name of ['a', 'b', 'c']) cache.keep(organization('o'), name, answer(Buffer.alloc(1_000)));
    expect(cache.find(organization('o'), 'a', 1)).not.toBeNull();
    cache.keep(organization('o'), 'd', answer(Buffer.alloc(1_000)));
    expect(['a', 'b', 'c', 'd'].map((name) => cache.find(organization('o'), name, 1) !== null)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  test('keeps no answer above a mebibyte, and none at all with a bound of 0', () => {
    const cache = openAnswerCache(clock, 16 * CACHED_BYTES_MAX);
    cache.keep(organization('o'), 'large', answer(Buffer.alloc(CACHED_BYTES_MAX + 1)));
    expect(cache.bytes()).toBe(0);
    cache.keep(organization('o'), 'fits', answer(Buffer.alloc(CACHED_BYTES_MAX)));
    expect(cache.bytes()).toBeGreaterThan(CACHED_BYTES_MAX);
    expect(openAnswerCache(clock, 0).nameOf(organization('o'), [], '{}')).toBeNull();
  });

  test('names one request by its organization: no two share a name', () => {
    const cache = openAnswerCache(clock);
    const parts = fc.array(fc.oneof(fc.string(), fc.nat()), { maxLength: 3 });
    fc.assert(
      fc.property(parts, parts, fc.string(), fc.string(), (one, other, body, otherBody) => {
        const name = cache.nameOf(organization('o_1'), one, body);
        expect(cache.nameOf(organization('o_2'), one, body)).not.toBe(name);
        const isSame = JSON.stringify(one) === JSON.stringify(other) && body === otherBody;
        expect(cache.nameOf(organization('o_1'), other, otherBody) === name).toBe(isSame);
      }),
    );
  });

  test('gives nothing of an organization whose key was destroyed', () => {
    let isDestroyed = false;
    const sealed = (content: Uint8Array) => (isDestroyed ? null : Buffer.from(content));
    const cache = createAnswerCache({
      ...{ clock, bytesMax: 10_000 },
      digest: (_organization, text) => (isDestroyed ? null : text),
      seal: (_organization, _name, content) => sealed(content),
      open: (_organization, _name, content) => sealed(content),
    });
    cache.keep(organization('o'), 'name', answer(Buffer.from('{}')));
    expect(cache.find(organization('o'), 'name', 1)?.answer).toEqual(answer(Buffer.from('{}')));
    isDestroyed = true;
    expect([cache.nameOf(organization('o'), [], '{}'), cache.find(organization('o'), 'name', 1)]).toEqual([null, null]);
  });
});
