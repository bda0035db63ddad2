import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { withFailingDisk } from '../../test/support/failing-disk.ts';
import {
  type OpenedJournal,
  openTestJournal,
  segmentFiles,
  takeRows,
  temporaryDirectory,
  written,
} from '../../test/support/journals.ts';
import { givenBegin, givenEnd, givenRefusal } from '../../test/support/records.ts';
import type { Journal } from './journal.ts';
import type { JournalOptions } from './options.ts';
import type { EndRecord } from './records.ts';

const disk = withFailingDisk();
const TIMEOUT = { timeout: 5_000 };

function openOnDisk(directory: string, options: Partial<JournalOptions> = {}): Promise<OpenedJournal> {
  return openTestJournal(directory, options, disk().openJournal);
}

/** Returns the rows that a start finds after a crash. */
async function afterCrash(directory: string): Promise<EndRecord[]> {
  const crashed = temporaryDirectory();
  cpSync(directory, crashed, { recursive: true });
  return takeRows((await openTestJournal(crashed)).journal);
}

async function settleSome(journal: Journal, count: number): Promise<readonly string[]> {
  const ends = Array.from({ length: count }, () => givenEnd());
  for (const end of ends) journal.end(end);
  expect(await written(journal)).toBe('written');
  return ends.map(({ requestId }) => requestId);
}

const idsOf = (rows: readonly EndRecord[]) => rows.map(({ requestId }) => requestId).sort();
const estimatedOf = (rows: readonly EndRecord[]) => idsOf(rows.filter(({ status }) => status === 'estimated'));

test('what a failed sync lost is in a new file: every end, and every beginning that has none', async () => {
  const directory = temporaryDirectory();
  const { journal, events } = await openOnDisk(directory);
  const [early, late] = [givenBegin(), givenBegin()];
  journal.begin(early);
  const before = await settleSome(journal, 5);
  await expect.poll(() => disk().kept, TIMEOUT).toBe(1);
  disk().failing = 1;
  journal.begin(late);
  const shared = givenRefusal();
  journal.share(shared);
  journal.repeat('req_repeated', shared.requestId);
  const lost = await settleSome(journal, 5);
  await expect.poll(() => events.map(({ is }) => is), TIMEOUT).toEqual(['sync_failed', 'sync_recovered']);
  expect(journal.stats()).toMatchObject({ syncFailures: 1, health: 'ok', open: 4, rowsWaiting: 15 });
  expect(segmentFiles(directory)).toHaveLength(2);

  const rows = await afterCrash(directory);
  expect(idsOf(rows)).toEqual([...before, ...lost, early.requestId, late.requestId, shared.requestId].sort());
  expect(estimatedOf(rows)).toEqual([early.requestId, late.requestId].sort());
  expect(rows.find(({ requestId }) => requestId === shared.requestId)).toMatchObject({ count: 2, repeatIds: ['req_repeated'] });

  for (const { requestId } of [early, late]) journal.end(givenEnd({ requestId }));
  journal.end({ ...shared, count: 2, repeatIds: ['req_repeated'] });
  await written(journal);
  for (const id of [...lost, early.requestId, late.requestId, 'req_repeated']) expect(journal.find(id)).not.toBeNull();
  expect(idsOf(await takeRows(journal))).toEqual(idsOf(rows));
  expect(journal.stats()).toMatchObject({ open: 0, rowsWaiting: 0 });
  await settleSome(journal, 1);
  await takeRows(journal);
  await expect.poll(() => segmentFiles(directory).length, TIMEOUT).toBe(1);
});

test('where the file still has what the sync failed to keep, nothing is settled otherwise for being written twice', async () => {
  const directory = temporaryDirectory();
  const { journal, events } = await openOnDisk(directory, { syncEveryMs: 50 });
  disk().losesBytes = false;
  disk().failing = 1;
  const [open, ended] = [givenBegin(), givenBegin()];
  journal.begin(open);
  journal.begin(ended);
  const settled = await settleSome(journal, 3);
  journal.end(givenEnd({ requestId: ended.requestId }));
  await written(journal);
  await expect.poll(() => events.map(({ is }) => is), TIMEOUT).toEqual(['sync_failed', 'sync_recovered']);
  const rows = await afterCrash(directory);
  expect([...new Set(idsOf(rows))]).toEqual([...settled, open.requestId, ended.requestId].sort());
  expect(estimatedOf(rows)).toEqual([open.requestId]);
  expect(journal.stats().rowsWaiting).toBe(8);
  await takeRows(journal);
  expect(journal.stats().rowsWaiting).toBe(0);
});

test('a disk that goes on failing is tried again ever less often, and has everything when it recovers', async () => {
  const directory = temporaryDirectory();
  const { journal, events } = await openOnDisk(directory);
  disk().failing = 5;
  const open = givenBegin();
  journal.begin(open);
  const settled = [...(await settleSome(journal, 3))];
  const beganMs = performance.now();
  while (journal.stats().syncFailures < 5) {
    settled.push(...(await settleSome(journal, 1)));
    await sleep(2);
  }
  // Five failures, with retries after 10, 20, 40 and 80 ms: the 5 ms doubled each time.
  expect(performance.now() - beganMs).toBeGreaterThan(140);
  await expect.poll(() => events.map(({ is }) => is), TIMEOUT).toEqual(['sync_failed', 'sync_recovered']);
  const rows = await afterCrash(directory);
  // Requests settled in the turn of a failure are in the old file as well.
  expect([...new Set(idsOf(rows))]).toEqual([...settled, open.requestId].sort());
  expect(estimatedOf(rows)).toEqual([open.requestId]);
});

test('rows that the database has are not written again', async () => {
  const directory = temporaryDirectory();
  const { journal, events } = await openOnDisk(directory, { syncEveryMs: 100 });
  disk().failing = 1;
  await settleSome(journal, 5);
  await takeRows(journal);
  const waiting = await settleSome(journal, 2);
  await expect.poll(() => events.map(({ is }) => is), TIMEOUT).toEqual(['sync_failed', 'sync_recovered']);
  expect(idsOf(await afterCrash(directory))).toEqual([...waiting].sort());
});

test('a file whose requests ended in a later one stays until a sync has kept those ends', async () => {
  const directory = temporaryDirectory();
  const { journal } = await openOnDisk(directory, { bytesMax: 64 * 1024 });
  const stream = givenBegin();
  journal.begin(stream);
  await settleSome(journal, 20);
  const [first] = segmentFiles(directory) as [string];
  await settleSome(journal, 1);
  await sleep(30);
  expect(segmentFiles(directory).length).toBeGreaterThan(1);
  await takeRows(journal);
  disk().failing = Number.POSITIVE_INFINITY;
  await settleSome(journal, 1);
  journal.end(givenEnd({ requestId: stream.requestId }));
  await written(journal);
  // The database has the row before that end, so only the missing sync keeps the file.
  const batch = await journal.next({ rowsMax: 1, bytesMax: 1_000_000, until: null });
  journal.stored((batch as NonNullable<typeof batch>).end);
  await expect.poll(() => journal.stats().syncFailures, TIMEOUT).toBeGreaterThan(2);
  expect(existsSync(join(directory, first))).toBe(true);
  disk().failing = 0;
  await expect.poll(() => existsSync(join(directory, first)), TIMEOUT).toBe(false);
});

test('closing has everything on the disk, also where the last sync fails', async () => {
  const directory = temporaryDirectory();
  const { journal } = await openOnDisk(directory, { syncEveryMs: 60_000 });
  const settled = await settleSome(journal, 4);
  disk().failing = 1;
  await journal.close();
  expect(idsOf(await afterCrash(directory))).toEqual([...settled].sort());
});

// promise: 503 until there is room; nothing lost
test('a request whose beginning a full disk did not take is told so, whoever had the turn written before its end', async () => {
  const { journal } = await openOnDisk(temporaryDirectory());
  await settleSome(journal, 1);
  const refused = givenBegin();
  journal.begin(refused);
  const outcome = written(journal);
  disk().isFull = true;
  // As the ledger writer's barrier does, in the middle of the turn.
  journal.position();
  expect(await outcome).toBe('not_written');
  expect(journal.stats()).toMatchObject({ health: 'faulty', open: 0 });
  disk().isFull = false;
  await expect.poll(() => journal.room(), TIMEOUT).toBe(true);
  await settleSome(journal, 1);
});

test('an attempt that a full disk does not take leaves the record of the one before it in force', async () => {
  const directory = temporaryDirectory();
  const { journal } = await openOnDisk(directory);
  const first = givenBegin({ heldNanoUsd: 7 });
  journal.begin(first);
  await written(journal);
  disk().isFull = true;
  journal.begin({ ...first, attempts: 2, heldNanoUsd: 9 });
  expect(await written(journal)).toBe('not_written');
  expect(journal.stats().open).toBe(1);
  const [row] = await afterCrash(directory);
  expect(row?.entries).toMatchObject([{ attempt: 1, nanoUsd: 7 }]);
  disk().isFull = false;
  await expect.poll(() => journal.room(), TIMEOUT).toBe(true);
  journal.end(givenEnd({ requestId: first.requestId }));
  await written(journal);
  await takeRows(journal);
  expect(journal.stats()).toMatchObject({ open: 0, rowsWaiting: 0 });
});
