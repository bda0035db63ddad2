import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createLedgerWriter, type LedgerEvent } from '../src/ledger/ledger-writer.ts';
import { systemClock } from '../src/lib/timing/clock.ts';
import { openDatabase } from '../src/store/database.ts';
import { newPartitions } from '../src/store/partitions.ts';
import { type ChaosMode, ChaosProxy } from './support/chaos-proxy.ts';
import { hasPostgres, openTestDatabase } from './support/database.ts';
import { openTestJournal, temporaryDirectory } from './support/journals.ts';
import { givenBegin, givenEnd, givenEntry } from './support/records.ts';

const MODES: readonly ChaosMode[] = ['down', 'rst', 'blackhole'];

describe.skipIf(!hasPostgres())('while PostgreSQL is away', () => {
  // promise: **An outage of PostgreSQL is not an outage of yours**: keys in memory are served, settlement waits in the journal.
  // promise: every key in the cache; journal grows to `HEADGATE_JOURNAL_BYTES_MAX`
  test.each(MODES)(
    '(%s) requests settle into the journal, and all of them are stored once when it is back, in order',
    async (mode) => {
      const { journal, writer, proxy, events, direct, dispose } = await behindProxy();
      let settled = 0;
      const load = setInterval(() => {
        for (let i = 0; i < 5; i++) {
          const begin = givenBegin();
          journal.begin(begin);
          journal.end(givenEnd({ requestId: begin.requestId, entries: [givenEntry({ nanoUsd: settled })] }));
          settled += 1;
        }
      }, 5);
      // The first batch also makes the month's partitions, which has a longer timeout.
      await expect.poll(() => writer.lag().stored, { timeout: 20_000 }).toBeGreaterThan(0);
      await proxy.set(mode);
      await expect.poll(() => writer.lag().database, { timeout: 10_000 }).toBe('away');
      await expect(writer.barrier(async () => 1)).rejects.toThrow('the database cannot be reached');
      const settledBefore = settled;
      await sleep(500);
      expect(settled).toBeGreaterThan(settledBefore);
      expect(writer.lag().rows).toBeGreaterThan(0);
      await proxy.set('pass');
      await expect.poll(() => events.map((event) => event.is).slice(0, 2), { timeout: 20_000 }).toEqual(['unreachable', 'back']);
      clearInterval(load);
      await writer.stop(20_000);
      const { rows } = await direct.pool.query(
        'select count(*)::integer as rows, sum(nano_usd)::integer as spent from ledger_entries',
      );
      expect(rows).toEqual([{ rows: settled, spent: (settled * (settled - 1)) / 2 }]);
      const rollups = await direct.pool.query(
        'select sum(requests)::integer as requests, sum(spend_nano_usd)::integer as spent from rollups',
      );
      expect(rollups.rows).toEqual([{ requests: rows[0]?.rows, spent: rows[0]?.spent }]);
      expect(writer.lag().rejected).toBe(0);
      await dispose();
    },
  );

  // promise: Replay is `INSERT … ON CONFLICT DO NOTHING`, and balances move in the same transaction, only for the rows inserted.
  test('a connection that breaks between the commit and its answer stores nothing twice', async () => {
    const { journal, writer, proxy, direct, dispose } = await behindProxy();
    let settled = 0;
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i < 20; i++) journal.end(givenEnd());
      settled += 20;
      await sleep(round % 12);
      await proxy.set('rst');
      await proxy.set('pass');
    }
    await writer.stop(20_000);
    const { rows } = await direct.pool.query('select count(*)::integer as log from requests');
    const rollups = await direct.pool.query('select sum(requests)::integer as requests from rollups');
    expect(rows).toEqual([{ log: settled }]);
    expect(rollups.rows).toEqual([{ requests: settled }]);
    await dispose();
  });
});

async function behindProxy() {
  const direct = await openTestDatabase('postgresql');
  const url = new URL(direct.url as string);
  const proxy = await ChaosProxy.start({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  const database = openDatabase({ url: url.href });
  const directory = temporaryDirectory();
  const { journal } = await openTestJournal(directory);
  const events: LedgerEvent[] = [];
  const writer = createLedgerWriter({
    database,
    partitions: newPartitions(database.db, 'postgresql'),
    source: journal,
    clock: systemClock,
    rejectsPath: join(directory, 'rejected.log'),
    onEvent: (event) => events.push(event),
    everyMs: 10,
    statementMsMax: 2_000,
  });
  const dispose = async () => {
    await writer.stop(0);
    await database.close();
    await proxy.close();
    await direct.dispose();
  };
  return { journal, writer, proxy, events, direct, dispose };
}
