/**
 * Reads the past of counters, however many ask at once, so that it always goes forward. What days and months can tell is asked for together, in
 * short statements; the rest is read in pieces, in turn, so that no long past holds up the others. Nobody's question is dropped: an answer that
 * comes after its askers gave up is an answer all the same.
 */
import type { Database } from '../database.ts';
import type { FoldMark } from '../folds/folds.ts';
import type { UsePoint } from '../usage/usage.ts';
import type { Span } from '../usage/usage-rows.ts';
import { asFolded, type FoldedQuestion, foldedSums, marksOf, type PastQuestion } from './folded-past.ts';
import { type Scan, scanSums, scansOf } from './past-scan.ts';
import { UnknownSnapshot } from './stored-since.ts';

/**
 * How an answer comes to hold each row exactly once, while rows are settled and stored. `Fixed` is what is remembered of the instant that an
 * answer is of.
 */
export interface Exactness<Question extends PastQuestion, Fixed> {
  /** Fixes the instant for each question; null where its answer is not wanted any longer. Resolves when the ledger can be read as of then. */
  fix(questions: readonly Question[]): Promise<readonly (Fixed | null)[]>;
  /**
   * Reads with `run`, and says for each part what of it must be added to be of its instant, as points; negative amounts are to be taken away.
   * Throws UnknownSnapshot when that cannot be told: the questions are then fixed and read anew.
   */
  read<T extends { readonly snapshot: string }>(
    parts: readonly (Span & { readonly question: Question; readonly fixed: Fixed })[],
    run: (db: Database) => Promise<T>,
  ): Promise<{ readonly found: T; readonly moves: readonly (readonly UsePoint[])[] }>;
  /** A question is answered, or given up. */
  release(fixed: Fixed): void;
}

export interface PastReader<Question extends PastQuestion> {
  /** What the counter would have counted from `fromMs` up to `toMs`: one point at `fromMs`, or points no wider than its slots in their order. */
  ask(question: Question): Promise<readonly UsePoint[]>;
  /** How many questions were answered since the start: while it rises, waiting has a point. */
  answered(): number;
}

/** So many questions of days, each up to 80 rows though nearly always below forty, and so many such statements at a time. */
const FOLDED_AT_ONCE = 500;
const FOLDED_STATEMENTS = 3;
/** So many rows in one piece of pasts that are read row by row; the first look at each is shorter. */
const ROWS_MAX = 20_000;
const FIRST_ROWS = 500;
const SCAN_STATEMENTS = 2;
/** Tries until a snapshot is known: each time the database went away in between. */
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

export function createPastReader<Question extends PastQuestion, Fixed>(
  db: Database,
  exactness: Exactness<Question, Fixed>,
): PastReader<Question> {
  const waiting: Asked<Question>[] = [];
  const toScan: Asked<Question>[] = [];
  const scanning: Scanned<Question, Fixed>[] = [];
  const marks = new Map<string, FoldMark>();
  let [folded, scans, answers, isDue] = [0, 0, 0, false];

  return {
    ask: (question) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly UsePoint[]>();
      const answer = (points: readonly UsePoint[]) => {
        answers += 1;
        resolve(points);
      };
      waiting.push({ question, answer, fail: reject, tries: 0 });
      // Not before the others of this turn have asked, of whom there are as many as a plan has counters.
      if (!isDue) queueMicrotask(next);
      isDue = true;
      return promise;
    },
    answered: () => answers,
  };

  function next(): void {
    isDue = false;
    while (folded < FOLDED_STATEMENTS && waiting.length > 0) {
      folded += 1;
      answerFolded(waiting.splice(0, FOLDED_AT_ONCE)).finally(() => {
        folded -= 1;
        next();
      });
    }
    while (scans < SCAN_STATEMENTS && toScan.length + scanning.length > 0) {
      scans += 1;
      scanSome().finally(() => {
        scans -= 1;
        next();
      });
    }
  }

  /** Those that days cannot answer are put in line to be scanned. */
  async function answerFolded(some: readonly Asked<Question>[]): Promise<void> {
    try {
      await learnMarks(some);
    } catch (error) {
      return failed(some, error);
    }
    const forDays: OfDays<Question>[] = [];
    for (const asked of some) {
      const { question } = asked;
      const one = asFolded(question, marks.get(question.counter.organizationId) ?? null);
      if (one === null) toScan.push(asked);
      else forDays.push({ asked, folded: one });
    }
    next();
    await readDays(forDays).catch((error: unknown) =>
      failed(
        forDays.map(({ asked }) => asked),
        error,
      ),
    );
  }

  async function readDays(some: readonly OfDays<Question>[]): Promise<void> {
    if (some.length === 0) return;
    const instants = await exactness.fix(some.map(({ asked }) => asked.question));
    const wanted = some.flatMap((one, index) => {
      const fixed = instants[index] ?? null;
      if (fixed === null) one.asked.answer([]);
      return fixed === null ? [] : [{ ...one, fixed, question: one.asked.question, ...spanOf(one.asked.question) }];
    });
    if (wanted.length === 0) return;
    const questions = wanted.map((one) => one.folded);
    try {
      const { found, moves } = await exactness.read(wanted, (at) => foldedSums(at, questions));
      for (const [index, { asked }] of wanted.entries()) {
        const sum = found.sums[index] ?? null;
        if (sum === null) again(asked);
        else asked.answer(calendarPoint(asked.question, [{ atMs: 0, amount: sum.amount }, ...(moves[index] ?? [])]));
      }
    } finally {
      for (const { fixed } of wanted) exactness.release(fixed);
    }
  }

  /** The fold began anew since its mark was read. */
  function again(asked: Asked<Question>): void {
    marks.delete(asked.question.counter.organizationId);
    waiting.unshift(asked);
  }

  async function learnMarks(some: readonly Asked<Question>[]): Promise<void> {
    if (marks.size >= MARKS_MAX) marks.clear();
    const ids = new Set(some.map(({ question }) => question.counter.organizationId).filter((id) => !isSettled(marks.get(id))));
    if (ids.size === 0) return;
    for (const [id, mark] of await marksOf(db, [...ids])) marks.set(id, mark);
  }

  /** One statement for those that are first in line. */
  async function scanSome(): Promise<void> {
    let some: readonly Scanned<Question, Fixed>[] = [];
    try {
      await fixToScan();
      some = takeScans();
      if (some.length === 0) return;
      const rowsMax = Math.min(...some.map((one) => one.rowsMax));
      const parts = some.map((one) => ({ ...one, ...(one.scans[0] as Scan) }));
      const { found, moves } = await exactness.read(parts, (at) =>
        scanSums(
          at,
          parts.map(({ question, scans: [scan] }) => ({ counter: question.counter, scan: scan as Scan })),
          rowsMax,
        ),
      );
      for (const [index, one] of some.entries()) {
        const { points, nextMs } = found.found[index] as (typeof found.found)[number];
        // What is stored later than the piece was read belongs to the piece only as far as it was read.
        const toMs = nextMs ?? (one.scans[0] as Scan).toMs;
        one.points.push(
          ...corrected(
            one.question,
            points,
            (moves[index] ?? []).filter(({ atMs }) => atMs < toMs),
          ),
        );
        goOn(one, nextMs);
      }
    } catch (error) {
      for (const { fixed } of some) exactness.release(fixed);
      failed(some, error);
    }
  }

  async function fixToScan(): Promise<void> {
    const some = toScan.splice(0, ROWS_MAX / FIRST_ROWS);
    if (some.length === 0) return;
    try {
      const instants = await exactness.fix(some.map(({ question }) => question));
      for (const [index, asked] of some.entries()) {
        const fixed = instants[index] ?? null;
        if (fixed === null) asked.answer([]);
        else
          scanning.push({
            ...asked,
            fixed,
            scans: scansOf(asked.question.counter, spanOf(asked.question)),
            points: [],
            rowsMax: FIRST_ROWS,
          });
      }
    } catch (error) {
      failed(some, error);
    }
  }

  /** As many as fit, with one look as long as the others': pieces grow where a past is long. */
  function takeScans(): readonly Scanned<Question, Fixed>[] {
    const rowsMax = scanning[0]?.rowsMax;
    const some: Scanned<Question, Fixed>[] = [];
    for (let at = 0; rowsMax !== undefined && at < scanning.length && (some.length + 1) * rowsMax <= ROWS_MAX; ) {
      const one = scanning[at] as Scanned<Question, Fixed>;
      if (one.scans.length === 0) finish(scanning.splice(at, 1)[0] as Scanned<Question, Fixed>);
      else if (one.rowsMax === rowsMax) some.push(...scanning.splice(at, 1));
      else at += 1;
    }
    return some;
  }

  function goOn(one: Scanned<Question, Fixed>, nextMs: number | null): void {
    const [scan, ...later] = one.scans as [Scan, ...Scan[]];
    one.scans = nextMs === null ? later : [{ ...scan, fromMs: nextMs }, ...later];
    if (nextMs !== null) one.rowsMax = Math.min(ROWS_MAX, one.rowsMax * 4);
    if (one.scans.length === 0) finish(one);
    else scanning.push(one);
  }

  function finish(one: Scanned<Question, Fixed>): void {
    exactness.release(one.fixed);
    const isCalendar = one.question.counter.window.is === 'calendar';
    one.answer(isCalendar ? calendarPoint(one.question, one.points) : one.points.toSorted((a, b) => a.atMs - b.atMs));
  }

  function failed(some: readonly Asked<Question>[], error: unknown): void {
    for (const asked of some) {
      asked.tries += 1;
      if (error instanceof UnknownSnapshot && asked.tries < TRIES_MAX) waiting.push({ ...asked });
      else asked.fail(error);
    }
  }
}

/** A mark that reaches back to the beginning stays good until the fold is another one, which the statement sees. */
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

/** Adds what is missing; takes away in the first point that is not before it: points stand at the end of what they hold. */
function corrected({ counter }: PastQuestion, points: readonly UsePoint[], moves: readonly UsePoint[]): readonly UsePoint[] {
  if (moves.length === 0 || counter.window.is === 'calendar') return [...points, ...moves];
  const left = [...points, ...moves.filter(({ amount }) => amount > 0)].map((point) => ({ ...point }));
  for (const { atMs, amount } of moves.filter((move) => move.amount < 0)) {
    const point = left.length === 1 ? left[0] : left.find((one) => one.atMs >= atMs && one.amount >= -amount);
    if (point !== undefined) point.amount += amount;
  }
  return left.filter(({ amount }) => amount > 0);
}
