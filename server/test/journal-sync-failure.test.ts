/** What a disk that loses bytes costs: nothing, in the ledger. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLedgerWriter } from '../src/ledger/ledger-writer.ts';
import { systemClock } from '../src/lib/timing/clock.ts';
import { newPartitions } from '../src/store/partitions.ts';
import { onOneDatabase } from './support/database.ts';
import { withFailingDisk } from './support/failing-disk.ts';
import { openTestJournal, temporaryDirectory, written } from './support/journals.ts';
import { givenBegin, givenEnd, givenEntry } from './support/records.ts';

onOneDatabase('rows that a failed sync had written again', (given) => {
  const disk = withFailingDisk();

  // promise: Replay is `INSERT … ON CONFLICT DO NOTHING`, and balances move in the same transaction, only for the rows inserted.
  test('are charged once by the process that met it and by the one that follows its crash', async () => {
    const directory = temporaryDirectory();
    const { journal, events } = await openTestJournal(directory, { syncEveryMs: 20 }, disk().openJournal);
    disk().losesBytes = false;
    disk().failing = 3;
    const open = givenBegin({ heldNanoUsd: 5 });
    journal.begin(open);
    for (let i = 0; i < 20; i += 1) {
      journal.end(givenEnd({ entries: [givenEntry({ nanoUsd: 100 })] }));
      await written(journal);
    }
    await expect.poll(() => events.map(({ is }) => is), { timeout: 15_000 }).toEqual(['sync_failed', 'sync_recovered']);
    const crashed = temporaryDirectory();
    cpSync(directory, crashed, { recursive: true });
    for (const source of [journal, (await openTestJournal(crashed)).journal]) {
      const writer = createLedgerWriter({
        database: given(),
        partitions: newPartitions(given().db, given().kind),
        source,
        clock: systemClock,
        rejectsPath: join(directory, 'rejected.log'),
        onEvent: () => {},
        everyMs: 5,
      });
      await writer.stop(20_000);
      expect(writer.lag()).toMatchObject({ rows: 0, rejected: 0 });
    }
    const sums = async (table: string, count: string, amount: string) =>
      (await given().pool.query(`select ${count}::integer as rows, sum(${amount})::integer as spent from ${table}`)).rows;
    const once = [{ rows: 21, spent: 2_005 }];
    expect(await sums('ledger_entries', 'count(*)', 'nano_usd')).toEqual(once);
    expect(await sums('requests', 'count(*)', 'nano_usd')).toEqual(once);
    expect(await sums('rollups', 'sum(requests + estimated_requests)', 'spend_nano_usd')).toEqual(once);
  });
});
