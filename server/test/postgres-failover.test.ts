import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eachSettledUse } from '../src/domain/usage/settled-uses.ts';
import type { Journal } from '../src/ledger/journal.ts';
import { createLedgerWriter, type LedgerEvent, type LedgerWriter } from '../src/ledger/ledger-writer.ts';
import { systemClock } from '../src/lib/timing/clock.ts';
import { type OpenDatabase, openDatabase } from '../src/store/database.ts';
import { createHistory } from '../src/store/installation/history.ts';
import { migrate } from '../src/store/installation/migrate.ts';
import { newPartitions } from '../src/store/partitions.ts';
import { hasPostgres } from './support/database.ts';
import { openTestJournal, temporaryDirectory } from './support/journals.ts';
import { portOf } from './support/postgres.ts';
import { givenEnd, givenEntry } from './support/records.ts';
import { type ReplicatedPostgres, startReplicated } from './support/standby.ts';

/** A month of which only the old primary makes a partition. */
const LOST_MONTH_MS = Date.UTC(2031, 4, 15);

describe.skipIf(!hasPostgres())('after a failover to a replica that lacks the last writes', () => {
  let pair: ReplicatedPostgres;
  beforeAll(async () => {
    pair = (await startReplicated()) as ReplicatedPostgres;
    const database = openDatabase({ url: pair.url });
    await migrate(database);
    await database.close();
  }, 60_000);
  afterAll(() => pair.stop());

  test('every row is there again, once, from a process that ran through it and from one that was started later', async () => {
    const [old, next] = [pair.primary.url, pair.standby.url].map((url) => openDatabase({ url })) as [OpenDatabase, OpenDatabase];
    const directory = temporaryDirectory();
    const runs = await replica(pair.url, temporaryDirectory());
    const stops = await replica(pair.url, directory);
    settle(runs.journal, 200);
    await expect.poll(() => runs.writer.lag().rows, WITHIN).toBe(0);
    await pair.cutReplication();
    settle(runs.journal, 300);
    settle(runs.journal, 20, LOST_MONTH_MS);
    settle(stops.journal, 70);
    await expect.poll(() => runs.writer.lag().rows, WITHIN).toBe(0);
    await stops.close();
    expect(await rowsIn(old)).toBe(590);
    await pair.promote();
    expect(await rowsIn(next)).toBe(200);

    pair.switchOver();
    settle(runs.journal, 1);
    await expect.poll(() => runs.events.map(({ is }) => is), WITHIN).toContain('stored_again');
    expect(runs.events).toContainEqual({ is: 'failed_over', rowsKept: 521 });
    expect(runs.events).toContainEqual({ is: 'stored_again', rowsLost: 320, afterMs: expect.any(Number) });
    await expect.poll(() => rowsIn(next), WITHIN).toBe(521);

    // Nothing was settled there since: it looks for itself.
    const started = await replica(pair.url, directory);
    await expect
      .poll(() => started.events, WITHIN)
      .toEqual([
        { is: 'failed_over', rowsKept: 70 },
        { is: 'stored_again', rowsLost: 70, afterMs: expect.any(Number) },
      ]);
    expect(await rowsIn(next)).toBe(591);
    await started.close();
    const again = await replica(pair.url, directory);
    await again.writer.barrier(async () => {});
    expect(again.events).toEqual([]);
    await again.close();

    const { rows } = await next.pool.query(`select
      (select count(*) - count(distinct request_id) from requests)::integer as doubled,
      (select sum(nano_usd) from ledger_entries)::integer as owed, (select sum(spend_nano_usd) from rollups)::integer as spent,
      (select sum(requests) from rollups)::integer as counted`);
    expect(rows).toEqual([{ doubled: 0, owed: 591 * 7, spent: 591 * 7, counted: 591 }]);
    expect(runs.writer.lag().rejected).toBe(0);
    expect(runs.told()).toBe(521);

    // The old primary lives on, and for a moment connections lead there again.
    pair.front.point({ host: '127.0.0.1', port: portOf(pair.primary.url) });
    settle(runs.journal, 5);
    await sleep(1_000);
    expect(await rowsIn(old)).toBe(590);
    pair.switchOver();
    await expect.poll(() => rowsIn(next), WITHIN).toBe(596);
    expect(runs.events.filter(({ is }) => is === 'failed_over')).toHaveLength(1);
    await runs.close();
    await Promise.all([old.close(), next.close()]);
  }, 60_000);
});

const WITHIN = { timeout: 15_000 };

interface Replica {
  readonly journal: Journal;
  readonly writer: LedgerWriter;
  readonly events: LedgerEvent[];
  /** Rows that were told as stored. */
  readonly told: () => number;
  close(): Promise<void>;
}

async function replica(url: string, directory: string): Promise<Replica> {
  const database = openDatabase({ url });
  const { journal } = await openTestJournal(directory, { bytesMax: 64 * 1024, keepBytesMax: 16 * 1024 * 1024 });
  const events: LedgerEvent[] = [];
  let told = 0;
  const writer = createLedgerWriter({
    database,
    partitions: newPartitions(database.db, 'postgresql'),
    source: journal,
    clock: systemClock,
    history: createHistory({ notePath: join(directory, 'history'), clock: systemClock, onUnknown: expect.unreachable }),
    rejectsPath: join(directory, 'rejected.log'),
    onStored: (batch) =>
      eachSettledUse(batch, () => {
        told += 1;
      }),
    onEvent: (event) => events.push(event),
    everyMs: 10,
  });
  const close = async () => {
    await writer.stop(10_000);
    await journal.close();
    await database.close();
  };
  return { journal, writer, events, told: () => told, close };
}

function settle(journal: Journal, count: number, admittedAtMs = Date.UTC(2026, 10, 1)): void {
  for (let i = 0; i < count; i++) journal.end(givenEnd({ admittedAtMs, entries: [givenEntry({ nanoUsd: 7 })] }));
}

async function rowsIn({ pool }: OpenDatabase): Promise<number> {
  const { rows } = await pool.query<{ count: number }>('select count(*)::integer as count from ledger_entries');
  return rows[0]?.count ?? 0;
}
