import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Database, OpenDatabase } from '../database.ts';
import { isStoreUnavailable, StoreError } from '../errors.ts';
import { readInParts } from '../row-cursor.ts';
import { openEmbedded, UnusableDatabase } from './embedded.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'headgate-embedded-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

// One directory for the whole test, because the engine takes seconds to create one.
test('what was acknowledged is there after a kill -9, and the engine serves one transaction at a time', {
  timeout: 120_000,
}, async () => {
  const writer = startWriter(dataDir);
  const acknowledged = await untilAcknowledged(writer, 200);
  writer.kill('SIGKILL');
  const failures: string[] = [];
  const opened = await openEmbedded({ dataDir, onFailure: ({ message }) => failures.push(message) });
  const socketPath = join(dataDir, 'socket', '.s.PGSQL.5432');
  const { rows } = await opened.db.execute<{ n: number }>(sql`select max(n)::int as n from written`);
  expect(rows[0]?.n).toBeGreaterThanOrEqual(acknowledged);
  await concurrentWorkDoesNotMix(opened.db);
  await aQueryWaitsForASlowOne(opened.db);
  await aNestedQueryIsAnError(opened.db);
  await aLongResultIsReadWhileOthersAsk(opened);
  await aClientThatLeftIsForgotten(opened, socketPath);
  await aFullDiskStartsTheEngineAgain(opened.db, failures);
  await aSilentEngineIsStartedAgain(opened.db, socketPath, failures);
  await opened.close();
});

test('files of another engine version are refused with one line and left alone', async () => {
  mkdirSync(join(dataDir, 'database'));
  writeFileSync(join(dataDir, 'database', 'PG_VERSION'), '99\n');
  const error = await openEmbedded({ dataDir }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnusableDatabase);
  expect(String(error)).toMatch(/^\S+ .*format 99.*$/);
});

/** Runs queries and transactions of forty callers at once. An SQL error affects only its own caller. */
async function concurrentWorkDoesNotMix(db: Database): Promise<void> {
  await db.execute(sql`create table counters (n int not null)`);
  await db.execute(sql`insert into counters values (0)`);
  const work = Array.from({ length: 40 }, async (_, index) => {
    if (index % 4 === 0) await expect(db.execute(sql`select 1 / ${0}::int`)).rejects.toThrow(StoreError);
    const { rows } = await db.execute<{ echo: string }>(sql`select ${`value ${index}`}::text as echo`);
    expect(rows).toEqual([{ echo: `value ${index}` }]);
    await db.transaction(async (tx) => {
      const read = await tx.execute<{ n: number }>(sql`select n from counters`);
      await tx.execute(sql`update counters set n = ${(read.rows[0]?.n ?? 0) + 1}`);
    });
  });
  await Promise.all(work);
  expect((await db.execute(sql`select n from counters`)).rows).toEqual([{ n: 40 }]);
}

/** Checks that a query is answered after one that takes longer than any usual one: the engine is busy, and not out of reach. */
async function aQueryWaitsForASlowOne(db: Database): Promise<void> {
  const slow = db.execute(sql`select pg_sleep(6)`);
  expect((await db.execute(sql`select 1 as one`)).rows).toEqual([{ one: 1 }]);
  await slow;
}

/** Checks that a query outside the transaction that its own caller holds open fails within seconds and does not hang. */
async function aNestedQueryIsAnError(db: Database): Promise<void> {
  const error = await db.transaction(() => db.execute(sql`select 1`)).catch((thrown: unknown) => thrown);
  expect(isStoreUnavailable(error)).toBe(true);
  expect((await db.execute(sql`select 1 as one`)).rows).toEqual([{ one: 1 }]);
}

/** Checks a slow read. All callers share one session: the read must not block it, and other queries must not disturb the read. */
async function aLongResultIsReadWhileOthersAsk({ db, openSession }: OpenDatabase): Promise<void> {
  const numbers = sql`select n from generate_series(1, ${100_000}::int) as n order by n`;
  let last = 0;
  for await (const rows of readInParts<{ n: number }>(openSession, 'numbers', numbers, 5_000)) {
    expect(rows[0]?.n).toBe(last + 1);
    last = rows.at(-1)?.n ?? 0;
    const undone = db.transaction(() => Promise.reject(new Error('undone')));
    await expect(undone).rejects.toThrow('undone');
    if (last === 50_000) expect((await db.execute(sql`select 1 as one`)).rows).toEqual([{ one: 1 }]);
  }
  expect(last).toBe(100_000);
  for await (const _ of readInParts(openSession, 'numbers', numbers, 5_000)) break;
  await expect(readInParts(openSession, 'numbers', sql`select 1 / ${0}::int`, 5).next()).rejects.toThrow(StoreError);
  expect((await db.execute(sql`select name from pg_cursors where is_holdable`)).rows).toEqual([]);
}

/** Raises the error of a full disk, after which the real engine answers everything with a panic, and waits for the restart. */
async function aFullDiskStartsTheEngineAgain(db: Database, failures: readonly string[]): Promise<void> {
  const reported = db.execute(sql`do $$ begin raise exception using errcode = '53100'; end $$`);
  expect(await reported.catch(isStoreUnavailable)).toBe(true);
  await untilItAnswers(db, failures);
}

async function untilItAnswers(db: Database, failures: readonly string[]): Promise<void> {
  const count = () =>
    db.execute(sql`select n from counters`).then(
      ({ rows }) => rows,
      (error: Error) => (isStoreUnavailable(error) ? { unavailable: String(error.cause ?? error), failures } : error),
    );
  await expect.poll(count, { timeout: 30_000, interval: 200 }).toEqual([{ n: 40 }]);
}

/** Checks that a client that left after an error, also inside a transaction, leaves nothing behind for the next one. */
async function aClientThatLeftIsForgotten({ db, pool }: OpenDatabase, socketPath: string): Promise<void> {
  for (const first of ['select 1', 'begin']) {
    (await pool.connect()).release(true);
    await leaveInTheMiddle(socketPath, first);
    expect((await db.execute(sql`select 1 as one`)).rows).toEqual([{ one: 1 }]);
    expect((await db.execute(sql`select ${1}::int as one`)).rows).toEqual([{ one: 1 }]);
  }
}

/** Checks that an engine that answers nothing is started again, so that no one waits for the query timeout. */
async function aSilentEngineIsStartedAgain(db: Database, socketPath: string, failures: readonly string[]): Promise<void> {
  const before = failures.length;
  await leaveInTheMiddle(socketPath, 'select 1');
  // This connection began before the other client left, so the engine still ignores what it sends.
  expect(await db.execute(sql`select 1`).catch(isStoreUnavailable)).toBe(true);
  await untilItAnswers(db, failures);
  expect(failures.length).toBe(before + 1);
}

/** Connects, runs a statement, causes an error in an extended query, and leaves before the message that ends that query. */
async function leaveInTheMiddle(socketPath: string, first: string): Promise<void> {
  const socket = connect(socketPath);
  let answer = '';
  socket.on('data', (data) => {
    answer += data.toString('latin1');
  });
  const start = message('', '\0\x03\0\0user\0postgres\0database\0postgres\0\0');
  socket.write(Buffer.concat([start, message('Q', `${first}\0`), message('P', '\0no statement\0\0\0')]));
  await expect.poll(() => answer, { timeout: 10_000 }).toContain('C42601');
  socket.destroy();
  await once(socket, 'close');
}

/** Returns a message of PostgreSQL's protocol. */
function message(type: string, body: string): Buffer {
  const head = Buffer.alloc(type.length + 4);
  head.write(type);
  head.writeInt32BE(body.length + 4, type.length);
  return Buffer.concat([head, Buffer.from(body, 'latin1')]);
}

function startWriter(directory: string): ChildProcess {
  const program = `import { openEmbedded } from '${new URL('./embedded.ts', import.meta.url)}';
    const { pool } = await openEmbedded({ dataDir: process.argv[1] });
    await pool.query('create table written (n int primary key)');
    for (let n = 1; ; n += 1) { await pool.query('insert into written values ($1)', [n]); console.log(n); }`;
  return spawn(process.execPath, ['--input-type=module', '-e', program, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function untilAcknowledged(writer: ChildProcess, wanted: number): Promise<number> {
  let text = '';
  return new Promise((reached) => {
    writer.stdout?.on('data', (data) => {
      text += data;
      const last = Number(text.trim().split('\n').at(-1));
      if (last >= wanted) reached(wanted);
    });
  });
}
