import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openTestJournal, segmentFiles, takeRows, temporaryDirectory, written } from '../../test/support/journals.ts';
import { givenBegin, givenEnd, givenEntry, givenRefusal, TEST_TIME_MS } from '../../test/support/records.ts';
import { openJournal } from '../boot/open-journal.ts';
import { parseEnd } from './parse-lines.ts';

const ignore = () => {};

// promise: Writes are grouped per turn of the event loop; `fdatasync`
test('all records of one turn go to the file in one write, before any of them is called back', async () => {
  const directory = temporaryDirectory();
  const { journal } = await openTestJournal(directory);
  const file = join(directory, segmentFiles(directory).at(-1) as string);
  const sizeBefore = statSync(file).size;
  const outcomes: unknown[] = [];
  journal.begin(givenBegin());
  journal.whenWritten((outcome) => outcomes.push(outcome, statSync(file).size > sizeBefore), 'req_1');
  journal.end(givenEnd());
  journal.end(givenRefusal());
  expect(statSync(file).size).toBe(sizeBefore);
  expect(await written(journal)).toBe('written');
  expect(outcomes).toEqual(['written', true]);
  expect(readFileSync(file, 'utf8').match(/req_/g)).toHaveLength(3);
});

// promise: each journal callback is isolated: a defect in one is logged with its request id and harms no other request.
test('a callback that throws is told of with its request, and disturbs neither the others nor the next turn', async () => {
  const { journal, defects } = await openTestJournal(temporaryDirectory());
  const said: string[] = [];
  const failing = () => {
    throw new RangeError('a defect');
  };
  journal.end(givenEnd());
  journal.afterWrite(failing, 'req_1');
  journal.afterWrite(() => said.push('after 2'), 'req_2');
  journal.whenWritten(failing, 'req_3');
  journal.whenWritten((outcome) => said.push(outcome), 'req_4');
  expect(await written(journal)).toBe('written');
  expect(said).toEqual(['after 2', 'written']);
  expect(defects.map(({ requestId, error }) => [requestId, (error as Error).message])).toEqual([
    ['req_1', 'a defect'],
    ['req_3', 'a defect'],
  ]);
  journal.end(givenEnd());
  expect(await written(journal)).toBe('written');
});

// promise: at replay a `begin` without an `end`
// promise: replay takes `admitted_at` from the journal, never from the clock.
test('a request that never ended is settled as estimated at the next start, at the time of its admission', async () => {
  const directory = temporaryDirectory();
  const crashed = temporaryDirectory();
  const { journal } = await openTestJournal(directory);
  const lost = givenBegin({ admittedAtMs: TEST_TIME_MS - 1, endpoint: 'messages', stream: true, decision: 'why' });
  const ended = givenBegin();
  const end = givenEnd({ requestId: ended.requestId });
  journal.begin(lost);
  journal.begin(ended);
  journal.end(end);
  await written(journal);
  cpSync(directory, crashed, { recursive: true });

  const { journal: next } = await openTestJournal(crashed);
  expect(next.replayed).toMatchObject({ rows: 1, estimated: 1, bad: [] });
  const rows = await takeRows(next);
  expect(rows).toEqual([
    end,
    {
      ...givenEnd({ requestId: lost.requestId }),
      admittedAtMs: TEST_TIME_MS - 1,
      status: 'estimated',
      httpStatus: 0,
      endpoint: 'messages',
      stream: true,
      decision: 'why',
      finishReason: null,
      gatewayUs: 0,
      providerMs: null,
      entries: [givenEntry({ kind: 'estimated', usage: { input: 100, output: 200 }, nanoUsd: 30_000 })],
    },
  ]);
});

test('a later begin of the same request replaces the one before, and an unpriced one is estimated without a price', async () => {
  const directory = temporaryDirectory();
  const crashed = temporaryDirectory();
  const { journal } = await openTestJournal(directory);
  const first = givenBegin({ heldNanoUsd: 1 });
  journal.begin(first);
  journal.begin({ ...first, deploymentId: 'dep_02', attempts: 2, heldNanoUsd: 2, priceId: null });
  await written(journal);
  cpSync(directory, crashed, { recursive: true });
  const rows = await takeRows((await openTestJournal(crashed)).journal);
  expect(rows).toHaveLength(1);
  expect(rows[0]?.entries).toEqual([
    givenEntry({
      attempt: 2,
      kind: 'estimated',
      deploymentId: 'dep_02',
      priceId: null,
      nanoUsd: null,
      usage: { input: 100, output: 200 },
    }),
  ]);
});

test('replaying twice settles what replaying once does', async () => {
  const directory = temporaryDirectory();
  const crashed = temporaryDirectory();
  const { journal } = await openTestJournal(directory);
  journal.begin(givenBegin());
  journal.end(givenEnd());
  await written(journal);
  cpSync(directory, crashed, { recursive: true });
  const { journal: once } = await openTestJournal(crashed);
  await once.close();
  const { journal: twice } = await openTestJournal(crashed);
  expect(twice.replayed).toMatchObject({ rows: 2, estimated: 0 });
  expect((await takeRows(twice)).map((row) => row.status)).toEqual(['succeeded', 'estimated']);
});

test('refusals that were going to share a row are not lost in a crash: the row has every one that was answered', async () => {
  const directory = temporaryDirectory();
  const crashed = temporaryDirectory();
  const { journal } = await openTestJournal(directory);
  const first = givenRefusal();
  journal.share(first);
  journal.repeat('req_a', first.requestId);
  journal.repeat('req_b', first.requestId);
  await written(journal);
  cpSync(directory, crashed, { recursive: true });
  expect(await takeRows((await openTestJournal(crashed)).journal)).toEqual([
    { ...first, count: 3, repeatIds: ['req_a', 'req_b'] },
  ]);
});

// promise: readable at once in the process that answered
test('a decision is found at once, before it is written, and after a crash', async () => {
  const directory = temporaryDirectory();
  const crashed = temporaryDirectory();
  const { journal } = await openTestJournal(directory);
  const end = givenEnd({ content: Buffer.alloc(20_000, 7) });
  const shared = givenRefusal({ count: 2, repeatIds: ['req_repeat'] });
  journal.end(end);
  journal.end(shared);
  expect(journal.find(end.requestId)).toEqual(end);
  await written(journal);
  expect(journal.find(end.requestId)).toEqual(end);
  expect(journal.find('req_repeat')).toEqual(shared);
  expect(journal.find('req_nobody')).toBeNull();
  cpSync(directory, crashed, { recursive: true });
  expect((await openTestJournal(crashed)).journal.find(end.requestId)).toEqual(end);
});

test('every row that is not stored yet is found, however many there are', async () => {
  const { journal } = await openTestJournal(temporaryDirectory());
  const ends = Array.from({ length: 20_000 }, (_, i) => givenEnd({ gatewayUs: i }));
  for (const end of ends) journal.end(end);
  await written(journal);
  for (const end of [ends[0], ends[10_000], ends[19_999]]) expect(journal.find(end?.requestId ?? '')).toEqual(end);
});

test('a shape is written once, and its rules are known at once', async () => {
  const { journal } = await openTestJournal(temporaryDirectory());
  for (let i = 0; i < 3; i++) journal.shape('org_01', 'shape', '[{"id":"org_rpm"}]');
  await written(journal);
  expect(journal.findShape('org_01', 'shape')).toBe('[{"id":"org_rpm"}]');
  expect(journal.findShape('org_02', 'shape')).toBeNull();
  const batch = await journal.next({ rowsMax: 10, bytesMax: 10_000, until: null });
  expect(batch?.bytes.toString()).toBe('S\tshape\torg_01\t[{"id":"org_rpm"}]\n');
});

// promise: every key in the cache; journal grows to `HEADGATE_JOURNAL_BYTES_MAX`
test('at its bound the journal takes no new request, still takes every end, and has room again when its rows are stored', async () => {
  const directory = temporaryDirectory();
  const { journal } = await openTestJournal(directory, { bytesMax: 64 * 1024 });
  const begun = [];
  while (journal.room()) {
    const begin = givenBegin();
    journal.begin(begin);
    begun.push(begin);
    expect(begun.length).toBeLessThan(1_000);
  }
  expect(journal.stats()).toMatchObject({ health: 'full', open: begun.length });
  for (const { requestId } of begun) journal.end(givenEnd({ requestId }));
  expect(await written(journal)).toBe('written');
  expect(journal.room()).toBe(false);
  expect((await takeRows(journal)).map((row) => row.requestId)).toEqual(begun.map((begin) => begin.requestId));
  expect(journal.room()).toBe(true);
  expect(journal.stats()).toMatchObject({ health: 'ok', open: 0, rowsWaiting: 0, bytesWaiting: 0 });
});

test('a segment goes when its rows are stored and nothing in it is open, and not before', async () => {
  const directory = temporaryDirectory();
  const { journal } = await openTestJournal(directory, { bytesMax: 64 * 1024 });
  const stream = givenBegin();
  journal.begin(stream);
  const fill = async () => {
    for (let i = 0; i < 20; i++) journal.end(givenEnd());
    await written(journal);
  };
  await fill();
  const [first] = segmentFiles(directory);
  await fill();
  expect(segmentFiles(directory)).toContain(first);
  await takeRows(journal);
  await sleep(50);
  expect(segmentFiles(directory)).toContain(first);
  journal.end(givenEnd({ requestId: stream.requestId }));
  await written(journal);
  await takeRows(journal);
  await expect.poll(() => segmentFiles(directory)).not.toContain(first);
});

test('one long stream does not keep the journal from shrinking: its begin is carried forward and settles once', async () => {
  const directory = temporaryDirectory();
  const crashed = temporaryDirectory();
  const { journal } = await openTestJournal(directory, { bytesMax: 64 * 1024 });
  const stream = givenBegin();
  journal.begin(stream);
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 20; i++) journal.end(givenEnd());
    await written(journal);
    await takeRows(journal);
    await sleep(10);
    expect(journal.room()).toBe(true);
  }
  await sleep(50);
  expect(segmentFiles(directory).length).toBeLessThanOrEqual(6);
  cpSync(directory, crashed, { recursive: true });
  const estimated = (await takeRows((await openTestJournal(crashed)).journal)).filter((row) => row.status === 'estimated');
  expect(estimated.map((row) => row.requestId)).toEqual([stream.requestId]);
});

test('a row larger than a batch is a batch of its own', async () => {
  const { journal } = await openTestJournal(temporaryDirectory());
  const ends = [givenEnd(), givenEnd({ content: Buffer.alloc(100_000, 1) }), givenEnd()];
  for (const end of ends) journal.end(end);
  await written(journal);
  expect(await takeRows(journal)).toEqual(ends);
});

test('a bit that flips while the database is away costs that row alone, is told, and its file is kept', async () => {
  const directory = temporaryDirectory();
  const { journal, events } = await openTestJournal(directory, { bytesMax: 64 * 1024 });
  const ends = Array.from({ length: 20 }, () => givenEnd());
  for (const end of ends) journal.end(end);
  await written(journal);
  const path = join(directory, segmentFiles(directory)[0] as string);
  const bytes = readFileSync(path);
  const at = bytes.indexOf(ends[5]?.requestId as string);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(path, bytes);
  const rows = await takeRows(journal);
  expect(rows.map((row) => row.requestId)).toEqual(ends.filter((_, i) => i !== 5).map((end) => end.requestId));
  expect(events).toEqual([{ is: 'bad_bytes', bad: 'damaged', path, offset: expect.any(Number), bytes: expect.any(Number) }]);
  journal.end(givenEnd());
  await written(journal);
  await takeRows(journal);
  await sleep(50);
  expect(existsSync(`${path}.damaged`)).toBe(true);
});

// promise: (A wrong master key, another installation's journal, a directory in use and a newer schema without a way back still do
test('a journal of another installation is refused, and nothing in it is touched', async () => {
  const directory = temporaryDirectory();
  const { journal } = await openTestJournal(directory);
  journal.end(givenEnd());
  await journal.close();
  const before = readdirSync(directory);
  const other = { directory, installationId: 'installation-2', bytesMax: 1_000_000, onEvent: ignore, onDefect: ignore };
  await expect(openJournal(other)).rejects.toThrow(
    /belongs to another installation \(installation-1; this one is installation-2\)/,
  );
  expect(readdirSync(directory)).toEqual(before);
});

test('a directory that cannot be used is named in the error', async () => {
  const directory = join(temporaryDirectory(), 'file');
  writeFileSync(directory, '');
  const options = {
    directory: join(directory, 'journal'),
    installationId: 'i',
    bytesMax: 1_000_000,
    onEvent: ignore,
    onDefect: ignore,
  };
  await expect(openJournal(options)).rejects.toThrow(/journal directory .*file\/journal cannot be used/);
});

test('a file that a crash left without a whole header is no obstacle', async () => {
  const directory = temporaryDirectory();
  const { journal } = await openTestJournal(directory);
  journal.end(givenEnd());
  await written(journal);
  const crashed = temporaryDirectory();
  cpSync(directory, crashed, { recursive: true });
  const last = join(crashed, 'journal-000000000002.log');
  cpSync(join(crashed, segmentFiles(crashed)[0] as string), last);
  truncateSync(last, 5);
  const { journal: next, events } = await openTestJournal(crashed);
  expect(await takeRows(next)).toHaveLength(1);
  expect(events).toEqual([{ is: 'bad_bytes', bad: 'torn', path: last, offset: 0, bytes: 5 }]);
});

test('closing leaves nothing behind once everything is stored, and everything otherwise', async () => {
  const directory = temporaryDirectory();
  const { journal } = await openTestJournal(directory);
  const end = givenEnd();
  journal.end(end);
  await journal.close();
  expect(segmentFiles(directory)).toHaveLength(1);
  const { journal: next } = await openTestJournal(directory);
  expect(await takeRows(next)).toEqual([end]);
  await next.close();
  expect(segmentFiles(directory)).toEqual([]);
});

test('what ends after it was closed is not written into whatever file has its number by then', async () => {
  const { journal } = await openTestJournal(temporaryDirectory());
  journal.end(givenEnd());
  await journal.close();
  const other = join(temporaryDirectory(), 'other');
  const bytes = Buffer.alloc(20_000, 7);
  writeFileSync(other, bytes);
  const opened = Array.from({ length: 20 }, () => openSync(other, 'r+'));
  journal.end(givenEnd());
  expect(await written(journal)).toBe('not_written');
  for (const fd of opened) closeSync(fd);
  expect(readFileSync(other).equals(bytes)).toBe(true);
});

test('a place asked for lies behind everything settled before, and before everything settled after', async () => {
  const { journal } = await openTestJournal(temporaryDirectory());
  const before = givenEnd();
  journal.end(before);
  const place = journal.position();
  journal.end(givenEnd());
  journal.position();
  const batch = await journal.next({ rowsMax: 10, bytesMax: 1_000_000, until: place });
  expect(batch?.starts).toHaveLength(1);
  expect(parseEnd(batch?.bytes.toString() ?? '')).toEqual(before);
  journal.stored(batch?.end ?? place);
  expect(await journal.next({ rowsMax: 10, bytesMax: 1_000_000, until: place })).toBeNull();
});

test('the directory is for its owner only', async () => {
  const directory = join(temporaryDirectory(), 'deep', 'journal');
  mkdirSync(join(directory, '..'), { recursive: true });
  await openTestJournal(directory);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
});
