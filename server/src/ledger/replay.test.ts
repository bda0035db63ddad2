import { cpSync, existsSync, rmSync, statSync, truncateSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openTestJournal, takeRows, temporaryDirectory } from '../../test/support/journals.ts';
import { givenBegin, givenEnd, givenEntry, givenRefusal } from '../../test/support/records.ts';
import type { RowPosition } from '../domain/usage/settled-rows.ts';
import type { Journal } from './journal.ts';
import type { BeginRecord, EndRecord } from './records.ts';
import { estimatedEnd } from './replay.ts';
import { pathOf } from './segments.ts';

/** A step in a journal's history, acknowledged (written) before the next. `nth` picks among the requests in flight. */
type Step =
  | { readonly is: 'begin'; readonly attempts: number }
  | { readonly is: 'end'; readonly nth: number }
  | { readonly is: 'refuse' }
  | { readonly is: 'store' };

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ is: fc.constant('begin' as const), attempts: fc.integer({ min: 1, max: 2 }) }) },
    { weight: 3, arbitrary: fc.record({ is: fc.constant('end' as const), nth: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('refuse' as const) }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('store' as const) }) },
  ),
  { minLength: 1, maxLength: 120 },
);

test('whatever happened before, and wherever a crash cut the file, a start settles exactly what was acknowledged', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(), async (happened, seed) => {
      const { crashed, history } = await crashAfter(happened, 'keep_segments');
      const cut = cutLastSegment(crashed, seed);
      expect(await rowsAfterStart(crashed)).toEqual(expectedRows(history, cut));
      rmSync(crashed, { recursive: true });
    }),
    { numRuns: 60 },
  );
});

test('segments that go and begins that are carried forward lose nothing: what was not stored is settled, what is open once', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (happened) => {
      const { crashed, history } = await crashAfter(happened, 'delete_segments');
      const rows = await rowsAfterStart(crashed);
      const expected = expectedRows(history, null);
      const stored = new Set(history.stored.map((row) => row.requestId));
      // A stored request may be settled again: its row is in the database, so nothing changes there.
      expect(byId(rows.filter((row) => !stored.has(row.requestId)))).toEqual(
        byId(expected.filter((row) => !stored.has(row.requestId))),
      );
      expect(new Set(rows.map((row) => row.requestId)).size).toBe(rows.length);
      rmSync(crashed, { recursive: true });
    }),
    { numRuns: 40 },
  );
}, 120_000);

const byId = (rows: readonly EndRecord[]) => rows.toSorted((a, b) => (a.requestId < b.requestId ? -1 : 1));

interface Written<T> {
  readonly record: T;
  /** The place after its line. */
  readonly place: RowPosition;
}

interface History {
  readonly begins: Written<BeginRecord>[];
  readonly ends: Written<EndRecord>[];
  readonly stored: EndRecord[];
}

/** Plays a history and returns a copy of the directory at its end, without closing anything. */
async function crashAfter(happened: readonly Step[], how: 'keep_segments' | 'delete_segments') {
  const directory = temporaryDirectory();
  const crashed = temporaryDirectory();
  // Small segments, so that a history spans several; they are deleted when synced.
  const { journal } = await openTestJournal(directory, { bytesMax: 64 * 1024, syncEveryMs: how === 'keep_segments' ? 1e9 : 0 });
  const history = await play(journal, happened, how === 'keep_segments' ? 0 : 3);
  cpSync(directory, crashed, { recursive: true });
  await journal.close();
  return { crashed, history };
}

async function play(journal: Journal, happened: readonly Step[], pauseMs: number): Promise<History> {
  const history: History = { begins: [], ends: [], stored: [] };
  const open: BeginRecord[] = [];
  for (const step of happened) {
    if (step.is === 'begin') {
      const begin = givenBegin({ heldNanoUsd: history.begins.length });
      open.push(begin);
      for (let attempts = 1; attempts <= step.attempts; attempts++) {
        const record = { ...begin, attempts };
        journal.begin(record);
        history.begins.push({ record, place: journal.position() });
      }
    } else if (step.is === 'store') {
      history.stored.push(...(await takeRows(journal)));
      if (pauseMs > 0) await sleep(pauseMs);
    } else {
      const [begun] = step.is === 'end' ? open.splice(step.nth % Math.max(1, open.length), 1) : [];
      const record =
        begun === undefined
          ? givenRefusal()
          : givenEnd({ requestId: begun.requestId, entries: [givenEntry({ nanoUsd: open.length })] });
      journal.end(record);
      history.ends.push({ record, place: journal.position() });
    }
  }
  return history;
}

/** Cuts the newest segment anywhere after its header, as a crash in the middle of a write does. Returns its new end. */
function cutLastSegment(directory: string, seed: number): RowPosition {
  let segment = 1;
  while (existsSync(pathOf(directory, segment + 1)) || !existsSync(pathOf(directory, segment))) segment += 1;
  const path = pathOf(directory, segment);
  const { size } = statSync(path);
  const offset = Math.min(size, HEADER_BYTES + (seed % (size - HEADER_BYTES + 1)));
  truncateSync(path, offset);
  return { segment, offset };
}

const HEADER_BYTES = 20;

/** Returns every acknowledged end before the cut, then the estimated ends of open requests, in the order in which they began. */
function expectedRows(history: History, cut: RowPosition | null): EndRecord[] {
  const survived = (place: RowPosition) =>
    cut === null || place.segment < cut.segment || (place.segment === cut.segment && place.offset <= cut.offset);
  const ends = history.ends.filter(({ place }) => survived(place));
  const ended = new Set(ends.map(({ record }) => record.requestId));
  const open = new Map<string, BeginRecord>();
  for (const { record, place } of history.begins) {
    if (survived(place) && !ended.has(record.requestId)) open.set(record.requestId, record);
  }
  return [...ends.map(({ record }) => record), ...[...open.values()].map((begin) => estimatedEnd(begin))];
}

/** Returns the rows that the next start must store. */
async function rowsAfterStart(directory: string): Promise<EndRecord[]> {
  const { journal } = await openTestJournal(directory, { bytesMax: 64 * 1024 });
  const rows = await takeRows(journal);
  await journal.close();
  return rows;
}
