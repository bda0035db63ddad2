/**
 * Compares counters with the ledger and corrects those that differ: always the counter, never the ledger.
 *
 * A request that settles during the comparison must not look like drift. Counters of this process are compared at one instant:
 * they are read in the turn that marks a place in the journal. The ledger is read when it is stored exactly to that place. Shared
 * counters are compared with the ledger before and after: they include everything stored before, and what they include is
 * stored soon after. A remaining difference may still be use that a replica has not stored yet. So a shared counter is not set
 * to a sum. It must read its past again: shared counters know what is settled and not stored.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Counters, Readings } from '../counters/counters.ts';
import { windowSpan } from '../domain/limits/counter-spec.ts';
import type { CounterSpec } from '../domain/limits/limit-plan.ts';
import type { Database } from '../store/database.ts';
import * as drifts from '../store/usage/drifts.ts';
import { spanSums } from '../store/usage/span-sums.ts';
import { spendSince } from '../store/usage/usage.ts';

/** The kind of counters. `barrier`: runs `work` when the ledger holds what was settled before the call, and nothing later. */
export type CountersHeld =
  | { readonly are: 'ours'; readonly barrier: <T>(work: () => Promise<T>, msMax?: number) => Promise<T> }
  | { readonly are: 'shared' };

export interface CounterProofContext {
  readonly db: Database;
  readonly counters: Counters;
  readonly held: CountersHeld;
  readonly nowMs: number;
  /** The longest time between a replica's settlement and its row in the ledger, in milliseconds. */
  readonly settleMs?: number;
}

interface Proven {
  readonly compared: number;
  readonly corrected: number;
  /** The sum of all corrections without their signs, in nano-dollars; counters of money only. */
  readonly nanoUsd: number;
}

const SETTLE_MS = 3_000;
const BARRIER_MS_MAX = 30_000;

/** A counter whose current period has a beginning and an end. */
interface Counted {
  readonly spec: CounterSpec;
  readonly startMs: number;
  readonly endMs: number;
}

interface Difference extends Counted {
  readonly found: number;
  readonly ledger: number;
}

/** Compares the current periods of these counters, checks differing ones a second time, and corrects those that still differ. */
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
  await counters.read(specs); // Cold counters load their past, and then hold the ledger's sums.
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
  await sleep(settleMs / 10); // A row may be stored an instant before its counter includes it.
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

/** Corrects one counter. Returns false if it was right after all. */
async function correct({ counters, held }: CounterProofContext, one: Difference): Promise<boolean> {
  const { spec, startMs, found, ledger } = one;
  if (held.are === 'ours') {
    // Correct by the difference, so that use settled since the comparison stays counted.
    const settled = await settledNow(counters, spec);
    const amount = Math.max(0, settled + ledger - found);
    // Counters hold at most this; anything beyond it is above every limit anyway.
    await counters.correct(spec, startMs, Math.min(amount, Number.MAX_SAFE_INTEGER));
    return true;
  }
  await counters.forget([spec]);
  const now = await settledNow(counters, spec);
  // During the check the counter only grows.
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

/** Sums the ledger for each counter: in one query for counters that match any target, one by one for the others. */
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
