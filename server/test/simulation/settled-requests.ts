import type { SeedPoint } from '../../src/counters/counters.ts';
import { type CounterSpec, type LimitPlan, matches } from '../../src/domain/limits/limit-plan.ts';
import type { Row } from './model-journal.ts';

/** A settled request, with what it had held. */
export interface Settled extends Row {
  readonly heldNanoUsd: number;
  /** Under which plan; null when that is no longer known. */
  readonly plan: LimitPlan | null;
  /** Until when a part of it may have been taken: it counts in trailing windows no longer than this. */
  readonly latestMs: number;
}

export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** Everything settled so far, and the sums that counters must agree with. */
export class SettledRequests {
  readonly #groupsOf: (calledName: string) => ReadonlySet<string>;
  #rows: Settled[] = [];
  #sums = new Map<string, { sum: number; rows: number }>();

  constructor(groupsOf: (calledName: string) => ReadonlySet<string>) {
    this.#groupsOf = groupsOf;
  }

  get rows(): readonly Settled[] {
    return this.#rows;
  }

  add(row: Settled): void {
    this.#rows.push(row);
  }

  /** After a crash: other rows than were thought to be. */
  replace(rows: readonly Settled[]): void {
    this.#rows = [...rows];
    this.#sums.clear();
  }

  /** What was admitted in a span and counts for a counter, in its unit. Kept up with what was added since it was last asked. */
  sumIn(spec: CounterSpec, { startMs, endMs }: Span): number {
    const key = `${spec.name}@${startMs}-${endMs}`;
    const known = this.#sums.get(key) ?? { sum: 0, rows: 0 };
    this.#sums.set(key, known);
    for (; known.rows < this.#rows.length; known.rows++) {
      const row = this.#rows[known.rows] as Settled;
      if (row.atMs >= startMs && row.atMs < endMs && this.counts(spec, row)) known.sum += amountOf(spec, row);
    }
    return known.sum;
  }

  /** What requests used beyond what they held of a budget: all by which it may ever be exceeded. */
  overshootIn(spec: CounterSpec, { startMs, endMs }: Span): number {
    const inSpan = this.#rows.filter((row) => row.atMs >= startMs && row.atMs < endMs && this.counts(spec, row));
    return sum(inSpan.map(({ plan, nanoUsd, heldNanoUsd }) => Math.max(0, nanoUsd - (isIn(plan, spec) ? heldNanoUsd : 0))));
  }

  pointsOf(spec: CounterSpec, { startMs, endMs }: Span): readonly SeedPoint[] {
    return this.#rows
      .filter((row) => row.atMs >= startMs && row.atMs < endMs && this.counts(spec, row))
      .map((row) => ({ atMs: row.atMs, amount: amountOf(spec, row) }));
  }

  counts(spec: CounterSpec, row: Row): boolean {
    if (row.organizationId !== spec.organizationId) return false;
    const scopeId = { organization: row.organizationId, team: row.teamId, user: row.memberId, key: row.keyId }[spec.scope];
    return scopeId === spec.scopeId && matches(spec.match, row.calledName, this.#groupsOf(row.calledName));
  }
}

/** The period an instant falls in, by its own reading of the boundaries. */
export function periodAt(boundariesMs: readonly number[], atMs: number): Span {
  const startMs = boundariesMs.findLast((boundary) => boundary <= atMs) ?? (boundariesMs[0] as number);
  return { startMs, endMs: boundariesMs.find((boundary) => boundary > startMs) ?? Number.POSITIVE_INFINITY };
}

export function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

function amountOf(spec: CounterSpec, row: Row): number {
  if (spec.unit === 'tokens') return row.tokens;
  return spec.unit === 'nano_usd' ? row.nanoUsd : 1;
}

function isIn(plan: LimitPlan | null, spec: CounterSpec): boolean {
  return plan?.counters.some(({ name }) => name === spec.name) ?? false;
}
