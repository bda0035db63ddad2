/** Settled requests for suites of the admin API: through the journal and the ledger writer, as they come to be stored in the house. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '../../src/boot/open-journal.ts';
import { createLedgerWriter } from '../../src/ledger/ledger-writer.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import type { OpenDatabase } from '../../src/store/database.ts';
import { newPartitions } from '../../src/store/partitions.ts';

export interface Shape {
  readonly organizationId: string;
  readonly id: string;
  readonly rules: unknown;
}

/** Resolves once all of it is stored; throws when a row was refused. */
export async function storeRecords(
  database: OpenDatabase,
  records: readonly EndRecord[],
  shapes: readonly Shape[] = [],
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'headgate-usage-'));
  const journal = await openJournal({
    directory,
    installationId: 'test',
    bytesMax: 2 ** 26,
    onEvent: () => {},
    onDefect: () => {},
  });
  for (const { organizationId, id, rules } of shapes) journal.shape(organizationId, id, JSON.stringify(rules));
  for (const record of records) journal.end(record);
  const writer = createLedgerWriter({
    database,
    partitions: newPartitions(database.db, database.kind),
    source: journal,
    clock: systemClock,
    rejectsPath: join(directory, 'rejected.log'),
    onEvent: () => {},
    everyMs: 5,
  });
  await writer.stop(20_000);
  const { rows, rejected } = writer.lag();
  await journal.close();
  rmSync(directory, { recursive: true, force: true });
  if (rows + rejected > 0) throw new Error(`${rows} rows were not stored and ${rejected} were refused`);
}
