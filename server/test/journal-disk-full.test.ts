import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openJournal } from '../src/boot/open-journal.ts';
import type { Journal } from '../src/ledger/journal.ts';
import type { BeginRecord } from '../src/ledger/records.ts';
import { openTestJournal, takeRows, temporaryDirectory, written } from './support/journals.ts';
import { givenBegin, givenEnd } from './support/records.ts';
import { fill, mayMount, smallDisk } from './support/small-disk.ts';

const canMount = mayMount();

// promise: 503 until there is room; nothing lost
describe.skipIf(!canMount)('on a disk that fills up', () => {
  test('requests in flight still settle, none is let in, nothing is lost, and all is well when there is room', async () => {
    const disk = smallDisk(1024);
    const { journal, events } = await openTestJournal(join(disk, 'journal'), { bytesMax: 4 * 1024 * 1024 });
    const begun: string[] = [];
    for (let i = 0; i < 50; i++) {
      const begin = givenBegin();
      journal.begin(begin);
      begun.push(begin.requestId);
    }
    expect(await written(journal)).toBe('written');
    fill(disk);

    // Nobody may be charged for what was never sent: neither for the begin whose write fails nor for one after it.
    const refused = [await firstRefused(journal, begun), givenBegin()];
    journal.begin(refused[1] as BeginRecord);
    expect(await written(journal)).toBe('not_written');
    expect(journal.room()).toBe(false);
    expect(journal.stats().health).toBe('faulty');
    expect(events).toEqual([{ is: 'write_failed', code: 'ENOSPC', message: expect.any(String) }]);
    for (const requestId of begun) journal.end(givenEnd({ requestId }));
    expect(await written(journal)).toBe('written');
    for (const requestId of begun) expect(journal.find(requestId)?.status).toBe('succeeded');
    await sleep(50);
    expect(journal.room()).toBe(false);

    rmSync(join(disk, 'filling'));
    await expect.poll(() => journal.room(), { timeout: 15_000 }).toBe(true);
    expect(events.map((event) => event.is)).toEqual(['write_failed', 'write_recovered']);
    journal.end(givenEnd());
    expect(await written(journal)).toBe('written');
    expect(journal.stats().open).toBe(0);
    const crashed = temporaryDirectory();
    execFileSync('cp', ['-r', `${join(disk, 'journal')}/.`, crashed]);
    const afterCrash = await takeRows((await openTestJournal(crashed)).journal);
    expect(afterCrash.filter((row) => row.status === 'estimated')).toEqual([]);
    const ids = (await takeRows(journal)).map((row) => row.requestId);
    expect(ids.filter((id) => begun.includes(id))).toEqual(begun);
    for (const begin of refused) expect(ids).not.toContain(begin.requestId);
  });

  test('what is kept of stored rows gives way before anything is refused', async () => {
    const disk = smallDisk(1024);
    const keep = { bytesMax: 256 * 1024, keepBytesMax: 1024 * 1024, keepReadableMs: 0 };
    const { journal, events } = await openTestJournal(join(disk, 'journal'), keep);
    while (journal.stats().keptBytes < 200_000) {
      for (let i = 0; i < 20; i++) journal.end(givenEnd());
      await written(journal);
      await takeRows(journal);
      await sleep(5);
    }
    await sleep(50);
    fill(disk);
    const begun = Array.from({ length: 50 }, () => givenBegin());
    for (const begin of begun) journal.begin(begin);
    expect(await written(journal)).toBe('written');
    expect(journal.room()).toBe(true);
    expect(journal.stats().keptBytes).toBeLessThan(100_000);
    expect(events).toEqual([]);
    for (const { requestId } of begun) journal.end(givenEnd({ requestId }));
    expect(await written(journal)).toBe('written');
    expect((await takeRows(journal)).map((row) => row.requestId)).toEqual(begun.map((begin) => begin.requestId));
  });

  test('what no longer fits even in the reserve waits in memory, and a crash meanwhile settles it as estimated', async () => {
    const disk = smallDisk(1024);
    const { journal } = await openTestJournal(join(disk, 'journal'), { bytesMax: 4 * 1024 * 1024 });
    const begun = Array.from({ length: 400 }, () => givenBegin());
    for (const begin of begun) journal.begin(begin);
    await written(journal);
    fill(disk);
    // Ends as large as these fill the reserve of 64 KB many times over.
    for (const { requestId } of begun) journal.end(givenEnd({ requestId, decision: 'd'.repeat(1_000) }));
    expect(await written(journal)).toBe('not_written');
    await sleep(50);
    expect(journal.stats()).toMatchObject({ health: 'faulty', open: 0 });
    expect(journal.find(begun[399]?.requestId as string)?.status).toBe('succeeded');

    const crashed = temporaryDirectory();
    execFileSync('cp', ['-r', `${join(disk, 'journal')}/.`, crashed]);
    const after = (await openTestJournal(crashed)).journal;
    expect(after.replayed).toMatchObject({ bad: [] });
    expect(new Set((await takeRows(after)).map((row) => row.requestId)).size).toBe(400);

    rmSync(join(disk, 'filling'));
    await expect.poll(() => journal.room(), { timeout: 15_000 }).toBe(true);
    const rows = await takeRows(journal);
    expect(rows.map((row) => [row.requestId, row.status])).toEqual(begun.map(({ requestId }) => [requestId, 'succeeded']));
  });

  test('a start on a full disk stops with a line that says so', async () => {
    const disk = smallDisk(256);
    mkdirSync(join(disk, 'journal'));
    fill(disk);
    const options = {
      directory: join(disk, 'journal'),
      installationId: 'i',
      bytesMax: 1e9,
      onEvent: () => {},
      onDefect: () => {},
    };
    await expect(openJournal(options)).rejects.toThrow(/journal directory .* cannot be written \(ENOSPC/);
  });
});

describe.skipIf(!canMount)('on a disk that may only be read', () => {
  test('a start stops with a line that says so', async () => {
    const disk = smallDisk(256);
    mkdirSync(join(disk, 'journal'));
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    const options = {
      directory: join(disk, 'journal'),
      installationId: 'i',
      bytesMax: 1e9,
      onEvent: () => {},
      onDefect: () => {},
    };
    await expect(openJournal(options)).rejects.toThrow(/journal directory .* cannot be written \(EROFS/);
  });
});

/** Begins requests until the disk takes no more: its last page may have room for a few. Those that were written are added to `begun`. */
async function firstRefused(journal: Journal, begun: string[]): Promise<BeginRecord> {
  for (;;) {
    const begin = givenBegin();
    journal.begin(begin);
    if ((await written(journal)) === 'not_written') return begin;
    begun.push(begin.requestId);
  }
}
