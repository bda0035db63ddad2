/**
 * Holds of batches on limits and budgets.
 *
 * Problem. A batch runs for up to a day, and holds what its lines may cost. A process that holds it can be killed. Its lines settle
 * some hundred at a time, and at each moment the counters must hold what is left.
 *
 * Approach. The row says what is left: the lines that are not settled. Each hold has a name that the batch and a number determine.
 * To settle lines, each gets a hold of its own under the id of its row, the rest gets the next number, and the hold before is given
 * back: in one turn of the event loop, the new ones first. So no other request sees less held than is left. A line then settles as
 * every request does. A process that takes a batch over holds what is left by the same name, and gives back the number before it.
 *
 * Invariants. A hold is never refused here: what was admitted stays held, also under a limit that was lowered meanwhile.
 *
 * What breaks it. Noting the next number after its hold was taken: a process that dies between the two would leave a hold that
 * nobody knows.
 */
import type { Counters, Hold, TakenBefore } from '../../counters/counters.ts';
import { type HeldSum, LineSet, PackedLines } from '../../domain/batches/line-plan.ts';
import type { LimitPlan } from '../../domain/limits/limit-plan.ts';
import type { StoredLines } from '../../store/batches/batch-work.ts';
import type { BatchRow } from '../../store/batches/batches.ts';
import type { Gateway } from '../gateway.ts';
import { planOfLines } from './limit-plans.ts';
import { holdRequestId } from './line-ids.ts';

/** A batch of which this process holds something. */
interface HeldBatch {
  readonly hold: Hold;
  readonly number: number;
  readonly sum: HeldSum;
}

type HoldsGateway = Pick<Gateway, 'snapshot'> & { readonly counters: Counters };

export class BatchHolds {
  readonly #gateway: HoldsGateway;
  readonly #held = new Map<string, HeldBatch>();
  /** Batches that are being made here. Nobody else may hold them meanwhile. */
  readonly #made = new Set<string>();

  constructor(gateway: HoldsGateway) {
    this.#gateway = gateway;
  }

  /** Returns the holds of this process, for the comparison with what shared counters hold. */
  all(): readonly Hold[] {
    return [...this.#held.values()].map(({ hold }) => hold);
  }

  has(batchId: string): boolean {
    return this.#held.has(batchId) || this.#made.has(batchId);
  }

  /** Returns the batches of which this process holds something. */
  ids(): readonly string[] {
    return [...this.#held.keys()];
  }

  /** Holds what a batch is admitted with, once `store` has stored it. */
  async begin(row: BatchRow, plan: LimitPlan | null, store: () => Promise<void>): Promise<void> {
    this.#made.add(row.id);
    try {
      await store();
      if (plan !== null) await this.#take(row, plan, { tokens: row.heldTokens, nanoUsd: row.heldNanoUsd }, row.holdNumber);
    } finally {
      this.#made.delete(row.id);
    }
  }

  /** Holds again what a batch has left, in a process that did not hold it. Does nothing if its organization is gone. */
  async adopt(row: BatchRow, lines: StoredLines): Promise<void> {
    const plan = await this.planOf(row);
    if (plan === null || this.has(row.id)) return;
    const left = new PackedLines(lines.plan).heldBut(new LineSet(lines.settled));
    const taking = this.#take(row, plan, left, row.holdNumber);
    if (row.holdNumber > 1) {
      const before = await this.#retake(row, plan, NOTHING, row.holdNumber - 1);
      await this.#gateway.counters.release(before);
    }
    await taking;
  }

  /**
   * Replaces the hold of a batch by those of some lines and that of the rest, which gets the row's present number. Returns the holds
   * of the lines, in order; null for each if the organization is gone.
   */
  async split(
    row: BatchRow,
    rest: HeldSum,
    lines: readonly (HeldSum & { readonly requestId: string })[],
  ): Promise<readonly (Hold | null)[]> {
    const plan = await this.planOf(row);
    if (plan === null) return lines.map(() => null);
    const before = this.#held.get(row.id);
    const { counters } = this.#gateway;
    const atMs = row.createdAt.getTime();
    // Nothing waits before all are asked for: counters in memory take them in this turn.
    const taking = lines.map(({ requestId, tokens, nanoUsd }) => counters.retake(requestId, plan, { atMs, tokens, nanoUsd }));
    const rests = this.#take(row, plan, rest, row.holdNumber);
    const given = before === undefined ? undefined : counters.release(before.hold);
    const [holds] = await Promise.all([Promise.all(taking), rests, given]);
    return holds;
  }

  /** Holds a batch under the limits as they are now, if they have changed since. */
  async follow(row: BatchRow): Promise<void> {
    const known = this.#held.get(row.id);
    const plan = known === undefined ? null : await this.planOf(row);
    if (known === undefined || plan === null || known.number !== row.holdNumber || isSame(plan, known.hold.plan)) return;
    // The same name cannot be held twice. In shared counters the batch is not held between the two.
    const given = this.#gateway.counters.release(known.hold);
    if (given instanceof Promise) await given;
    await this.#take(row, plan, known.sum, known.number);
  }

  /** Gives back what a batch still holds. */
  async end(batchId: string): Promise<void> {
    const known = this.#held.get(batchId);
    this.#held.delete(batchId);
    if (known !== undefined) await this.#gateway.counters.release(known.hold);
  }

  /** Forgets a batch that another process works on now. Its hold has the same name there. */
  forget(batchId: string): void {
    this.#held.delete(batchId);
  }

  async planOf(row: BatchRow): Promise<LimitPlan | null> {
    const key = await this.#gateway.snapshot.keyById(row.organizationId, row.keyId);
    return key === null ? null : planOfLines(key, row, this.#gateway);
  }

  #retake(row: BatchRow, plan: LimitPlan, { tokens, nanoUsd }: HeldSum, number: number): Hold | Promise<Hold> {
    const taken: TakenBefore = { atMs: row.createdAt.getTime(), tokens, nanoUsd };
    return this.#gateway.counters.retake(holdRequestId(row.id, number, taken.atMs), plan, taken);
  }

  async #take(row: BatchRow, plan: LimitPlan, sum: HeldSum, number: number): Promise<void> {
    const taking = this.#retake(row, plan, sum, number);
    // In memory it is there at once, and must be found in this turn.
    if (!(taking instanceof Promise)) this.#held.set(row.id, { hold: taking, number, sum });
    else this.#held.set(row.id, { hold: await taking, number, sum });
  }
}

const NOTHING: HeldSum = { tokens: 0, nanoUsd: 0 };

function isSame(one: LimitPlan, other: LimitPlan): boolean {
  if (one.counters.length !== other.counters.length) return false;
  return one.counters.every(({ name }, at) => name === other.counters[at]?.name);
}
