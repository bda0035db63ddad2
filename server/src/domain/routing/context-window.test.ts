import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTooSmall, leastInputTokens, smallestWindow } from './context-window.ts';

const bytes = fc.nat({ max: 1e9 });
const window = fc.option(fc.integer({ min: 1, max: 1e9 }));

test('the estimate is a whole number, far below the four bytes of an ordinary token, and media do not count', () => {
  fc.assert(
    fc.property(bytes, bytes, (bodyBytes, mediaBytes) => {
      const least = leastInputTokens({ bodyBytes, mediaBytes });
      expect(Number.isInteger(least) && least >= 0).toBe(true);
      expect(least).toBeLessThanOrEqual(Math.max(0, bodyBytes - mediaBytes) / 8);
      expect(leastInputTokens({ bodyBytes: bodyBytes + mediaBytes, mediaBytes })).toBe(
        leastInputTokens({ bodyBytes, mediaBytes: 0 }),
      );
    }),
  );
});

test('a request that fits into a window fits into every larger one, and into those that declare none', () => {
  fc.assert(
    fc.property(fc.nat(), window, fc.nat(), (least, contextWindow, more) => {
      if (contextWindow === null) expect(isTooSmall({ contextWindow }, least)).toBe(false);
      else if (!isTooSmall({ contextWindow }, least))
        expect(isTooSmall({ contextWindow: contextWindow + more }, least)).toBe(false);
    }),
  );
});

test('nobody is too small for a request that fits into the smallest window', () => {
  fc.assert(
    fc.property(fc.array(window), fc.nat(), (windows, least) => {
      const deployments = windows.map((contextWindow) => ({ contextWindow }));
      expect(deployments.some((one) => isTooSmall(one, least))).toBe(least > smallestWindow(deployments));
    }),
  );
});
