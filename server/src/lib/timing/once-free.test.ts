import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { onceFree } from './once-free.ts';

class Held extends Error {
  readonly mayEnd: boolean;

  constructor(mayEnd: boolean) {
    super('held by another');
    this.mayEnd = mayEnd;
  }
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

/** Returns a function that fails for the first `tries` calls, as if another process held it. */
function heldFor(tries: number, error: Error) {
  let left = tries;
  return vi.fn(async () => {
    left -= 1;
    if (left >= 0) throw error;
    return 'taken';
  });
}

test('what is free is taken at once, and what its holder keeps or what fails otherwise is not waited for', async () => {
  const told = vi.fn();
  expect(await onceFree(heldFor(0, new Held(true)), told)).toBe('taken');
  for (const error of [new Held(false), new Error('the disk is full')]) {
    const take = heldFor(1, error);
    await expect(onceFree(take, told)).rejects.toBe(error);
    expect(take).toHaveBeenCalledTimes(1);
  }
  expect(told).not.toHaveBeenCalled();
});

test('a holder that may end is waited for, which is said once', async () => {
  const told = vi.fn();
  const taken = onceFree(heldFor(40, new Held(true)), told);
  await vi.advanceTimersByTimeAsync(1_900);
  expect(told.mock.calls).toEqual([[expect.any(Held)]]);
  await vi.advanceTimersByTimeAsync(200);
  expect(await taken).toBe('taken');
  expect(told).toHaveBeenCalledTimes(1);
});

test('a holder that does not end is waited for 5 s, and then what it said is thrown', async () => {
  const error = new Held(true);
  let thrown: unknown = null;
  onceFree(heldFor(1_000, error)).catch((reason: unknown) => {
    thrown = reason;
  });
  await vi.advanceTimersByTimeAsync(4_900);
  expect(thrown).toBeNull();
  await vi.advanceTimersByTimeAsync(200);
  expect(thrown).toBe(error);
});
