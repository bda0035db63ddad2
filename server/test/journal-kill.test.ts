import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openTestJournal, takeRows, temporaryDirectory } from './support/journals.ts';

const PROGRAM = fileURLToPath(new URL('support/journal-load.ts', import.meta.url));

// promise: A restart, a `kill -9`, a Postgres outage or a
// promise: **Everything is charged once**: answers, streams, hang-ups, timeouts, fallbacks, crashes.
// promise: **A restart resets nothing**, and neither does `kill -9`: settlement is in a file before the client has its last byte
test('a process killed twenty times under load loses no end it was told is written, and settles every begin once', async () => {
  const directory = temporaryDirectory();
  const acknowledged = { begun: new Set<string>(), ended: new Set<string>() };
  for (let kill = 0; kill < 20; kill++) await runAndKill(directory, 60 + Math.random() * 120, acknowledged);
  const { journal, events } = await openTestJournal(directory, { bytesMax: 1024 * 1024 * 1024 });
  const rows = await takeRows(journal, { rowsMax: 5_000, bytesMax: 1024 * 1024 });

  expect(events.filter((event) => event.is === 'bad_bytes' && event.bad === 'damaged')).toEqual([]);
  const statusOf = new Map(rows.map((row) => [row.requestId, row.status]));
  expect(statusOf.size).toBe(rows.length);
  expect(acknowledged.ended.size).toBeGreaterThan(1_000);
  expect([...acknowledged.ended].filter((id) => !statusOf.has(id) || statusOf.get(id) === 'estimated')).toEqual([]);
  expect([...acknowledged.begun].filter((id) => !statusOf.has(id))).toEqual([]);
  expect(rows.filter((row) => row.status === 'estimated' && acknowledged.ended.has(row.requestId))).toEqual([]);
  expect(rows.filter((row) => row.status === 'estimated').length).toBeGreaterThan(0);
}, 120_000);

test('nor does one whose disk fails every other sync and loses what it was to keep', async () => {
  const directory = temporaryDirectory();
  const acknowledged = { begun: new Set<string>(), ended: new Set<string>() };
  let lost = 0;
  for (let kill = 0; kill < 6; kill++)
    lost += await runAndKill(directory, 250 + Math.random() * 300, acknowledged, 'failing-disk');
  expect(lost).toBeGreaterThan(3);
  const { journal } = await openTestJournal(directory, { bytesMax: 1024 * 1024 * 1024 });
  const rows = await takeRows(journal, { rowsMax: 5_000, bytesMax: 1024 * 1024 });
  // A row may stand in two files; it says the same in both, and the ledger has it once.
  const statusesOf = Map.groupBy(rows, ({ requestId }) => requestId);
  expect([...statusesOf.values()].filter((of) => new Set(of.map(({ status }) => status)).size > 1)).toEqual([]);
  expect(acknowledged.ended.size).toBeGreaterThan(1_000);
  expect([...acknowledged.ended].filter((id) => (statusesOf.get(id)?.[0]?.status ?? 'estimated') === 'estimated')).toEqual([]);
  expect([...acknowledged.begun].filter((id) => !statusesOf.has(id))).toEqual([]);
}, 120_000);

/** Returns how many syncs failed. */
async function runAndKill(
  directory: string,
  afterMs: number,
  acknowledged: { begun: Set<string>; ended: Set<string> },
  disk = 'disk',
): Promise<number> {
  let lost = 0;
  const child = spawn(process.execPath, [PROGRAM, directory, disk], {
    stdio: ['ignore', 'pipe', disk === 'disk' ? 'inherit' : 'ignore'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const read = once(lines, 'close');
  const opened = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      const [what, id] = line.split(' ') as [string, string];
      if (what === 'opened') resolve();
      if (what === 'lost') lost += 1;
      // The last line may be cut short by the kill.
      if (id?.length === ID_CHARS && (what === 'begun' || what === 'ended')) acknowledged[what].add(id);
    });
  });
  await opened;
  await sleep(afterMs);
  child.kill('SIGKILL');
  await exited;
  await read;
  return lost;
}

const ID_CHARS = 'req_'.length + 32;
