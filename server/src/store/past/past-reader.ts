/**
 * Reads the past of counters, and makes progress however many questions wait. Short statements answer many questions together
 * from days and months. The other questions are read in pieces, in turn, so that a long past does not delay the rest. No question
 * is dropped: it is answered even after its callers gave up.
 */
import type { Database } from '../database.ts';
import type { FoldMark } from '../folds/folds.ts';
import type { UsePoint } from '../usage/usage.ts';
import type { Span } from '../usage/usage-rows.ts';
import { asFolded, type FoldedQuestion, foldedSums, marksOf, type PastQuestion } from './folded-past.ts';
import { type Scan, scanSums, scansOf } from './past-scan.ts';
import { UnknownSnapshot } from './stored-since.ts';

/**
 * The means by which an answer counts each row exactly once while rows are settled and stored. `Fixed` is the state that is kept
 * about the moment of an answer.
 */
export interface Exactness<Question extends PastQuestion, Fixed> {
  /**
   * Fixes the moment of each question. Null if its answer is no longer wanted. Resolves when the ledger can be read as of that
   * moment.
   */
  fix(questions: readonly Question[]): Promise<readonly (Fixed | null)[]>;
  /**
   * Reads with `run`. For each part, returns the points to add so that it is exact as of its moment; negative amounts are
   * subtracted. Throws UnknownSnapshot if they cannot be known. The caller then fixes and reads the questions again.
   */
  read<T extends { readonly snapshot: string }>(
    parts: readonly (Span & { readonly question: Question; readonly fixed: Fixed })[],
    run: (db: Database) => Promise<T>,
  ): Promise<{ readonly found: T; readonly moves: readonly (readonly UsePoint[])[] }>;
  /** Called when a question is answered or given up. */
  release(fixed: Fixed): void;
}

export interface PastReader<Question extends PastQuestion> {
  /**
   * Returns what the counter would have counted from `fromMs` up to `toMs`: one point at `fromMs`, or ordered points no wider
   * than its slots.
   */
  ask(question: Question): Promise<readonly UsePoint[]>;
  /** Returns the number of questions answered since the start. While it grows, it is worth waiting. */
  answered(): number;
}

/**
 * The questions of one statement about days. Each reads up to 80 rows, usually fewer than 40. Then the number of concurrent
 * statements.
 */
const FOLDED_AT_ONCE = 500;
const FOLDED_STATEMENTS = 3;
/** The most rows of one piece of pasts that are read row by row. The first piece of each is shorter. */
const ROWS_MAX = 20_000;
const FIRST_ROWS = 500;
const SCAN_STATEMENTS = 2;
/** The most tries of a question whose snapshot is unknown, because the database was unavailable in between. */
const TRIES_MAX = 5;
const MARKS_MAX = 20_000;

interface Asked<Question> {
  readonly question: Question;
  readonly answer: (points: readonly UsePoint[]) => void;
  readonly fail: (error: unknown) => void;
  tries: number;
}

interface OfDays<Question> {
  readonly asked: Asked<Question>;
  readonly folded: FoldedQuestion;
}

interface Scanned<Question, Fixed> extends Asked<Question> {
  readonly fixed: Fixed;
  scans: readonly Scan[];
  readonly points: UsePoint[];
  rowsMax: number;
}

/** Creates a reader for all counters of a process. It runs at most three statements of days and two scans at a time. */
export function createPastReader<Question extends PastQuestion, Fixed>(
  db: Database,
  exactness: Exactness<Question, Fixed>,
): PastReader<Question> {
  return new Reader(db, exactness);
}

class Reader<Question extends PastQuestion, Fixed> implements PastReader<Question> {
  readonly #db: Database;
  readonly #exactness: Exactness<Question, Fixed>;
  readonly #waiting: Asked<Question>[] = [];
  readonly #toScan: Asked<Question>[] = [];
  readonly #scanning: Scanned<Question, Fixed>[] = [];
  readonly #marks = new Map<string, FoldMark>();
  /** The numbers of statements that run now. */
  #foldedStatements = 0;
  #scanStatements = 0;
  #answers = 0;
  #isDue = false;

  constructor(db: Database, exactness: Exactness<Question, Fixed>) {
    this.#db = db;
    this.#exactness = exactness;
  }

  ask(question: Question): Promise<readonly UsePoint[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly UsePoint[]>();
    const answer = (points: readonly UsePoint[]) => {
      this.#answers += 1;
      resolve(points);
    };
    this.#waiting.push({ question, answer, fail: reject, tries: 0 });
    // Wait for the other questions of this synchronous call: a plan asks for each of its counters.
    if (!this.#isDue) queueMicrotask(() => this.#next());
    this.#isDue = true;
    return promise;
  }

  /** An arrow function, because callers pass it on without the reader. */
  readonly answered = () => this.#answers;

  #next(): void {
    this.#isDue = false;
    while (this.#foldedStatements < FOLDED_STATEMENTS && this.#waiting.length > 0) {
      this.#foldedStatements += 1;
      this.#answerFolded(this.#waiting.splice(0, FOLDED_AT_ONCE)).finally(() => {
        this.#foldedStatements -= 1;
        this.#next();
      });
    }
    while (this.#scanStatements < SCAN_STATEMENTS && this.#toScan.length + this.#scanning.length > 0) {
      this.#scanStatements += 1;
      this.#scanSome().finally(() => {
        this.#scanStatements -= 1;
        this.#next();
      });
    }
  }

  /** Answers questions from days and months, and queues the others to be scanned. */
  async #answerFolded(some: readonly Asked<Question>[]): Promise<void> {
    try {
      await this.#learnMarks(some);
    } catch (error) {
      return this.#failed(some, error);
    }
    const forDays: OfDays<Question>[] = [];
    for (const asked of some) {
      const { question } = asked;
      const one = asFolded(question, this.#marks.get(question.counter.organizationId) ?? null);
      if (one === null) this.#toScan.push(asked);
      else forDays.push({ asked, folded: one });
    }
    this.#next();
    await this.#readDays(forDays).catch((error: unknown) =>
      this.#failed(
        forDays.map(({ asked }) => asked),
        error,
      ),
    );
  }

  async #readDays(some: readonly OfDays<Question>[]): Promise<void> {
    if (some.length === 0) return;
    const instants = await this.#exactness.fix(some.map(({ asked }) => asked.question));
    const wanted = some.flatMap((one, index) => {
      const fixed = instants[index] ?? null;
      if (fixed === null) one.asked.answer([]);
      return fixed === null ? [] : [{ ...one, fixed, question: one.asked.question, ...spanOf(one.asked.question) }];
    });
    if (wanted.length === 0) return;
    const questions = wanted.map((one) => one.folded);
    try {
      const { found, moves } = await this.#exactness.read(wanted, (at) => foldedSums(at, questions));
      for (const [index, { asked }] of wanted.entries()) {
        const sum = found.sums[index] ?? null;
        if (sum === null) this.#again(asked);
        else asked.answer(calendarPoint(asked.question, [{ atMs: 0, amount: sum.amount }, ...(moves[index] ?? [])]));
      }
    } finally {
      for (const { fixed } of wanted) this.#exactness.release(fixed);
    }
  }

  /** Queues a question again, first in line, because a new fold began after its mark was read. */
  #again(asked: Asked<Question>): void {
    this.#marks.delete(asked.question.counter.organizationId);
    this.#waiting.unshift(asked);
  }

  async #learnMarks(some: readonly Asked<Question>[]): Promise<void> {
    if (this.#marks.size >= MARKS_MAX) this.#marks.clear();
    const ids = new Set(
      some.map(({ question }) => question.counter.organizationId).filter((id) => !isSettled(this.#marks.get(id))),
    );
    if (ids.size === 0) return;
    for (const [id, mark] of await marksOf(this.#db, [...ids])) this.#marks.set(id, mark);
  }

  /** Runs one statement for the scans that are first in line. */
  async #scanSome(): Promise<void> {
    let some: readonly Scanned<Question, Fixed>[] = [];
    try {
      await this.#fixToScan();
      some = this.#takeScans();
      if (some.length === 0) return;
      const rowsMax = Math.min(...some.map((one) => one.rowsMax));
      const parts = some.map((one) => ({ ...one, ...(one.scans[0] as Scan) }));
      const { found, moves } = await this.#exactness.read(parts, (at) =>
        scanSums(
          at,
          parts.map(({ question, scans: [scan] }) => ({ counter: question.counter, scan: scan as Scan })),
          rowsMax,
        ),
      );
      for (const [index, one] of some.entries()) {
        const { points, nextMs } = found.found[index] as (typeof found.found)[number];
        // A correction belongs to this piece only if its time is in the part that was read.
        const toMs = nextMs ?? (one.scans[0] as Scan).toMs;
        one.points.push(
          ...corrected(
            one.question,
            points,
            (moves[index] ?? []).filter(({ atMs }) => atMs < toMs),
          ),
        );
        this.#goOn(one, nextMs);
      }
    } catch (error) {
      for (const { fixed } of some) this.#exactness.release(fixed);
      this.#failed(some, error);
    }
  }

  async #fixToScan(): Promise<void> {
    const some = this.#toScan.splice(0, ROWS_MAX / FIRST_ROWS);
    if (some.length === 0) return;
    try {
      const instants = await this.#exactness.fix(some.map(({ question }) => question));
      for (const [index, asked] of some.entries()) {
        const fixed = instants[index] ?? null;
        if (fixed === null) asked.answer([]);
        else
          this.#scanning.push({
            ...asked,
            fixed,
            scans: scansOf(asked.question.counter, spanOf(asked.question)),
            points: [],
            rowsMax: FIRST_ROWS,
          });
      }
    } catch (error) {
      this.#failed(some, error);
    }
  }

  /** Takes as many scans from the queue as fit, all with pieces of the same length. Pieces of a long past grow. */
  #takeScans(): readonly Scanned<Question, Fixed>[] {
    const rowsMax = this.#scanning[0]?.rowsMax;
    const some: Scanned<Question, Fixed>[] = [];
    for (let at = 0; rowsMax !== undefined && at < this.#scanning.length && (some.length + 1) * rowsMax <= ROWS_MAX; ) {
      const one = this.#scanning[at] as Scanned<Question, Fixed>;
      if (one.scans.length === 0) this.#finish(this.#scanning.splice(at, 1)[0] as Scanned<Question, Fixed>);
      else if (one.rowsMax === rowsMax) some.push(...this.#scanning.splice(at, 1));
      else at += 1;
    }
    return some;
  }

  #goOn(one: Scanned<Question, Fixed>, nextMs: number | null): void {
    const [scan, ...later] = one.scans as [Scan, ...Scan[]];
    one.scans = nextMs === null ? later : [{ ...scan, fromMs: nextMs }, ...later];
    if (nextMs !== null) one.rowsMax = Math.min(ROWS_MAX, one.rowsMax * 4);
    if (one.scans.length === 0) this.#finish(one);
    else this.#scanning.push(one);
  }

  #finish(one: Scanned<Question, Fixed>): void {
    this.#exactness.release(one.fixed);
    const isCalendar = one.question.counter.window.is === 'calendar';
    one.answer(isCalendar ? calendarPoint(one.question, one.points) : one.points.toSorted((a, b) => a.atMs - b.atMs));
  }

  #failed(some: readonly Asked<Question>[], error: unknown): void {
    for (const asked of some) {
      asked.tries += 1;
      if (error instanceof UnknownSnapshot && asked.tries < TRIES_MAX) this.#waiting.push({ ...asked });
      else asked.fail(error);
    }
  }
}

/**
 * Reports whether a mark can be cached: it reaches back to the first request. A new fold invalidates it, which the statement
 * detects.
 */
function isSettled(mark: FoldMark | undefined): boolean {
  return mark !== undefined && mark.fold > 0 && mark.sinceMs === 0;
}

function spanOf({ fromMs, toMs }: PastQuestion): Span {
  return { fromMs, toMs };
}

function calendarPoint({ fromMs }: PastQuestion, points: readonly UsePoint[]): readonly UsePoint[] {
  const amount = points.reduce((sum, point) => sum + point.amount, 0);
  return amount <= 0 ? [] : [{ atMs: fromMs, amount }];
}

/**
 * Adds positive moves, and subtracts negative ones from the first point that is not before them: a point's time is the end of its
 * usage.
 */
function corrected({ counter }: PastQuestion, points: readonly UsePoint[], moves: readonly UsePoint[]): readonly UsePoint[] {
  if (moves.length === 0 || counter.window.is === 'calendar') return [...points, ...moves];
  const left = [...points, ...moves.filter(({ amount }) => amount > 0)].map((point) => ({ ...point }));
  for (const { atMs, amount } of moves.filter((move) => move.amount < 0)) {
    const point = left.length === 1 ? left[0] : left.find((one) => one.atMs >= atMs && one.amount >= -amount);
    if (point !== undefined) point.amount += amount;
  }
  return left.filter(({ amount }) => amount > 0);
}
