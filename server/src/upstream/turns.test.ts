import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { goOnInTurn, IN_TURN_MAX } from './turns.ts';

test('whoever rests goes on in a later turn, in order, and a few in each', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(30), { maxLength: 8 }), async (batches) => {
      const [rested, wentOn]: [number[], number[]] = [[], []];
      for (const count of batches) {
        for (let at = 0; at < count; at += 1) {
          const name = rested.push(rested.length) - 1;
          goOnInTurn({ goOn: () => void wentOn.push(name) });
        }
        const before = wentOn.length;
        await turn();
        expect(wentOn.length - before).toBe(Math.min(IN_TURN_MAX, rested.length - before));
        expect(wentOn).toEqual(rested.slice(0, wentOn.length));
      }
      while (wentOn.length < rested.length) await turn();
      expect(wentOn).toEqual(rested);
    }),
  );
});
