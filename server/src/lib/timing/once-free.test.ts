import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { onceFree } from './once-free.ts';

class Held extends Error {
  readonly mayEnd: boolean;
  readonly expiresInMs?: number;

  constructor(mayEnd: boolean, expiresInMs?: number) {
    super('held by another');
    this.mayEnd = mayEnd;
    if (expiresInMs !== undefined) this.expiresInMs = expiresInMs;
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
  expect(told.mock.calls).toEqual([[{ reason: 'held by another', up_to_s: 5 }]]);
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

test('a holder that cannot be seen is waited for until its lease ends, which is said with how long it still counts', async () => {
  const told = vi.fn();
  const taken = onceFree(heldFor(500, new Held(false, 24_300)), told);
  await vi.advanceTimersByTimeAsync(24_900);
  expect(told.mock.calls).toEqual([[{ reason: 'held by another', up_to_s: 35, lease_ends_in_s: 25 }]]);
  await vi.advanceTimersByTimeAsync(200);
  expect(await taken).toBe('taken');
});

test('a holder that cannot be seen and renews its lease is waited for 35 s; without somebody to tell, not at all', async () => {
  const error = new Held(false, 24_300);
  let thrown: unknown = null;
  onceFree(heldFor(10_000, error), () => {}).catch((reason: unknown) => {
    thrown = reason;
  });
  await vi.advanceTimersByTimeAsync(34_900);
  expect(thrown).toBeNull();
  await vi.advanceTimersByTimeAsync(200);
  expect(thrown).toBe(error);
  await expect(onceFree(heldFor(1, error))).rejects.toBe(error);
});
