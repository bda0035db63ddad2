/**
 * Measures the cost of settlement per request: the CPU µs of this process for the journal and its file (a begin and an end), and
 * to store the row. It also measures the cost for PostgreSQL. Each turn of the event loop has sixteen requests with one ledger
 * entry each. For comparison with the machine's current speed it measures JSON.stringify of the same two records.
 * Usage: npm run bench -- --ledger
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '../server/src/boot/open-journal.ts';
import type { Journal } from '../server/src/ledger/journal.ts';
import { createLedgerWriter } from '../server/src/ledger/ledger-writer.ts';
import { newId, requestId } from '../server/src/lib/id.ts';
import { systemClock } from '../server/src/lib/timing/clock.ts';
import { type OpenDatabase, openDatabase } from '../server/src/store/database.ts';
import { migrate } from '../server/src/store/installation/migrate.ts';
import { newPartitions } from '../server/src/store/partitions.ts';
import { startPostgres } from '../server/test/support/postgres.ts';
import { cpuMs } from './src/machine.ts';

const ROWS = 60_000;
const TURN = 16;
const ROUNDS = 4;

/** The callers: a few hundred keys, as in a busy minute. */
const callers = Array.from({ length: 300 }, () => ({
  organizationId: newId('org'),
  teamId: newId('team'),
  keyId: newId('key'),
  memberId: newId('mem'),
  serviceAccountId: null,
  calledName: 'gpt-5-nano',
}));
const deployment = {
  deploymentId: newId('dep'),
  provider: 'openai',
  upstreamModel: 'gpt-5-nano-2025-08-07',
  priceId: newId('price'),
};
const decision = `aZ19_-bC3dEfGhIj;${Array.from({ length: 20 }, (_, i) => `${i * 7},${i}`).join(';')}`;

/** A journal that does nothing, to measure the loop alone: making records, turns of the event loop, callbacks. */
const nothing = { begin() {}, end() {}, whenWritten: (callback: () => void) => void setImmediate(callback) };

const postgres = await startPostgres();
if (postgres === null) throw new Error('PostgreSQL is not installed on this machine');
const database = openDatabase({ url: postgres.url });
await migrate(database);
const directory = mkdtempSync(join(tmpdir(), 'headgate-bench-journal-'));
try {
  for (let round = 1; round <= ROUNDS; round++) await measure(database, join(directory, String(round)));
} finally {
  await database.close();
  await postgres.stop();
  rmSync(directory, { recursive: true });
}

async function measure(db: OpenDatabase, path: string): Promise<void> {
  const journal = await openJournal({
    directory: path,
    installationId: 'bench',
    bytesMax: 4e9,
    onEvent: console.error,
    onDefect: console.error,
  });
  const made = await cpuPer(ROWS, () => settleAll(nothing));
  const written = await cpuPer(ROWS, () => settleAll(journal));
  const stats = journal.stats();
  let jsonBytes = 0;
  const json = await cpuPer(ROWS, async () => {
    for (let at = 0; at < ROWS; at++)
      jsonBytes += JSON.stringify(beginOf('req', at)).length + JSON.stringify(endOf('req', at)).length;
  });
  const before = { bytes: await databaseBytes(db), cpuMs: cpuMs(await serverPid(db)) };
  const storing = await cpuPer(ROWS, async () => {
    const writer = createLedgerWriter({
      database: db,
      partitions: newPartitions(db.db, db.kind),
      source: journal,
      clock: systemClock,
      rejectsPath: join(path, 'rejected.log'),
      onEvent: console.error,
    });
    await writer.stop(600_000);
    if (writer.lag().stored !== ROWS) throw new Error(`${writer.lag().stored} of ${ROWS} rows were stored`);
  });
  await journal.close();
  const serverUs = ((cpuMs(await serverPid(db)) - before.cpuMs) * 1_000) / ROWS;
  const rowBytes = ((await databaseBytes(db)) - before.bytes) / ROWS;
  const journalUs = written.cpuUs - made.cpuUs;
  console.log(
    [
      `journal ${journalUs.toFixed(2)}`,
      `storing ${storing.cpuUs.toFixed(2)}`,
      `together ${(journalUs + storing.cpuUs).toFixed(2)} µs per request`,
      `JSON.stringify alone ${json.cpuUs.toFixed(2)} (${Math.round(jsonBytes / ROWS)} bytes)`,
      `${Math.round(stats.bytes / ROWS)} bytes per request`,
      `PostgreSQL stored ${Math.round(ROWS / storing.seconds)} rows a second`,
      `${serverUs.toFixed(0)} µs of its CPU and ${Math.round(rowBytes)} bytes a row, indexes and rollups included`,
    ].join(' · '),
  );
}

async function databaseBytes({ pool }: OpenDatabase): Promise<number> {
  const { rows } = await pool.query('select pg_database_size(current_database()) as bytes');
  return Number(rows[0].bytes);
}

/** Returns the pid of the server's first process, whose children serve the connections. */
async function serverPid({ pool }: OpenDatabase): Promise<number> {
  const { rows } = await pool.query<{ data_directory: string }>('show data_directory');
  return Number(readFileSync(join(rows[0]?.data_directory ?? '', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

async function settleAll(
  journal: Pick<Journal, 'begin' | 'end'> & { whenWritten(callback: () => void, requestId: string): void },
): Promise<void> {
  for (let at = 0; at < ROWS; at += TURN) {
    const ids = Array.from({ length: TURN }, () => requestId());
    for (const id of ids) journal.begin(beginOf(id, at));
    await new Promise<void>((resolve) => journal.whenWritten(resolve, 'req'));
    for (const id of ids) journal.end(endOf(id, at));
    await new Promise<void>((resolve) => journal.whenWritten(resolve, 'req'));
  }
}

function beginOf(id: string, at: number) {
  const held = { heldInputTokens: 300, heldOutputTokens: 400, heldNanoUsd: 175_000 };
  const asked = { clientRequestId: null, endpoint: 'chat_completions', stream: false, attempts: 1, decision };
  return {
    ...(callers[at % callers.length] as (typeof callers)[0]),
    ...deployment,
    ...held,
    ...asked,
    requestId: id,
    admittedAtMs: Date.now(),
  };
}

function endOf(id: string, at: number) {
  return {
    ...(callers[at % callers.length] as (typeof callers)[0]),
    requestId: id,
    clientRequestId: null,
    admittedAtMs: Date.now(),
    status: 'succeeded' as const,
    httpStatus: 200,
    code: null,
    param: null,
    endpoint: 'chat_completions',
    stream: false,
    deploymentId: deployment.deploymentId,
    provider: deployment.provider,
    attempts: 1,
    finishReason: 'stop',
    gatewayUs: 312,
    providerMs: 453,
    firstTokenMs: null,
    entries: [
      {
        attempt: 1,
        kind: 'usage' as const,
        ...deployment,
        usage: { input: 321, cached_input: 100, output: 55 },
        nanoUsd: 123_456 + at,
      },
    ],
    decision,
    count: 1,
    repeatIds: [],
    content: null,
  };
}

async function cpuPer(times: number, work: () => Promise<void>): Promise<{ cpuUs: number; seconds: number }> {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpuUs: (user + system) / times, seconds: (performance.now() - startedMs) / 1_000 };
}
