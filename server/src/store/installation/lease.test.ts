import { eq, sql } from 'drizzle-orm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { onEveryDatabase } from '../../../test/support/database.ts';
import { thisProcess } from '../../lib/process-identity.ts';
import { processLeases } from '../schema.ts';
import { acquireLease, LeaseHeld } from './lease.ts';

const WAIT = { timeout: 10_000 };

const here = thisProcess();
const dead = { ...here, startTicks: '1' };
const elsewhere = { ...here, host: 'another', pid: 7 };

onEveryDatabase('the process lease', (given) => {
  beforeEach(async () => {
    await given().db.delete(processLeases);
  });
  afterEach(() => vi.useRealTimers());

  const acquire = (identity = here, onLost: (error: LeaseHeld) => void = () => {}) =>
    acquireLease(given().db, { name: 'counters', onLost, identity });

  // promise: **Memory counters** belong to one process: it holds a
  test('a second process is refused with one line, until the first gives it back', async () => {
    const lease = await acquire();
    const refused = await acquire(elsewhere).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(LeaseHeld);
    expect(String(refused)).toMatch(new RegExp(`process ${here.pid} on .* REDIS_URL .* 30 s`));
    expect(String(refused)).not.toContain('\n');
    await lease.release();
    await (await acquire(elsewhere)).release();
  });

  test('the lease of a process that was killed on this machine is taken at once', async () => {
    await acquire(dead);
    await (await acquire()).release();
  });

  test('the lease of a process elsewhere is taken when it ends', async () => {
    await acquire(elsewhere);
    await expect(acquire()).rejects.toThrow(LeaseHeld);
    await given().db.update(processLeases).set({ expiresAt: sql`now() - interval '1 millisecond'` });
    await (await acquire()).release();
  });

  test('of many that start together one gets it', async () => {
    const attempts = Array.from({ length: 6 }, (_, index) => acquire({ ...elsewhere, pid: 100 + index }));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
  });

  test('it is renewed, and a holder whose lease was taken over hears of it once', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { db } = given();
    const lost = vi.fn();
    await acquire(here, lost);
    await db.update(processLeases).set({ expiresAt: sql`now() + interval '1 second'` });
    vi.advanceTimersByTime(10_000);
    await vi.waitFor(async () => {
      const rows = await db.select({ isLong: sql<boolean>`expires_at > now() + interval '20 seconds'` }).from(processLeases);
      expect(rows).toEqual([{ isLong: true }]);
    }, WAIT);
    await db
      .update(processLeases)
      .set({ holder: JSON.stringify(elsewhere) })
      .where(eq(processLeases.name, 'counters'));
    for (const turn of [1, 2]) {
      vi.advanceTimersByTime(10_000 * turn);
      await vi.waitFor(() => expect(lost).toHaveBeenCalledTimes(1), WAIT);
    }
  });
});
