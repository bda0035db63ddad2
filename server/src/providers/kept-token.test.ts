import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { handTime } from '../../test/support/hand-time.ts';
import type { Clock } from '../lib/timing/clock.ts';
import { type FetchedToken, type KeptToken, keepToken, TokenFailure } from './kept-token.ts';

const HOUR_MS = 3_600_000;

/** A server of tokens that answers when it is told to. Tokens are called t1, t2 and so on. */
function issuer(clock?: Clock) {
  const time = handTime();
  const asked: { readonly atMs: number; answer(lastsMs: number): void; fail(error: Error): void; signal: AbortSignal }[] = [];
  const failures: string[] = [];
  const kept = keepToken<string>({
    clock: clock ?? time.clock,
    after: time.after,
    onFailure: ({ message }) => failures.push(message),
    fetch: (signal) =>
      new Promise<FetchedToken<string>>((resolve, reject) => {
        const token = `t${asked.length + 1}`;
        const atMs = time.clock.monotonicMs();
        asked.push({ atMs, signal, answer: (lastsMs) => resolve({ token, lastsMs }), fail: reject });
      }),
  });
  const last = () => asked.at(-1) as (typeof asked)[number];
  return { time, asked, last, kept, failures };
}

/** Waits for a token as a call does, and notes what it is told. */
function waitFor(kept: KeptToken<string>) {
  const told: string[] = [];
  const cancel = kept.wait({ ready: (token) => told.push(token), failed: ({ message }) => told.push(`failed: ${message}`) });
  return { told, cancel };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a kept token', () => {
  it('is fetched once for 200 calls at once, which all get it, and later calls get it at once', async () => {
    const { kept, asked, last } = issuer();
    expect(kept.present()).toBeNull();
    const calls = Array.from({ length: 200 }, () => waitFor(kept));
    await settled();
    expect(asked).toHaveLength(1);
    expect(calls.every(({ told }) => told.length === 0)).toBe(true);
    last().answer(HOUR_MS);
    await settled();
    expect(calls.map(({ told }) => told)).toEqual(Array.from({ length: 200 }, () => ['t1']));
    expect(kept.present()).toBe('t1');
    expect(asked).toHaveLength(1);
  });

  it('is renewed 5 minutes before its end by one fetch, while it still serves', async () => {
    const { kept, asked, last, time } = issuer();
    waitFor(kept);
    last().answer(HOUR_MS);
    await settled();
    time.pass(HOUR_MS - 300_001);
    expect(kept.present()).toBe('t1');
    expect(asked).toHaveLength(1);
    time.pass(1);
    for (let i = 0; i < 200; i++) expect(kept.present()).toBe('t1');
    expect(asked).toHaveLength(2);
    last().answer(HOUR_MS);
    await settled();
    expect(kept.present()).toBe('t2');
  });

  it('serves to its end while renewals fail, which begin at most once a second and then ever less often', async () => {
    const { kept, asked, last, time, failures } = issuer();
    waitFor(kept);
    last().answer(HOUR_MS);
    await settled();
    time.pass(HOUR_MS - 300_000);
    const before = asked.length;
    for (let second = 0; second < 294; second++) {
      expect(kept.present()).toBe('t1');
      if (asked.length > before) last().fail(new TokenFailure('the token endpoint answered 503'));
      await settled();
      time.pass(1_000);
    }
    const gaps = asked.slice(before + 1).map(({ atMs }, i) => atMs - (asked[before + i]?.atMs ?? 0));
    expect(gaps.slice(0, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
    expect(Math.max(...gaps)).toBe(30_000);
    expect(failures).toEqual(asked.slice(before).map(() => 'the token endpoint answered 503'));
    time.pass(2_000);
    expect(kept.present()).toBeNull();
  });

  it('fails all who wait when its fetch fails, and later calls at once until another fetch is due', async () => {
    const { kept, asked, last, time } = issuer();
    const first = [waitFor(kept), waitFor(kept)];
    last().fail(new TokenFailure('the token endpoint answered 401 (invalid_client)'));
    await settled();
    for (const { told } of first) expect(told).toEqual(['failed: the token endpoint answered 401 (invalid_client)']);
    time.pass(999);
    const second = waitFor(kept);
    expect(second.told).toEqual([]);
    await settled();
    expect(second.told).toEqual(['failed: the token endpoint answered 401 (invalid_client)']);
    expect(asked).toHaveLength(1);
    time.pass(1);
    const third = waitFor(kept);
    expect(asked).toHaveLength(2);
    last().answer(HOUR_MS);
    await settled();
    expect(third.told).toEqual(['t2']);
  });

  it('waits at most 10 s for a fetch that hangs, ends what it left open, and ignores its late answer', async () => {
    const { kept, asked, last, time } = issuer();
    const call = waitFor(kept);
    const hanging = last();
    time.pass(9_999);
    await settled();
    expect(call.told).toEqual([]);
    time.pass(1);
    await settled();
    expect(call.told).toEqual(['failed: no token was issued within 10 s']);
    expect(hanging.signal.aborted).toBe(true);
    hanging.answer(HOUR_MS);
    await settled();
    expect(kept.present()).toBeNull();
    expect(asked).toHaveLength(1);
  });

  it('tells nothing of an error that it does not know, which may contain a secret', async () => {
    const { kept, last } = issuer();
    const call = waitFor(kept);
    last().fail(new Error('POST failed: client_secret=CANARY'));
    await settled();
    expect(call.told).toEqual(['failed: the token could not be fetched']);
  });

  it.each([0, -1, Number.NaN, 4_000, Number.NEGATIVE_INFINITY])('that lasts %d ms counts as ended', async (lastsMs) => {
    const { kept, last } = issuer();
    const call = waitFor(kept);
    last().answer(lastsMs);
    await settled();
    expect(call.told).toEqual(['failed: the token that was issued has ended already']);
    expect(kept.present()).toBeNull();
  });

  it('that claims to last for ever is renewed within a day', async () => {
    const { kept, asked, last, time } = issuer();
    waitFor(kept);
    last().answer(Number.POSITIVE_INFINITY);
    await settled();
    time.pass(24 * HOUR_MS);
    expect(kept.present()).toBeNull();
    waitFor(kept);
    expect(asked).toHaveLength(2);
  });

  it('does not call back a call that was cancelled, and its fetch still serves the others', async () => {
    const { kept, last } = issuer();
    const [gone, stays] = [waitFor(kept), waitFor(kept)];
    gone.cancel();
    last().answer(HOUR_MS);
    await settled();
    expect(gone.told).toEqual([]);
    expect(stays.told).toEqual(['t1']);
  });

  it('that the provider refused is fetched again, but not one that is new', async () => {
    const { kept, asked, last, time } = issuer();
    waitFor(kept);
    last().answer(HOUR_MS);
    await settled();
    time.pass(29_999);
    kept.refused('t1');
    expect(kept.present()).toBe('t1');
    time.pass(1);
    kept.refused('another');
    expect(kept.present()).toBe('t1');
    kept.refused('t1');
    expect(kept.present()).toBeNull();
    waitFor(kept);
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['jumps a year ahead', 365 * 24 * HOUR_MS, null],
    ['jumps a year back', -365 * 24 * HOUR_MS, 't1'],
  ])('of a wall clock that %s is never used after its end', async (_, jumpMs, after) => {
    let wallMs = Date.parse('2026-07-24T12:00:00Z');
    let monotonicMs = 0;
    const { kept, last } = issuer({ nowMs: () => wallMs, monotonicMs: () => monotonicMs });
    waitFor(kept);
    last().answer(HOUR_MS);
    await settled();
    wallMs += jumpMs;
    expect(kept.present()).toBe(after);
    monotonicMs += HOUR_MS;
    wallMs += HOUR_MS;
    expect(kept.present()).toBeNull();
    // The next one is as good as on any other day.
    waitFor(kept);
    last().answer(HOUR_MS);
    await settled();
    expect(kept.present()).not.toBeNull();
  });

  it('of a machine that slept, so that only the wall clock went on, is not used after its end', async () => {
    let wallMs = Date.parse('2026-07-24T12:00:00Z');
    const { kept, last } = issuer({ nowMs: () => wallMs, monotonicMs: () => 1 });
    waitFor(kept);
    last().answer(HOUR_MS);
    await settled();
    wallMs += HOUR_MS;
    expect(kept.present()).toBeNull();
  });

  it('is never served after its end, never fetched twice at once or within a second, and every call is answered once', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ is: fc.constant('call' as const) }) },
      { weight: 3, arbitrary: fc.record({ is: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 400_000 }) }) },
      { weight: 2, arbitrary: fc.record({ is: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 3_000 }) }) },
      { weight: 3, arbitrary: fc.record({ is: fc.constant('answer' as const), lastsMs: fc.integer({ min: -5, max: 700_000 }) }) },
      { weight: 1, arbitrary: fc.record({ is: fc.constant('fail' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const time = handTime();
        const endsAt = new Map<string, number>();
        const begun: number[] = [];
        let open: { resolve(fetched: FetchedToken<string>): void; reject(error: Error): void } | null = null;
        let [openNow, openMost] = [0, 0];
        const kept = keepToken<string>({
          clock: time.clock,
          after: time.after,
          fetch: (signal) => {
            begun.push(time.clock.monotonicMs());
            openNow += 1;
            openMost = Math.max(openMost, openNow);
            signal.addEventListener('abort', () => {
              openNow -= 1;
              open = null;
            });
            return new Promise((resolve, reject) => {
              open = { resolve, reject };
            });
          },
        });
        const calls: string[][] = [];
        for (const next of steps) {
          const nowMs = time.clock.monotonicMs();
          if (next.is === 'pass') time.pass(next.ms);
          if (next.is === 'call') {
            const present = kept.present();
            if (present !== null) expect(endsAt.get(present)).toBeGreaterThan(nowMs);
            else calls.push(waitFor(kept).told);
          }
          if ((next.is === 'answer' || next.is === 'fail') && open !== null) {
            const { resolve, reject } = open as NonNullable<typeof open>;
            [open, openNow] = [null, openNow - 1];
            const token = `t${endsAt.size}`;
            if (next.is === 'fail') reject(new TokenFailure('no'));
            else {
              endsAt.set(token, nowMs + next.lastsMs);
              resolve({ token, lastsMs: next.lastsMs });
            }
          }
          await settled();
        }
        time.pass(20_000);
        await settled();
        expect(openMost).toBeLessThanOrEqual(1);
        for (let i = 1; i < begun.length; i++)
          expect((begun[i] as number) - (begun[i - 1] as number)).toBeGreaterThanOrEqual(1_000);
        for (const told of calls) expect(told).toHaveLength(1);
      }),
      { numRuns: 150 },
    );
  });
});
