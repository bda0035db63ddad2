/** Journals in temporary directories, and what a test wants to see of them. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { openJournal } from '../../src/boot/open-journal.ts';
import type { Journal, JournalEvent, JournalOptions, WriteOutcome } from '../../src/ledger/journal.ts';
import { parseEnd } from '../../src/ledger/parse-lines.ts';
import type { EndRecord } from '../../src/ledger/records.ts';

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** Gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'headgate-journal-'));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export interface OpenedJournal {
  readonly journal: Journal;
  readonly events: JournalEvent[];
  /** What callbacks threw, each with its request. */
  readonly defects: { readonly error: unknown; readonly requestId: string }[];
}

/** Closed after the test, unless the test closed it. `open` is the journal's own unless the test has it over another disk. */
export async function openTestJournal(
  directory: string,
  options: Partial<JournalOptions> = {},
  open = openJournal,
): Promise<OpenedJournal> {
  const events: JournalEvent[] = [];
  const defects: { readonly error: unknown; readonly requestId: string }[] = [];
  const journal = await open({
    directory,
    installationId: 'installation-1',
    bytesMax: 64 * 1024 * 1024,
    onEvent: (event) => events.push(event),
    onDefect: (error, requestId) => defects.push({ error, requestId }),
    syncEveryMs: 5,
    probeEveryMs: 10,
    ...options,
  });
  cleanups.push(() => journal.close());
  return { journal, events, defects };
}

/** The outcome of this turn's write. */
export function written(journal: Journal): Promise<WriteOutcome> {
  return new Promise((resolve) => journal.whenWritten(resolve, 'req_of_the_test'));
}

/** Takes everything the journal has to store, as the ledger writer does, and returns the `end` rows in order. */
export async function takeRows(journal: Journal, bounds = { rowsMax: 7, bytesMax: 1_024 }): Promise<EndRecord[]> {
  const rows: EndRecord[] = [];
  for (;;) {
    const batch = await journal.next({ ...bounds, until: null });
    if (batch === null) return rows;
    for (const line of batch.bytes.toString('utf8').split('\n')) if (line.startsWith('E')) rows.push(parseEnd(line));
    journal.stored(batch.end);
  }
}

/** Names of the segment files, oldest first. */
export function segmentFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => /^journal-\d+\.log$/.test(name))
    .sort();
}
