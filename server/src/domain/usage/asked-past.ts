/**
 * The past of a counter that many processes share, asked of the ledger while all of them go on settling and storing. Rows that were settled
 * before the question count by the answer, later ones by their settlement; so that each counts exactly once, the answer must tell them apart.
 */
import type { CounterSpec, PlanUse } from '../limits/limit-plan.ts';

/** A request that was settled before the question, and whose row was not known to be in the ledger then. */
export interface UnstoredUse {
  /** The part of its id that never changes. */
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
  /** The latest question of its organization when its row was known to be in the ledger; Infinity while it is not. */
  readonly storedAfter: number;
}

export interface AskedPast {
  /** Null: nobody has to answer, somebody else does. */
  readonly unstored: readonly UnstoredUse[] | null;
  /** Among the questions of its organization: later ones have higher numbers. */
  readonly order: number;
  /**
   * All requests that are in flight, settled and not known to be in the ledger, or stored since the question began. To be called after the ledger was read: those of them that it held, that are not in `unstored`, and
   * that were not stored before (`storedAfter` below `order`) are counted by their settlement, so the answer must leave them out. Rejects
   * where that is not known any longer: the question is asked anew.
   */
  recorded(): Promise<readonly Recorded[]>;
}

/**
 * What was used when, in the counter's unit, from `fromMs` up to, not including, `toMs`. `begin` asks Redis; it is called once, when it is the
 * question's turn, so that a question waits in line before it is asked and not after.
 */
export type PastFrom = (
  counter: CounterSpec,
  fromMs: number,
  toMs: number,
  begin: () => Promise<AskedPast>,
) => Promise<readonly { readonly atMs: number; readonly amount: number }[]>;
