import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fewAtOnce } from './few-at-once.ts';

describe('a few at once', () => {
  test('never runs more than it may, keeps the order, and refuses only what finds the line full', async () => {
    const bounds = fc.record({ atOnce: fc.integer({ min: 1, max: 4 }), waitingMax: fc.integer({ min: 0, max: 10 }) });
    await fc.assert(
      fc.asyncProperty(bounds, fc.array(fc.boolean(), { maxLength: 30 }), async ({ atOnce, waitingMax }, fails) => {
        const few = fewAtOnce({ atOnce, waitingMax, tooMany: () => new Error('full') });
        let [running, most] = [0, 0];
        const begun: number[] = [];
        const results = await Promise.allSettled(
          fails.map((fail, index) =>
            few(async () => {
              running += 1;
              most = Math.max(most, running);
              begun.push(index);
              await new Promise((resolve) => setImmediate(resolve));
              running -= 1;
              if (fail) throw new Error('its own');
              return index;
            }),
          ),
        );
        const room = atOnce + waitingMax;
        expect(most).toBeLessThanOrEqual(atOnce);
        expect(begun).toEqual(fails.map((_, index) => index).slice(0, room));
        for (const [index, result] of results.entries()) {
          if (index >= room) expect(result).toMatchObject({ status: 'rejected', reason: { message: 'full' } });
          else if (fails[index]) expect(result).toMatchObject({ status: 'rejected', reason: { message: 'its own' } });
          else expect(result).toMatchObject({ status: 'fulfilled', value: index });
        }
        // No place stays taken: a failure releases its place too.
        expect(await few(async () => 'next')).toBe('next');
      }),
    );
  });
});
