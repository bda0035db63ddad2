/**
 * Takes settled requests from the journal and stores them, in order, in batches, exactly once. While the database is unreachable
 * it waits and retries. A row that the database refuses is set aside and does not block others.
 */
import { appendFileSync } from 'node:fs';
import type { RowBatch, RowPosition } from '../domain/usage/settled-rows.ts';
import { describeDefect } from '../lib/defect.ts';
import { isAboutTheRows, isTooSlow, StoreConflict, StoreUnavailable, storeErrorFrom } from '../store/errors.ts';
import type { Follower } from '../store/past/stored-since.ts';
import { CatchUp, OtherHistory } from './catch-up.ts';
import type { LedgerLag, LedgerWriter, LedgerWriterOptions } from './ledger-writing.ts';
import { LineStore, lineOf } from './line-store.ts';
import { OldestRow } from './oldest-row.ts';

export type { LedgerEvent, LedgerWriter, LedgerWriterOptions } from './ledger-writing.ts';

const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 2_000;
/** The milliseconds of failures after which waiting callers get an error. Shorter failures are worth waiting for. */
const AWAY_AFTER_MS = 500;
const ROWS_MIN = 50;

/** Creates the writer and starts storing at once. */
export function createLedgerWriter(options: LedgerWriterOptions): LedgerWriter {
  const writer = new Writer(options);
  writer.run();
  return writer;
}

interface Waiting {
  readonly place: RowPosition;
  readonly work: () => Promise<void>;
  readonly giveUp: (error: Error) => void;
}

class Writer implements LedgerWriter {
  readonly #options: LedgerWriterOptions;
  readonly #catchUp: CatchUp;
  readonly #lines: LineStore;
  readonly #everyMs: number;
  readonly #bytesMax: number;
  /** The rows of the next batch. Halved when a batch takes too long, so that a slow database still makes progress. */
  #rowsNow: number;
  readonly #rowsMax: number;
  #barriers: Waiting[] = [];
  readonly #oldest = new OldestRow();
  #failingSinceMs: number | null = null;
  #toldUnreachable = false;
  #failures = 0;
  /** The number of consecutive rounds that ended in a defect. */
  #defects = 0;
  /** True if the database continues with another history, and the catch-up has not begun yet. */
  #isOtherHistory = false;
  #rejected = 0;
  #stored = 0;
  #stopping: 'no' | 'when_empty' | 'now' = 'no';
  #stopped: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};

  constructor(options: LedgerWriterOptions) {
    this.#options = options;
    this.#catchUp = new CatchUp(options);
    this.#lines = new LineStore(options, this.#catchUp);
    this.#everyMs = options.everyMs ?? 100;
    this.#rowsMax = options.rowsMax ?? 5_000;
    this.#rowsNow = this.#rowsMax;
    this.#bytesMax = options.bytesMax ?? 8 * 1024 * 1024;
  }

  run(): void {
    this.#stopped = this.#storeForEver();
  }

  barrier<T>(work: () => Promise<T>, msMax = 2_000): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => giveUp(unavailable('storing the settled rows took too long')), msMax);
      const giveUp = (error: Error) => {
        clearTimeout(timer);
        this.#barriers = this.#barriers.filter((other) => other !== waiting);
        abandon();
        reject(error);
      };
      let abandon = () => {};
      const abandoned = new Promise<void>((done) => {
        abandon = done;
      });
      // The writer continues after the timeout, even if the work does not end.
      const attempt = async () => work();
      const run = () => Promise.race([abandoned, attempt().then(resolve, reject)]).finally(() => clearTimeout(timer));
      const waiting: Waiting = { place: this.#placeOrGiveUp(giveUpEarly), work: run, giveUp };
      function giveUpEarly(error: Error): never {
        clearTimeout(timer);
        throw error;
      }
      this.#barriers.push(waiting);
      this.#wake();
    });
  }

  follow(): Follower {
    const { promise: reached, resolve, reject } = Promise.withResolvers<void>();
    let following: Omit<Follower, 'reached'> | null = null;
    const giveUp = (error: Error): never => {
      throw error;
    };
    const waiting: Waiting = {
      place: this.#placeOrGiveUp(giveUp),
      work: async () => {
        following = this.#lines.since.follow();
        resolve();
      },
      giveUp: (error) => {
        this.#barriers = this.#barriers.filter((other) => other !== waiting);
        reject(error);
      },
    };
    reached.catch(() => {}); // The follower sees the error when it waits.
    this.#barriers.push(waiting);
    this.#wake();
    return {
      reached,
      usesIn: async (snapshot) => (following === null ? [] : following.usesIn(snapshot)),
      end: () => {
        this.#barriers = this.#barriers.filter((other) => other !== waiting);
        following?.end();
      },
    };
  }

  #placeOrGiveUp(giveUp: (error: Error) => never): RowPosition {
    if (this.#stopping === 'now') giveUp(unavailable('the ledger writer has stopped'));
    if (this.#isUnreachable()) giveUp(unavailable('the database cannot be reached'));
    try {
      return this.#options.source.position();
    } catch (error) {
      return giveUp(unavailable(error instanceof Error ? error.message : String(error)));
    }
  }

  lag(): LedgerLag {
    const { rows, bytes } = this.#options.source.backlog();
    const ageMs = rows === 0 ? 0 : this.#oldest.ageMs(this.#options.clock.monotonicMs());
    const database = this.#isUnreachable() ? 'away' : 'ok';
    return { rows, bytes, ageMs, rejected: this.#rejected, stored: this.#stored, database };
  }

  async stop(msMax: number): Promise<void> {
    if (this.#stopping === 'no') this.#stopping = 'when_empty';
    try {
      this.#options.source.position(); // Includes what was settled in this turn.
    } catch {} // What cannot be written cannot be stored either; its `begin` record stands for it.
    this.#wake();
    const timer = setTimeout(() => {
      this.#stopping = 'now';
      this.#wake();
    }, msMax);
    await this.#stopped;
    clearTimeout(timer);
  }

  /** Runs until the stop. Without it nobody stores rows, the journal fills up, and requests are refused. */
  async #storeForEver(): Promise<void> {
    while (this.#stopping !== 'now') {
      try {
        if (this.#isOtherHistory) this.#catchUp.begin();
        this.#isOtherHistory = false;
        if ((await this.#round()) === 'done') break;
        this.#defects = 0;
      } catch (error) {
        if (!(error instanceof OtherHistory)) await this.#metDefect(error);
        else {
          this.#lines.since.doubt();
          this.#isOtherHistory = true;
        }
      }
    }
    this.#stopping = 'now';
    this.#giveUpBarriers(unavailable('the ledger writer has stopped'));
  }

  /** Waits longer after each defect, even if callers are waiting. */
  #metDefect(error: unknown): Promise<void> {
    this.#options.onEvent({ is: 'defect', ...describeDefect(error) });
    const backoffMs = backoff(this.#defects);
    this.#defects += 1;
    return this.#pause(backoffMs, () => this.#stopping === 'now');
  }

  /** Runs one round. Throws OtherHistory before anything is stored in another history. */
  async #round(): Promise<'done' | 'goes_on'> {
    const startedMs = this.#options.clock.monotonicMs();
    // While the source is read, more may be settled, or a barrier or the stop may arrive: the next round serves them.
    const endsWhenEmpty = this.#stopping === 'when_empty';
    const barrier = this.#barriers[0] ?? null;
    const again = this.#catchUp.until;
    const batch = await this.#next(again ?? barrier?.place ?? null);
    if (batch === 'unreadable') return 'goes_on';
    if (batch === null) {
      if (again !== null) this.#catchUp.end();
      else if (barrier !== null) await this.#serveBarriers(barrier.place);
      else if (endsWhenEmpty) return 'done';
      else if (this.#stopping === 'no' && this.#barriers.length === 0) {
        this.#oldest.none();
        // After a check there may be work to do whose wake-up came during the check.
        if ((await this.#catchUp.lookNowAndThen()) === 'not_yet') await this.#pause(this.#everyMs);
      }
      return 'goes_on';
    }
    this.#oldest.waiting(this.#options.source.backlog().rows, startedMs);
    if ((await this.#store(batch, 0, batch.starts.length)) === 'stopped') return 'done';
    this.#oldest.stored(batch.starts.length);
    if (!batch.isAgain) this.#tellStored(batch);
    this.#options.source.stored(batch.end);
    const isBacklog = batch.starts.length >= this.#rowsNow || this.#hasMoreToDo();
    if (!isBacklog) await this.#pause(this.#everyMs - (this.#options.clock.monotonicMs() - startedMs));
    return 'goes_on';
  }

  /** Calls the listener. If it throws, the rows stay stored, and an event reports the error. */
  #tellStored(batch: RowBatch): void {
    try {
      this.#options.onStored?.(batch);
    } catch (error) {
      this.#options.onEvent({ is: 'untold', message: error instanceof Error ? error.message : String(error) });
    }
  }

  #hasMoreToDo(): boolean {
    return this.#barriers.length > 0 || this.#catchUp.until !== null || this.#stopping !== 'no';
  }

  /** Reads the next batch. If a file cannot be read now, waits as for an unreachable database. */
  async #next(until: RowPosition | null): Promise<RowBatch | null | 'unreadable'> {
    try {
      return await this.#options.source.next({ rowsMax: this.#rowsNow, bytesMax: this.#bytesMax, until });
    } catch (error) {
      await this.#failed(error);
      return 'unreadable';
    }
  }

  /** Runs the barriers at this place together: everything before it is stored, and nothing is stored meanwhile. */
  async #serveBarriers(place: RowPosition): Promise<void> {
    await this.#catchUp.look();
    const due = this.#barriers.filter((waiting) => samePlace(waiting.place, place));
    this.#barriers = this.#barriers.filter((waiting) => !samePlace(waiting.place, place));
    await Promise.all(due.map((waiting) => waiting.work()));
  }

  #giveUpBarriers(error: Error): void {
    for (const waiting of [...this.#barriers]) waiting.giveUp(error);
  }

  /** Stores lines `from` up to `to` of a batch. Returns only when they are stored or set aside, or when the writer stops. */
  async #store(batch: RowBatch, from: number, to: number): Promise<'stored' | 'stopped'> {
    for (;;) {
      if (this.#stopping === 'now') return 'stopped';
      try {
        await this.#insert(batch, from, to);
        this.#succeeded();
        return 'stored';
      } catch (thrown) {
        if (thrown instanceof OtherHistory) throw thrown;
        const error = storeErrorFrom(thrown);
        if (isAboutTheRows(error)) {
          if (to - from > 1) return this.#storeHalves(batch, from, to);
          if (await this.#reject(lineOf(batch, from), error)) return 'stored';
          continue;
        }
        if (isTooSlow(thrown)) this.#rowsNow = Math.max(ROWS_MIN, Math.min(this.#rowsNow, to - from) >> 1);
        await this.#failed(error);
        if (to - from > this.#rowsNow) return this.#storeHalves(batch, from, to);
      }
    }
  }

  async #storeHalves(batch: RowBatch, from: number, to: number): Promise<'stored' | 'stopped'> {
    const middle = (from + to) >> 1;
    if ((await this.#store(batch, from, middle)) === 'stopped') return 'stopped';
    return this.#store(batch, middle, to);
  }

  async #insert(batch: RowBatch, from: number, to: number): Promise<void> {
    this.#stored += await this.#lines.insert(batch, from, to);
  }

  #succeeded(): void {
    this.#rowsNow = Math.min(this.#rowsMax, this.#rowsNow * 2);
    this.#failures = 0;
    if (this.#failingSinceMs === null) return;
    const afterMs = this.#options.clock.monotonicMs() - this.#failingSinceMs;
    this.#failingSinceMs = null;
    if (this.#toldUnreachable) this.#options.onEvent({ is: 'back', afterMs });
    this.#toldUnreachable = false;
  }

  async #failed(error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    this.#failingSinceMs ??= this.#options.clock.monotonicMs();
    if (!(error instanceof StoreConflict) && !this.#toldUnreachable) {
      this.#toldUnreachable = true;
      this.#options.onEvent({ is: 'unreachable', message });
    }
    if (this.#isUnreachable()) this.#giveUpBarriers(unavailable('the database cannot be reached'));
    const backoffMs = backoff(this.#failures);
    this.#failures += 1;
    await this.#pause(backoffMs);
  }

  #isUnreachable(): boolean {
    return this.#failingSinceMs !== null && this.#options.clock.monotonicMs() - this.#failingSinceMs >= AWAY_AFTER_MS;
  }

  /** Sets a row aside. Waits if even that cannot be written, because the row records money spent. */
  async #reject(line: string, error: unknown): Promise<boolean> {
    const message = error instanceof Error ? error.message : String(error);
    try {
      appendFileSync(this.#options.rejectsPath, `# ${new Date(this.#options.clock.nowMs()).toISOString()} ${message}\n${line}`, {
        mode: 0o600,
      });
    } catch (failure) {
      await this.#failed(failure);
      return false;
    }
    this.#rejected += 1;
    this.#options.onEvent({ is: 'rejected', requestId: line.split('\t')[1] ?? '', message });
    return true;
  }

  #pause(ms: number, mayWake = () => true): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, ms));
      this.#wake = () => {
        if (!mayWake()) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function backoff(failures: number): number {
  return Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** failures);
}

function samePlace(a: RowPosition, b: RowPosition): boolean {
  return a.segment === b.segment && a.offset === b.offset;
}

function unavailable(message: string): StoreUnavailable {
  return new StoreUnavailable(message, '08006');
}
