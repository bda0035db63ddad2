/**
 * Stores lines of the journal in the database: punctual rows with one statement, late rows together with their organizations'
 * days.
 */
import type { PoolClient, QueryResultRow } from 'pg';
import type { RowBatch } from '../domain/usage/settled-rows.ts';
import type { Clock } from '../lib/timing/clock.ts';
import type { OpenDatabase } from '../store/database.ts';
import { isAboutTheRows, storeErrorFrom } from '../store/errors.ts';
import type { Partitions } from '../store/partitions.ts';
import { StoredSince } from '../store/past/stored-since.ts';
import { type CatchUp, OtherHistory } from './catch-up.ts';
import { LATE_AFTER_MS, type RunQuery, rowsBefore, storeLate } from './late-rows.ts';
import { STORE_STATEMENTS, statementFor } from './ledger-statement.ts';

export interface LineStoreOptions {
  readonly database: OpenDatabase;
  readonly partitions: Partitions;
  readonly clock: Clock;
  /** The statement timeout in milliseconds (10,000 unless given). After it the statement counts as lost with its connection. */
  readonly statementMsMax?: number;
}

interface StoredRow extends QueryResultRow {
  readonly stored: number;
  readonly xid: string;
  readonly at_ms: number;
}

/** The milliseconds without a statement after which the database's time is read again. */
const CLOCK_MS_MAX = 5_000;

export class LineStore {
  /** Tracks stored rows, for readers that must know exactly which rows they see. */
  readonly since = new StoredSince();
  readonly #o: LineStoreOptions;
  readonly #catchUp: CatchUp;
  /** The database's clock at its last answer, and our clocks then. */
  #clock: { readonly databaseMs: number; readonly wallMs: number; readonly monotonicMs: number } | null = null;

  constructor(options: LineStoreOptions, catchUp: CatchUp) {
    this.#o = options;
    this.#catchUp = catchUp;
  }

  /**
   * Stores lines `from` up to `to` of a batch, in one transaction. Returns how many rows were new. Throws OtherHistory, or the
   * database's error.
   */
  async insert(batch: RowBatch, from: number, to: number): Promise<number> {
    // Nearly every batch is of one month. A row with an impossible time is detected when it is alone.
    await this.#o.partitions.ensure(to - from === batch.starts.length ? batch.monthsMs : monthsOf(batch, from, to));
    const client = await this.#o.database.pool.connect();
    let isBroken = false;
    try {
      await this.#catchUp.check(client);
      const stored = await this.#store(client, batch, from, to);
      this.#catchUp.stored(batch, stored);
      return stored;
    } catch (error) {
      // After a failed transaction the connection cannot be used.
      isBroken = !(error instanceof OtherHistory) && !isAboutTheRows(storeErrorFrom(error));
      throw error;
    } finally {
      client.release(isBroken);
    }
  }

  async #store(client: PoolClient, batch: RowBatch, from: number, to: number): Promise<number> {
    const bytes = batch.bytes.subarray(batch.starts[from], batch.starts[to] ?? batch.bytes.length);
    // The last line feed would begin an empty line.
    const lines = bytes.subarray(0, -1);
    const run: RunQuery = ({ text, values = [] }) => {
      const query = { text, values: [...values], query_timeout: this.#o.statementMsMax ?? 10_000 };
      return client.query(query);
    };
    const lateBeforeMs = (await this.#nowMs(run)) - LATE_AFTER_MS;
    const sending = this.since.sending(batch, from, to);
    try {
      const { rows } =
        oldestMs(batch, from, to) >= lateBeforeMs
          ? await run<StoredRow>({ text: statementFor(lines, STORE_STATEMENTS), values: [lines] })
          : await storeLate<StoredRow>(run, rowsBefore(linesOf(batch, from, to), lateBeforeMs), lines);
      const [row] = rows as readonly [StoredRow, ...StoredRow[]];
      sending.stored(row.xid);
      this.#clock = this.#heard(row.at_ms);
      return row.stored;
    } catch (error) {
      if (isAboutTheRows(storeErrorFrom(error))) sending.refused();
      else sending.lost();
      throw error;
    }
  }

  /**
   * Returns the database's time, which the fold uses: ours may be wrong, and a machine that was asleep does not know that it is
   * late.
   */
  async #nowMs(run: RunQuery): Promise<number> {
    const known = this.#clock;
    const { clock } = this.#o;
    if (known !== null) {
      const sinceMs = clock.monotonicMs() - known.monotonicMs;
      if (sinceMs < CLOCK_MS_MAX && Math.abs(clock.nowMs() - known.wallMs) < CLOCK_MS_MAX) return known.databaseMs + sinceMs;
    }
    const { rows } = await run<Pick<StoredRow, 'at_ms'>>({
      text: 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as at_ms',
    });
    const [{ at_ms: databaseMs }] = rows as readonly [Pick<StoredRow, 'at_ms'>, ...unknown[]];
    this.#clock = this.#heard(databaseMs);
    return databaseMs;
  }

  #heard(databaseMs: number) {
    const { clock } = this.#o;
    return { databaseMs, wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  }
}

function linesOf(batch: RowBatch, from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, index) => lineOf(batch, from + index));
}

/** Returns one line of a batch as text. */
export function lineOf(batch: RowBatch, index: number): string {
  return batch.bytes.toString('utf8', batch.starts[index], batch.starts[index + 1] ?? batch.bytes.length);
}

function monthsOf(batch: RowBatch, from: number, to: number): readonly number[] {
  const times: number[] = [];
  for (let i = from; i < to; i++) {
    const [tag, , admittedAtMs] = lineOf(batch, i).split('\t', 3);
    if (tag === 'E') times.push(Number(admittedAtMs));
  }
  return times;
}

const TAB = 9;
const ZERO = 48;
const END_TAG = 'E'.charCodeAt(0);

/** Returns the admission time of the oldest row: the third field, read digit by digit. Infinity if there is none. */
function oldestMs({ bytes, starts }: RowBatch, from: number, to: number): number {
  let oldest = Number.POSITIVE_INFINITY;
  for (let index = from; index < to; index += 1) {
    let at = starts[index] as number;
    if (bytes[at] !== END_TAG) continue;
    at += 2;
    while (at < bytes.length && bytes[at] !== TAB) at += 1;
    let ms = 0;
    for (at += 1; at < bytes.length && bytes[at] !== TAB; at += 1) ms = ms * 10 + ((bytes[at] as number) - ZERO);
    if (ms < oldest) oldest = ms;
  }
  return oldest;
}
