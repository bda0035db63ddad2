/** Storing goes on, whatever fails in it that should not. */
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { RowSource } from '../src/domain/usage/settled-rows.ts';
import type { Journal } from '../src/ledger/journal.ts';
import { createLedgerWriter, type LedgerEvent, type LedgerWriter } from '../src/ledger/ledger-writer.ts';
import { systemClock } from '../src/lib/timing/clock.ts';
import type { History } from '../src/store/installation/history.ts';
import { newPartitions } from '../src/store/partitions.ts';
import { onOneDatabase } from './support/database.ts';
import { openTestJournal, temporaryDirectory } from './support/journals.ts';
import { givenEnd } from './support/records.ts';

onOneDatabase('a ledger writer that meets a defect', (given) => {
  beforeEach(async () => {
    await given().pool.query('truncate request_records, ledger_records, rollups');
  });

  const rows = async () => Number((await given().pool.query('select count(*) as rows from requests')).rows[0].rows);
  const defect = () => {
    throw new TypeError('nobody foresaw it');
  };

  /** The first `failures` calls of this method of the journal throw. */
  async function settle(failing: { method?: keyof RowSource; failures?: number; history?: History }) {
    const directory = temporaryDirectory();
    const { journal } = await openTestJournal(directory);
    const events: LedgerEvent[] = [];
    const { method, failures = 0, history } = failing;
    const writer = createLedgerWriter({
      database: given(),
      partitions: newPartitions(given().db, given().kind),
      source: method === undefined ? journal : failingAt(journal, method, failures),
      clock: systemClock,
      rejectsPath: join(directory, 'rejected.log'),
      onEvent: (event) => events.push(event),
      everyMs: 5,
      ...(history === undefined ? {} : { history }),
    });
    return { journal, writer, events };
  }

  function failingAt(journal: Journal, method: keyof RowSource, failures: number): RowSource {
    let left = failures;
    const mayFail = (name: keyof RowSource) => {
      if (name !== method || left === 0) return;
      left -= 1;
      defect();
    };
    return {
      next: (bounds) => journal.next(bounds),
      stored: (end) => {
        mayFail('stored');
        journal.stored(end);
      },
      again: () => {
        mayFail('again');
        return journal.again();
      },
      position: () => journal.position(),
      backlog: () => journal.backlog(),
    };
  }

  const defects = (events: readonly LedgerEvent[]) => events.filter(({ is }) => is === 'defect');

  async function stopped(writer: LedgerWriter): Promise<void> {
    await writer.stop(20_000);
    expect(writer.lag()).toMatchObject({ rows: 0, rejected: 0, database: 'ok' });
  }

  test('says so with the place, waits longer each time, and stores what was settled before and after, once', async () => {
    const { journal, writer, events } = await settle({ method: 'stored', failures: 3 });
    const beganMs = performance.now();
    journal.end(givenEnd());
    await expect.poll(() => defects(events).length, { timeout: 10_000 }).toBe(3);
    // 100 and 200 ms between the three.
    expect(performance.now() - beganMs).toBeGreaterThan(290);
    expect(defects(events)[0]).toMatchObject({ error: 'TypeError: nobody foresaw it', stack: expect.any(Array) });
    journal.end(givenEnd());
    await stopped(writer);
    expect(defects(events)).toHaveLength(3);
    expect(await rows()).toBe(2);
  });

  test('serves who waits for it once it is over, and rejects nobody but the one whose own work fails', async () => {
    const { journal, writer, events } = await settle({ method: 'stored', failures: 2 });
    journal.end(givenEnd());
    const fails = writer.barrier(defect as unknown as () => Promise<void>, 5_000);
    const counts = writer.barrier(rows, 5_000);
    await expect(fails).rejects.toThrow('nobody foresaw it');
    expect(await counts).toBe(1);
    expect(defects(events)).toHaveLength(2);
    journal.end(givenEnd());
    await stopped(writer);
    expect(await rows()).toBe(2);
  });

  test('goes back to what is kept also where that failed at first', async () => {
    let answer: 'same' | 'other' = 'same';
    const history: History = {
      check: async () => {
        const found = answer;
        answer = 'same';
        return found;
      },
      caughtUp: () => {},
    };
    const { journal, writer, events } = await settle({ method: 'again', failures: 2, history });
    journal.end(givenEnd());
    await expect.poll(rows, { timeout: 10_000 }).toBe(1);
    // The server that took over lacks it.
    await given().pool.query('truncate request_records, ledger_records, rollups');
    answer = 'other';
    journal.end(givenEnd());
    await expect.poll(rows, { timeout: 10_000 }).toBe(2);
    expect(events.map(({ is }) => is)).toEqual(['defect', 'defect', 'failed_over', 'stored_again']);
    await stopped(writer);
  });

  test('stops when it is told to, in the middle of it', async () => {
    const { journal, writer } = await settle({ method: 'stored', failures: Number.POSITIVE_INFINITY });
    journal.end(givenEnd());
    await expect.poll(rows, { timeout: 10_000 }).toBe(1);
    const beganMs = performance.now();
    await writer.stop(300);
    expect(performance.now() - beganMs).toBeLessThan(10_000);
    await expect(writer.barrier(async () => 1)).rejects.toThrow('has stopped');
  });
});
