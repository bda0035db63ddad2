import { cpSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openTestJournal, segmentFiles, takeRows, temporaryDirectory, written } from '../../test/support/journals.ts';
import { givenBegin, givenEnd } from '../../test/support/records.ts';
import type { Journal } from './journal.ts';
import type { EndRecord } from './records.ts';

/** Options for small segments, which a few rows fill. */
const SMALL = { bytesMax: 64 * 1024, syncEveryMs: 1 };
const KEEP = { ...SMALL, keepBytesMax: 16 * 1024 * 1024, keepReadableMs: 0 };

function keptFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.stored'))
    .sort();
}

async function settle(journal: Journal, count: number): Promise<EndRecord[]> {
  const ends = Array.from({ length: count }, () => givenEnd());
  for (const end of ends) journal.end(end);
  expect(await written(journal)).toBe('written');
  return ends;
}

/** Writes rows over several segments, and stores them all. */
async function settleAndStore(journal: Journal, rounds: number): Promise<EndRecord[]> {
  const ends: EndRecord[] = [];
  for (let round = 0; round < rounds; round++) {
    ends.push(...(await settle(journal, 20)));
    await takeRows(journal);
  }
  await sleep(30);
  return ends;
}

const idsOf = (rows: readonly EndRecord[]) => rows.map((row) => row.requestId);

test('rows that are stored are kept for a database that loses them, and take no room from those that are not', async () => {
  const directory = temporaryDirectory();
  const { journal } = await openTestJournal(directory, KEEP);
  const ends = await settleAndStore(journal, 20);
  expect(keptFiles(directory).length).toBeGreaterThan(0);
  expect(journal.stats().keptBytes).toBeGreaterThan(KEEP.bytesMax);
  expect(journal.stats()).toMatchObject({ health: 'ok', rowsWaiting: 0, bytesWaiting: 0 });
  expect(journal.room()).toBe(true);

  const until = journal.again();
  expect(journal.stats().rowsWaiting).toBe(ends.length);
  const batch = await journal.next({ rowsMax: 10, bytesMax: 1_000_000, until });
  expect(batch?.isAgain).toBe(true);
  expect(idsOf(await takeRows(journal))).toEqual(idsOf(ends));
  expect(journal.stats()).toMatchObject({ rowsWaiting: 0, bytesWaiting: 0 });
});

test('what is settled while rows are stored again follows them, and is not taken for one of them', async () => {
  const { journal } = await openTestJournal(temporaryDirectory(), KEEP);
  const before = await settleAndStore(journal, 3);
  const waiting = await settle(journal, 5);
  const until = journal.again();
  const later = await settle(journal, 5);
  let again = 0;
  let first = 0;
  for (;;) {
    const batch = await journal.next({ rowsMax: 7, bytesMax: 1_000_000, until: null });
    if (batch === null) break;
    if (batch.isAgain) again += batch.starts.length;
    else first += batch.starts.length;
    expect(batch.isAgain).toBe(again + first <= before.length);
    journal.stored(batch.end);
  }
  expect({ again, first }).toEqual({ again: before.length, first: waiting.length + later.length });
  expect(await journal.next({ rowsMax: 7, bytesMax: 1_000_000, until })).toBeNull();
});

test('begun anew in the middle, all of it is stored once more', async () => {
  const { journal } = await openTestJournal(temporaryDirectory(), KEEP);
  const ends = await settleAndStore(journal, 6);
  journal.again();
  for (let i = 0; i < 5; i++) {
    const batch = await journal.next({ rowsMax: 10, bytesMax: 1_000_000, until: null });
    if (batch !== null) journal.stored(batch.end);
  }
  journal.again();
  expect(journal.stats().rowsWaiting).toBe(ends.length);
  expect(idsOf(await takeRows(journal))).toEqual(idsOf(ends));
});

test('a start knows by its name what is stored, and reads none of it until it is asked for', async () => {
  const directory = temporaryDirectory();
  const { journal } = await openTestJournal(directory, KEEP);
  const ends = await settleAndStore(journal, 5);
  await journal.close();
  expect(segmentFiles(directory)).toEqual([]);

  const { journal: next } = await openTestJournal(directory, KEEP);
  expect(next.replayed).toEqual({ rows: 0, estimated: 0, bad: [] });
  expect(await takeRows(next)).toEqual([]);
  const more = await settleAndStore(next, 2);
  next.again();
  expect(next.stats().rowsWaiting).toBe(ends.length + more.length);
  expect(idsOf(await takeRows(next))).toEqual(idsOf([...ends, ...more]));
});

test('a start still reads what was stored just before a kill: whoever hears of stored rows may not have heard of these', async () => {
  const directory = temporaryDirectory();
  const crashed = temporaryDirectory();
  const { journal } = await openTestJournal(directory, { ...KEEP, keepReadableMs: 60_000 });
  const ends = await settleAndStore(journal, 5);
  cpSync(directory, crashed, { recursive: true });
  const { journal: next } = await openTestJournal(crashed, KEEP);
  const batch = await next.next({ rowsMax: 10, bytesMax: 1_000_000, until: null });
  expect(batch?.isAgain).toBe(false);
  expect(idsOf(await takeRows(next))).toEqual(idsOf(ends));
});

test('what was kept long enough goes, and so does the oldest beyond the bound', async () => {
  const directory = temporaryDirectory();
  const { journal } = await openTestJournal(directory, { ...KEEP, keepBytesMax: 20_000 });
  const ends = await settleAndStore(journal, 20);
  await expect.poll(() => journal.stats().keptBytes, { timeout: 10_000 }).toBeLessThanOrEqual(20_000);
  const bytes = keptFiles(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
  expect(bytes).toBe(journal.stats().keptBytes);
  journal.again();
  const left = idsOf(await takeRows(journal));
  expect(left.length).toBeGreaterThan(20);
  expect(left).toEqual(idsOf(ends).slice(-left.length));
  await journal.close();

  // Some file systems stamp files in whole milliseconds.
  await sleep(20);
  const { journal: next } = await openTestJournal(directory, { ...KEEP, keepMs: 1 });
  expect(keptFiles(directory)).toEqual([]);
  await next.close();
});

test('what has to be stored again stays until it is, however old and however much', async () => {
  const directory = temporaryDirectory();
  const { journal } = await openTestJournal(directory, { ...KEEP, keepBytesMax: 100_000 });
  const kept = await settleAndStore(journal, 6);
  const before = keptFiles(directory);
  journal.again();
  await settle(journal, 400);
  expect(keptFiles(directory)).toEqual(before);
  expect(idsOf(await takeRows(journal)).slice(0, kept.length)).toEqual(idsOf(kept));
});

test('what another installation kept is neither stored nor touched', async () => {
  const directory = temporaryDirectory();
  const { journal: theirs } = await openTestJournal(directory, { ...KEEP, installationId: 'installation-2' });
  await settleAndStore(theirs, 3);
  await theirs.close();
  const contents = () => keptFiles(directory).map((name) => readFileSync(join(directory, name)));
  const before = contents();
  const { journal } = await openTestJournal(directory, { ...KEEP, keepMs: 1 });
  journal.again();
  expect(await takeRows(journal)).toEqual([]);
  await settle(journal, 1);
  expect(contents()).toEqual(before);
});

test('whatever happened, a crash and then a database that lost rows: every row is stored again, and an estimate never before its end', async () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constant('begin' as const) },
    { weight: 4, arbitrary: fc.constant('end' as const) },
    { weight: 2, arbitrary: fc.constant('store' as const) },
    { weight: 1, arbitrary: fc.constant('again' as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 120 }), async (steps) => {
      const crashed = temporaryDirectory();
      const { begun, ended } = await crashAfter(steps, crashed);
      const { journal } = await openTestJournal(crashed, KEEP);
      journal.again();
      const firstOf = new Map<string, EndRecord>();
      for (const row of await takeRows(journal)) if (!firstOf.has(row.requestId)) firstOf.set(row.requestId, row);
      await journal.close();
      expect([...firstOf.keys()].sort()).toEqual([...begun].sort());
      for (const [id, row] of firstOf) expect([id, row.status]).toEqual([id, ended.has(id) ? 'succeeded' : 'estimated']);
    }),
    { numRuns: 25 },
  );
}, 120_000);

async function crashAfter(steps: readonly ('begin' | 'end' | 'store' | 'again')[], crashed: string) {
  const directory = temporaryDirectory();
  const { journal } = await openTestJournal(directory, { ...KEEP, syncEveryMs: 0 });
  const open: string[] = [];
  const begun: string[] = [];
  const ended = new Set<string>();
  for (const [index, step] of steps.entries()) {
    if (step === 'begin') {
      for (let i = 0; i < 3; i++) {
        const begin = givenBegin();
        journal.begin(begin);
        open.push(begin.requestId);
        begun.push(begin.requestId);
      }
    } else if (step === 'end') {
      // Some requests stay open for long: their segment is carried forward.
      for (const requestId of open.splice((index * 7) % Math.max(1, open.length), 3)) {
        journal.end(givenEnd({ requestId }));
        ended.add(requestId);
      }
    } else {
      if (step === 'again') journal.again();
      await takeRows(journal);
      await sleep(2);
    }
    journal.position();
  }
  cpSync(directory, crashed, { recursive: true });
  await journal.close();
  return { begun, ended };
}
