/**
 * Works on batches until they end, whether or not anybody asks for them.
 *
 * Problem. A batch takes up to a day. Its process can be killed at any point of it, and another one, or the same one later, must go on
 * without charging a line twice, losing one, or starting a second batch at the provider.
 *
 * Approach. All state is in the row (store/schema/batches.ts). A process vouches for a batch for thirty seconds at a time, renews that
 * every ten, and alone works on it. A batch whose time is over is anybody's. Each step reads the row, does one thing and notes the
 * next (batch-steps.ts). Before the provider is asked for something, the row says so; whoever finds that note looks for the thing
 * before asking again. Steps that fail are repeated, later each time.
 *
 * Bounds. Four batches at a time in a process. One finishes at a time, because that reads its results.
 *
 * What breaks it. Writing a row without its owner's name in the condition: a process that lost a batch must not write it.
 */
import { VOUCHED_MS } from '../../domain/batches/batch.ts';
import type { BatchRow } from '../../store/batches/batches.ts';
import { isStoreUnavailable } from '../../store/errors.ts';
import type { BatchParts } from './batch-parts.ts';
import { takeStep } from './batch-steps.ts';

const TICK_MS = 1_000;
const RENEW_MS = 10_000;
const DROP_OLD_MS = 3_600_000;
const AT_ONCE = 4;
/** The time that running steps get when the process stops. They go on elsewhere from the row. */
const STOP_MS_MAX = 3_000;

export class BatchDriver {
  readonly #parts: BatchParts;
  readonly #working = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #isLooking = false;
  #isAskedAgain = false;
  #renewedMs = Number.NEGATIVE_INFINITY;
  #droppedMs = 0;
  #held: Promise<void> | null = null;
  #isTroubled = false;

  constructor(parts: BatchParts) {
    this.#parts = parts;
  }

  /** Begins to work. Call it once requests are served. */
  start(): void {
    this.#timer = setInterval(() => this.wake(), TICK_MS).unref();
    this.wake();
  }

  /** Looks for batches that are due now. Does not wait, and never throws. */
  wake(): void {
    if (this.#stopping.signal.aborted || this.#timer === null) return;
    if (this.#isLooking) {
      this.#isAskedAgain = true;
      return;
    }
    this.#isLooking = true;
    void this.#look()
      .then(
        () => {
          this.#isTroubled = false;
        },
        (error: unknown) => {
          if (!this.#isTroubled)
            this.#parts.log.warn({ err: error }, 'batches: the database cannot be read; batches go on when it can');
          this.#isTroubled = true;
        },
      )
      .finally(() => {
        this.#isLooking = false;
        const isAgain = this.#isAskedAgain;
        this.#isAskedAgain = false;
        if (isAgain) this.wake();
      });
  }

  /**
   * Resolves once this process holds what the batches hold that it vouches for. Counters in memory wait for it before they admit
   * anything under a budget. Rejects if the database cannot be read; the next call tries again.
   */
  heldAgain(): Promise<void> {
    this.#held ??= this.#adopt().catch((error: unknown) => {
      this.#held = null;
      throw error;
    });
    return this.#held;
  }

  /** Stops working. Steps that run end where the row says. */
  async close(): Promise<void> {
    this.#stopping.abort();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    const late = new Promise<void>((resolve) => setTimeout(resolve, STOP_MS_MAX).unref());
    await Promise.race([Promise.allSettled([...this.#working.values()]), late]);
    await this.#parts.store.giveUp(this.#parts.owner).catch(() => {});
  }

  async #look(): Promise<void> {
    const { store, gateway, owner } = this.#parts;
    const nowMs = gateway.clock.monotonicMs();
    if (nowMs - this.#renewedMs >= RENEW_MS) {
      await store.renew(owner, this.#until());
      await this.#adopt();
      this.#renewedMs = nowMs;
    }
    if (nowMs - this.#droppedMs >= DROP_OLD_MS) {
      await store.dropOld(new Date(gateway.clock.nowMs()), 1_000);
      this.#droppedMs = nowMs;
    }
    const room = AT_ONCE - this.#working.size;
    if (room <= 0) return;
    for (const row of await store.claim(this.#claim(), AT_ONCE)) {
      if (this.#working.size < AT_ONCE && !this.#working.has(row.id)) this.#work(row);
    }
  }

  /** Takes the batches that nobody vouches for, and holds what they have left. */
  async #adopt(): Promise<void> {
    const { store, holds } = this.#parts;
    const before = holds.ids();
    const rows = await store.adopt(this.#claim());
    const running = new Set(rows.map(({ id }) => id));
    // Another process works on them, and holds them by the same names.
    for (const id of before) if (!running.has(id) && !this.#working.has(id)) holds.forget(id);
    for (const row of rows) {
      if (holds.has(row.id)) {
        if (!this.#working.has(row.id)) await holds.follow(row);
        continue;
      }
      const lines = await store.linesOf(row);
      if (lines !== null) await holds.adopt(row, lines);
    }
  }

  #work(row: BatchRow): void {
    const { log } = this.#parts;
    const working = takeStep(row, this.#parts, this.#stopping.signal)
      .catch((error: unknown) => {
        if (!this.#stopping.signal.aborted && !isStoreUnavailable(error))
          log.warn({ err: error, batch_id: row.id }, 'batches: a step failed and is repeated');
      })
      .finally(() => {
        this.#working.delete(row.id);
        this.wake();
      });
    this.#working.set(row.id, working);
  }

  #claim() {
    const { gateway, owner, isAlone } = this.#parts;
    return { owner, isAlone, at: new Date(gateway.clock.nowMs()), until: this.#until() };
  }

  #until(): Date {
    return new Date(this.#parts.gateway.clock.nowMs() + VOUCHED_MS);
  }
}
