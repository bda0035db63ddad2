/**
 * Whether counters say what the ledger says, and their correction where they do not: always the counter, never the ledger.
 *
 * What is being settled at this moment must not look like drift. Counters of our own are compared at one instant: they are read in the turn
 * that marks a place in the journal, and the ledger is asked when it has stored exactly that far. Shared ones are compared with the ledger of
 * before and after: everything stored before is in them, and everything in them is stored soon after. What still differs then may be what a
 * replica has not stored yet, so shared ones are not told a sum but made to ask: they know what is settled and not stored.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Counters, Readings } from '../counters/counters.ts';
import { windowSpan } from '../domain/limits/counter-spec.ts';
import type { CounterSpec } from '../domain/limits/limit-plan.ts';
import type { Database } from '../store/database.ts';
import * as drifts from '../store/usage/drifts.ts';
import { spanSums } from '../store/usage/span-sums.ts';
import { spendSince } from '../store/usage/usage.ts';

/** Whose the counters are. `barrier`: everything settled before the call is stored when `work` begins, and nothing settled later. */
export type CountersHeld =
  | { readonly are: 'ours'; readonly barrier: <T>(work: () => Promise<T>, msMax?: number) => Promise<T> }
  | { readonly are: 'shared' };

export interface CounterProofContext {
  readonly db: Database;
  readonly counters: Counters;
  readonly held: CountersHeld;
  readonly nowMs: number;
  /** How long what a replica settled may take to the ledger. */
  readonly settleMs?: number;
}

interface Proven {
  readonly compared: number;
  readonly corrected: number;
  /** Σ of what was corrected, each without its sign; money alone, in nano-dollars. */
  readonly nanoUsd: number;
}

const SETTLE_MS = 3_000;
const BARRIER_MS_MAX = 30_000;

/** A counter whose period has a beginning and goes on now. */
interface Counted {
  readonly spec: CounterSpec;
  readonly startMs: number;
  readonly endMs: number;
}

interface Difference extends Counted {
  readonly found: number;
  readonly ledger: number;
}

/** Compares the present periods of these counters, looks twice at what differs, and corrects what still does. */
export async function proveCounters(context: CounterProofContext, specs: readonly CounterSpec[]): Promise<Proven> {
  const counted = specs.flatMap((spec) => countedAt(spec, context.nowMs));
  if (counted.length === 0) return { compared: 0, corrected: 0, nanoUsd: 0 };
  const suspected = await differences(context, counted);
  const certain = suspected.length === 0 ? [] : await differences(context, suspected);
  let [corrected, nanoUsd] = [0, 0];
  for (const one of certain) {
    if (!(await correct(context, one))) continue;
    await note(context, one);
    corrected += 1;
    if (one.spec.unit === 'nano_usd') nanoUsd += Math.abs(one.found - one.ledger);
  }
  return { compared: counted.length, corrected, nanoUsd };
}

function countedAt(spec: CounterSpec, nowMs: number): readonly Counted[] {
  const { window } = spec;
  if (window.is !== 'calendar') return [];
  const { fromMs, toMs } = windowSpan(window, nowMs);
  return [{ spec, startMs: fromMs, endMs: toMs }];
}

function differences(context: CounterProofContext, counted: readonly Counted[]): Promise<readonly Difference[]> {
  return context.held.are === 'ours' ? differencesOfOurs(context, context.held, counted) : differencesOfShared(context, counted);
}

async function differencesOfOurs(
  { db, counters }: CounterProofContext,
  { barrier }: Extract<CountersHeld, { are: 'ours' }>,
  counted: readonly Counted[],
): Promise<readonly Difference[]> {
  const specs = counted.map(({ spec }) => spec);
  await counters.read(specs); // Those that lack their past ask for it, and then say what the ledger says.
  const readings = counters.read(specs);
  if (readings instanceof Promise) return [];
  const ledger = await barrier(() => ledgerSums(db, counted), BARRIER_MS_MAX);
  return counted
    .map((one, index) => ({ ...one, found: settledAt(readings, index), ledger: ledger[index] as number }))
    .filter(({ found, ledger }) => found !== ledger);
}

async function differencesOfShared(
  { db, counters, settleMs = SETTLE_MS }: CounterProofContext,
  counted: readonly Counted[],
): Promise<readonly Difference[]> {
  const before = await ledgerSums(db, counted);
  await sleep(settleMs / 10); // A row may be stored an instant before its counter has answered.
  const readings = await counters.read(counted.map(({ spec }) => spec));
  await sleep(settleMs);
  const after = await ledgerSums(db, counted);
  return counted.flatMap((one, index) => {
    const found = settledAt(readings, index);
    const [least, most] = [before[index] as number, after[index] as number];
    if (found < least) return [{ ...one, found, ledger: least }];
    return found > most ? [{ ...one, found, ledger: most }] : [];
  });
}

/** False where the counter was right after all. */
async function correct({ counters, held }: CounterProofContext, one: Difference): Promise<boolean> {
  const { spec, startMs, found, ledger } = one;
  if (held.are === 'ours') {
    // By the difference, so that what was settled since the comparison stays counted.
    const settled = await settledNow(counters, spec);
    const amount = Math.max(0, settled + ledger - found);
    // Counters hold no more than that; what the ledger holds beyond it is above any limit all the same.
    await counters.correct(spec, startMs, Math.min(amount, Number.MAX_SAFE_INTEGER));
    return true;
  }
  await counters.forget([spec]);
  const now = await settledNow(counters, spec);
  // Meanwhile it only grows.
  return found < ledger ? now >= ledger : now < found;
}

async function settledNow(counters: Counters, spec: CounterSpec): Promise<number> {
  const readings = counters.read([spec]);
  return settledAt(readings instanceof Promise ? await readings : readings, 0);
}

async function note({ db, nowMs }: CounterProofContext, { spec, startMs, found, ledger }: Difference): Promise<void> {
  const subject = `${spec.name}@${new Date(startMs).toISOString()}`;
  await drifts.note(db, { organizationId: spec.organizationId, kind: 'counter', subject, found, ledger }, new Date(nowMs));
  await drifts.close(db, { kind: 'counter', subject }, new Date(nowMs));
}

function settledAt({ used, held }: Readings, index: number): number {
  return (used[index] ?? 0) - (held[index] ?? 0);
}

/** Of counters of anything that is called in one statement, of the others one by one. */
async function ledgerSums(db: Database, counted: readonly Counted[]): Promise<readonly number[]> {
  const whole = counted.filter(({ spec }) => spec.match.is === 'any');
  const questions = whole.map(({ spec: { organizationId, scope, scopeId, unit }, startMs, endMs }) => ({
    ...{ organizationId, scope, scopeId, unit },
    fromMs: startMs,
    toMs: endMs,
  }));
  const known = new Map((await spanSums(db, questions)).map((sum, index) => [whole[index] as Counted, sum]));
  const sums: number[] = [];
  for (const one of counted) sums.push(known.get(one) ?? (await sumOf(db, one)));
  return sums;
}

async function sumOf(db: Database, { spec, startMs, endMs }: Counted): Promise<number> {
  const points = await spendSince(db, spec, startMs, endMs);
  return points.reduce((sum, point) => sum + point.amount, 0);
}
