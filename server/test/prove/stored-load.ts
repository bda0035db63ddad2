/**
 * Many stored requests in little time: some are written as the gateway writes them, through journal and writer, and then copied in
 * the database to later half days. The copies have other ids and the same sizes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '../../src/boot/open-journal.ts';
import { createLedgerWriter } from '../../src/ledger/ledger-writer.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { newId, requestId } from '../../src/lib/id.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import type { OpenDatabase } from '../../src/store/database.ts';
import { newPartitions } from '../../src/store/partitions.ts';

/** The requests that are written, spread over half a day. */
export const WRITTEN = 200_000;
const HALF_DAY_MS = 12 * 3_600_000;
/** The keys in traffic: as many as in the benchmark of the ledger. */
const KEYS = 300;

const organizations = Array.from({ length: 10 }, () => newId('org'));
const callers = Array.from({ length: KEYS }, (_, key) => ({
  organizationId: organizations[key % organizations.length] as string,
  teamId: newId('team'),
  keyId: newId('key'),
  memberId: newId('mem'),
  serviceAccountId: null,
}));
const served = { deploymentId: newId('dep'), provider: 'openai' };
/** A decision over twenty limits, as the journal has it. */
const decision = `aZ19_-bC3dEfGhIj;${Array.from({ length: 20 }, (_, index) => `${index * 7},${index}`).join(';')}`;

/** Returns the ids of the organizations whose requests these are. */
export function organizationsOfLoad(): readonly string[] {
  return organizations;
}

/** Writes the first half day from `fromMs`. Returns the journal's bytes for each request, a begin and an end. */
export async function writeHalfDay(database: OpenDatabase, fromMs: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'headgate-sizes-'));
  const refuse = (what: unknown) => {
    throw new Error(String(what));
  };
  const journal = await openJournal({ directory, installationId: 'sizes', bytesMax: 4e9, onEvent: () => {}, onDefect: refuse });
  const writer = createLedgerWriter({
    database,
    partitions: newPartitions(database.db, database.kind),
    source: journal,
    clock: systemClock,
    rejectsPath: join(directory, 'rejected.log'),
    onEvent: () => {},
  });
  for (let number = 0; number < WRITTEN; number += 1) {
    const end = endOf(number, fromMs);
    journal.begin({
      ...end,
      ...HELD,
      upstreamModel: MODEL,
      priceId: PRICE,
      deploymentId: served.deploymentId,
      provider: served.provider,
    });
    journal.end(end);
    if (number % 500 === 499) await new Promise<void>((resolve) => journal.whenWritten(() => resolve(), end.requestId));
  }
  const bytes = journal.stats().bytes / WRITTEN;
  await writer.stop(600_000);
  const { stored } = writer.lag();
  await journal.close();
  rmSync(directory, { recursive: true });
  if (stored !== WRITTEN) throw new Error(`${stored} of ${WRITTEN} requests were stored`);
  return bytes;
}

const MODEL = 'gpt-5-nano-2025-08-07';
const PRICE = newId('price');
const HELD = { heldInputTokens: 300, heldOutputTokens: 400, heldNanoUsd: 175_000 };

function endOf(number: number, fromMs: number): EndRecord {
  const admittedAtMs = fromMs + Math.floor((number * HALF_DAY_MS) / WRITTEN);
  // Few keys have most of the traffic.
  const caller = callers[Math.floor(KEYS * ((number * 0.618034) % 1) ** 2)] as (typeof callers)[0];
  return {
    ...caller,
    ...served,
    calledName: 'gpt-5-nano',
    requestId: requestId(admittedAtMs),
    clientRequestId: null,
    admittedAtMs,
    status: 'succeeded',
    httpStatus: 200,
    code: null,
    param: null,
    endpoint: 'chat_completions',
    stream: false,
    attempts: 1,
    finishReason: 'stop',
    gatewayUs: 312,
    providerMs: 453,
    firstTokenMs: null,
    entries: [
      {
        ...{ attempt: 1, kind: 'usage', ...served, upstreamModel: MODEL, priceId: PRICE },
        ...{
          usage: { input: 321, cached_input: 100, output: 55 },
          nanoUsd: 123_456 + number,
          serviceTier: null,
          unpricedUnits: null,
        },
      },
    ],
    decision,
    count: 1,
    repeatIds: [],
    content: null,
    tried: null,
    tags: [],
    tagRoute: '',
  };
}

/** Copies the first half day to the half days from 1 up to, not including, `until`. */
export async function copyHalfDays(
  { pool }: OpenDatabase,
  fromMs: number,
  until: number,
  doing: (what: string) => void,
): Promise<void> {
  const toMs = fromMs + HALF_DAY_MS;
  const within = (column: string) => `${column} >= to_timestamp(${fromMs / 1_000}) and ${column} < to_timestamp(${toMs / 1_000})`;
  for (let half = 1; half < until; half += 1) {
    doing(`copies half day ${half} of ${until}`);
    const later = (column: string) => `${column} + interval '${half * 12} hours'`;
    // The first six bytes are the time, and one of the random ones makes the id another.
    const id = `set_byte(set_byte(request_id, 14, ${half % 256}), 5, ${half % 256})`;
    for (const [table, time, filled] of COPIED) {
      const columns = await columnsOf(pool, table, filled);
      const values = columns.map((name) => (name === time ? later(time) : name === 'request_id' ? id : name));
      await pool.query(
        `insert into ${table} (${columns.join(', ')}) select ${values.join(', ')} from ${table} where ${within(time)} order by ${time}`,
      );
    }
  }
}

/** Each table with its time, and the columns that the database fills. Triggers make the coarser sums of the rollups. */
const COPIED = [
  ['request_records', 'admitted_at', ['stored_by']],
  ['ledger_records', 'admitted_at', ['created_at']],
  ['rollups', 'bucket_start', []],
] as const;

async function columnsOf(pool: OpenDatabase['pool'], table: string, but: readonly string[]): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = '${table}'::regclass and attnum > 0 and not attisdropped order by attnum`,
  );
  return rows.map(({ name }) => name).filter((name) => !but.includes(name));
}
