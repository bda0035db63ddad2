/**
 * The past of a shared counter, read from the ledger while all processes continue to settle and store requests. Each request must
 * count exactly once. A row that was settled before the question counts through the answer, a later row through its settlement.
 * So the answer must tell the two apart.
 */
import type { CounterSpec, PlanUse } from '../limits/limit-plan.ts';

/** A request that was settled before the question, and whose row was not known to be in the ledger at that time. */
export interface UnstoredUse {
  /** The part of the request's id that never changes. */
  readonly tail: string;
  readonly atMs: number;
  readonly tokens: number;
  readonly nanoUsd: number;
  readonly use: PlanUse;
}

/** A request that is in flight, or settled and not known to be in the ledger, or stored while a question was open. */
export interface Recorded {
  readonly tail: string;
  readonly atMs: number;
  /**
   * The number of the organization's latest question at the time when the row was known to be in the ledger; Infinity before
   * that.
   */
  readonly storedAfter: number;
}

export interface AskedPast {
  /**
   * The settled requests whose rows were not known to be stored. Null: this process need not answer, because another one does.
   */
  readonly unstored: readonly UnstoredUse[] | null;
  /** The number of the question in its organization. Later questions have higher numbers. */
  readonly order: number;
  /**
   * Returns all requests that are in flight, settled and not known to be in the ledger, or stored since the question began. Call
   * it after reading the ledger. The answer must leave out a request that the ledger held, that is not in `unstored`, and that
   * was not stored earlier (`storedAfter` below `order`): its settlement counts it. Rejects if these requests are no longer
   * known; the question must then be repeated.
   */
  recorded(): Promise<readonly Recorded[]>;
}

/**
 * Reads the past use of a counter, in its unit, from `fromMs` up to, not including, `toMs`. `begin` starts the question in Redis.
 * It is called once, when the question reaches the front of the queue, so that waiting happens before the question begins.
 */
export type PastFrom = (
  counter: CounterSpec,
  fromMs: number,
  toMs: number,
  begin: () => Promise<AskedPast>,
) => Promise<readonly { readonly atMs: number; readonly amount: number }[]>;
