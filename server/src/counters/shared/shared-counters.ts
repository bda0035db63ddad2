/**
 * Many processes as one: the counters in Redis, and the fallback while Redis is unreachable.
 *
 * Problem. Redis can stall, fail over, lose everything, or be cut off from some replicas and not from others. A replica cannot
 * tell which. If it continues alone, limits multiply by the number of replicas. If it stops, an outage of Redis is an outage of
 * the gateway.
 *
 * Approach.
 * - A request asks Redis and waits a bounded time. If there is no answer, this replica enforces its share of each rate limit
 *   (limit / live replicas, local-share.ts) and marks the answer as degraded. Requests under a budget that blocks get 503. Both
 *   choices are settings.
 * - An *epoch* in Redis names the data that the counters are in. It is lost when Redis loses its data. Then one replica begins a
 *   new epoch (opening.ts): every live replica registers its holds again, budgets are read from the ledger, and only then is
 *   Redis used.
 * - What is settled meanwhile is not kept here. Its row is in the ledger; its id goes to Redis when the row is stored and Redis
 *   is back (stored-queue.ts).
 * - A hold that nobody waits for any more is cancelled. Every ten seconds each replica compares its holds with its requests in
 *   flight (held-look.ts), and gives back holds without a request.
 *
 * Invariants. Within 15 seconds after any fault a scope without requests in flight holds nothing. No fault of Redis lets a hold
 * exceed a budget that blocks, unless the setting admits requests without Redis. A request settles once in Redis, however often
 * its settlement is reported.
 *
 * What breaks it. Using an epoch that was read before a pause of this process. Therefore every key begins with its epoch's name,
 * so that nobody reads what is written for an old one. Not cancelling a command that nobody waits for: it runs later, and what it
 * took stays held.
 */
import { type CounterSpec, hasLeft, type LimitPlan } from '../../domain/limits/limit-plan.ts';
import { withTimeout } from '../../lib/timing/timeout.ts';
import {
  type Actual,
  type ConfigurationChange,
  type Counters,
  CountersUnreachable,
  type HeldAmount,
  type HeldReport,
  type Hold,
  type HoldResult,
  type Readings,
  type Refused,
  type SeedPoint,
  type TakenBefore,
  type Wanted,
} from '../counters.ts';
import type { SharedHold } from '../redis/redis-counters.ts';
import type { StoredUse } from '../redis/redis-held.ts';
import { createHeldLook, type HeldLook, sumOfReports } from './held-look.ts';
import { hasBlockingBudget, hasRateLimit, localShare, refusalOfShare, wantedOfShare } from './local-share.ts';
import { createMissed } from './missed.ts';
import { Opening, type OpeningOptions } from './opening.ts';
import { RedisUnreachable } from './redis-link.ts';
import { Retaken } from './retaken.ts';
import { createStoredQueue, type StoredQueue } from './stored-queue.ts';

export interface SharedCountersOptions extends OpeningOptions {
  readonly withoutRedis: WithoutRedis;
  /** The milliseconds between renewals of this replica's lease, each with a comparison of its holds: 10,000 unless given. */
  readonly renewEveryMs?: number;
}

/** The settings for requests while Redis is unreachable. */
export interface WithoutRedis {
  readonly budgets: 'refuse' | 'admit';
  readonly limits: 'share' | 'refuse';
}

export interface SharedCounters extends Counters {
  /** Called when Redis lacks data that it was given. Rejects with RedisUnreachable if it lacks everything. */
  mustBeSame(): Promise<void>;
  /** Resolves when the counters are open, or after `msMax` milliseconds. */
  opened(msMax: number): Promise<void>;
  /** Queues a row that is in the ledger. The next batch reports it to Redis. */
  stored(organizationId: string, use: StoredUse): void;
  status(): SharedStatus;
  evictIdle(): number;
  size(): number;
  /** Returns the number of requests of this process that hold something, in Redis or here. */
  inFlight(): number;
  /**
   * Returns what all replicas together hold in Redis and have in flight, each as of its last comparison. Rejects with
   * CountersUnreachable.
   */
  held(): Promise<HeldReport>;
  /**
   * Corrects what these counters hold to what requests in flight hold; returns the counters that differed. Rejects with
   * CountersUnreachable.
   */
  compareHeld(counters: readonly CounterSpec[]): Promise<readonly HeldAmount[]>;
  /** Returns the number of counters whose past this process is asking for. */
  cold(): number;
  stop(): Promise<void>;
}

export interface SharedStatus {
  readonly is: 'unreachable' | 'recovering' | 'open';
  readonly epoch: string | null;
  readonly replicas: number;
  /** The number of stored rows not yet reported to Redis. */
  readonly untold: number;
  /** The number of requests admitted by this replica's share since the start. */
  readonly degraded: number;
  /** The number of times the counters were unreachable since the start. */
  readonly outages: number;
  /** The number of requests that held something in Redis at the last comparison and were not in flight. */
  readonly heldWithoutRequest: number;
  /** The number of holds without a request that were given back since the start. */
  readonly givenBack: number;
}

const RENEW_EVERY_MS = 10_000;
/** The number of renewals from one comparison of all organizations to the next. The others compare only those in use. */
const LOOK_AT_ALL_EVERY = 30;
const TELL_EVERY_MS = 50;
/** The longest wait for each step of leaving: a ledger that is unreachable must not keep a replica running. */
const LEAVE_STEP_MS_MAX = 3_000;

/** Creates the counters, and begins to open them at once. */
export function createSharedCounters(options: SharedCountersOptions): SharedCounters {
  const shared = new Shared(options);
  shared.begin();
  return shared;
}

class Shared implements SharedCounters {
  readonly #o: SharedCountersOptions;
  readonly #queue: StoredQueue;
  readonly #missed = createMissed();
  readonly #opening: Opening;
  readonly #look: HeldLook;
  #looks = 0;
  #isRenewing = false;
  #timers: NodeJS.Timeout[] = [];
  #inFlight = 0;
  readonly #retaken: Retaken;

  constructor(options: SharedCountersOptions) {
    this.#o = options;
    this.#retaken = new Retaken(options.redis, this.#missed);
    this.#queue = createStoredQueue((organizationId, uses) => options.redis.stored(organizationId, uses));
    this.#opening = new Opening(options, this.#missed, this.#queue);
    this.#look = createHeldLook({
      ...options,
      tell: () => this.#queue.tell(),
      takeAgain: (hold) => this.#opening.takeAgain(hold),
      onLook: (found) => options.onEvent({ is: 'differed', ...found }),
    });
  }

  begin(): void {
    this.#opening.begin();
    this.#timers = [
      setInterval(() => void this.#tell(), TELL_EVERY_MS).unref(),
      setInterval(() => void this.#renew(), this.#o.renewEveryMs ?? RENEW_EVERY_MS).unref(),
    ];
  }

  async hold(requestId: string, plan: LimitPlan, wanted: Wanted): Promise<HoldResult> {
    const { state } = this.#opening;
    if (state.is !== 'open') return this.#holdWithoutRedis(requestId, plan, wanted, false);
    this.#o.living.holds(plan.organizationId);
    try {
      const result = await this.#o.redis.hold(requestId, plan, wanted);
      if (this.#opening.state === state) {
        if (result.admitted) this.#inFlight += 1;
        return result;
      }
      // Redis was unreachable in between. If it kept its counters, it keeps what was taken.
    } catch (error) {
      if (!(error instanceof RedisUnreachable)) throw error;
    }
    return this.#holdWithoutRedis(requestId, plan, wanted, true);
  }

  /** Returns null while Redis is unreachable: then shares decide, and a request that a share refuses may pass a moment later. */
  exhausted(plan: LimitPlan): Refused | null {
    return this.#opening.state.is === 'open' ? this.#o.redis.exhausted(plan) : null;
  }

  /**
   * Holds in the local counters. `isAsked`: Redis was asked first and may have taken something, or may take it later; that hold
   * is cancelled.
   */
  #holdWithoutRedis(requestId: string, plan: LimitPlan, wanted: Wanted, isAsked: boolean): HoldResult | Promise<HoldResult> {
    const { withoutRedis, local, living } = this.#o;
    const closed =
      withoutRedis.budgets === 'refuse' && hasBlockingBudget(plan)
        ? 'Budgets'
        : withoutRedis.limits === 'refuse' && hasRateLimit(plan)
          ? 'Limits'
          : null;
    if (closed !== null) {
      if (isAsked) this.#missed.abandon(plan.organizationId, requestId);
      throw new CountersUnreachable(
        `${closed} cannot be checked, because the gateway cannot reach its shared counters. Try again in a moment.`,
      );
    }
    const share = localShare(plan, living.count());
    const fitting = wantedOfShare(share, wanted);
    const adopted = (result: HoldResult) => {
      if (result.admitted) return this.#adopted(result, requestId, plan, fitting, isAsked);
      if (isAsked) this.#missed.abandon(plan.organizationId, requestId);
      return refusalOfShare(result, plan, fitting);
    };
    const result = local.hold(requestId, share, fitting);
    return result instanceof Promise ? result.then(adopted) : adopted(result);
  }

  #adopted(result: Admitted, requestId: string, plan: LimitPlan, wanted: Wanted, isAsked: boolean): HoldResult {
    this.#opening.admittedWithoutRedis();
    const { atMs, nanoUsd } = result;
    const hold = this.#o.redis.adopt(requestId, plan, atMs, { atMs, tokens: wanted.tokens, nanoUsd });
    hold.local = result.hold;
    hold.isDoubtful = isAsked;
    this.#inFlight += 1;
    return { ...result, hold, isDegraded: true };
  }

  extend(hold: Hold, more: { readonly tokens: number; readonly nanoUsd: number }): boolean | Promise<boolean> {
    const { local } = hold as SharedHold;
    if (local !== null) return this.#o.local.extend(local, more);
    if (this.#opening.state.is !== 'open') throw new RedisUnreachable('Redis cannot be reached');
    return this.#o.redis.extend(hold, more);
  }

  settle(hold: Hold, actual: Actual, planNow: LimitPlan): void | Promise<void> {
    const its = hold as SharedHold;
    const { local } = its;
    this.#retaken.settled(hold, this.#opening.state.is === 'open');
    if (its.ended === null) {
      this.#inFlight -= 1;
      // Nobody would give back a hold that reaches Redis after its row is stored.
      if (its.isDoubtful) this.#missed.abandon(hold.plan.organizationId, hold.requestId);
    }
    its.ended = actual;
    its.endedUnder = planNow;
    if (local !== null) {
      this.#o.local.settle(local, actual, local.plan);
      this.#missed.doubt(hold.plan);
    } else if (this.#opening.state.is === 'open') {
      return this.#o.redis.settle(hold, actual, planNow);
    }
    // What Redis does not learn now, it learns when the row is stored, by the plan of the hold.
    if (planNow === hold.plan) return;
    this.#missed.doubt(planNow);
    const left = hold.plan.counters.filter((spec) => hasLeft(spec, planNow));
    if (left.length > 0) this.#missed.recount(left);
  }

  async retake(requestId: string, plan: LimitPlan, taken: TakenBefore): Promise<Hold> {
    const hold = this.#o.redis.adopt(requestId, plan, taken.atMs, taken);
    this.#inFlight += 1;
    this.#o.living.holds(plan.organizationId);
    await this.#retaken.take(hold, this.#opening.state.is === 'open');
    return hold;
  }

  async release(hold: Hold): Promise<void> {
    await this.settle(hold, { tokens: 0, nanoUsd: 0 }, hold.plan);
    this.stored(hold.plan.organizationId, { requestId: hold.requestId, tokens: 0, nanoUsd: 0 });
  }

  read(counters: readonly CounterSpec[]): Readings | Promise<Readings> {
    if (this.#opening.state.is !== 'open') throw unreadable();
    return Promise.resolve(this.#o.redis.read(counters)).catch((error: unknown) => {
      throw error instanceof RedisUnreachable ? unreadable() : error;
    });
  }

  restore(plan: LimitPlan, at: SeedPoint & { readonly unit: 'requests' | 'tokens' }): void | Promise<void> {
    return this.#o.redis.restore(plan, at);
  }

  correct(counter: CounterSpec, periodStartMs: number, amount: number): void | Promise<void> {
    if (this.#opening.state.is === 'open') return this.#o.redis.correct(counter, periodStartMs, amount);
  }

  async forget(counters: readonly CounterSpec[], change?: ConfigurationChange): Promise<void> {
    if (counters.length === 0) return;
    try {
      if (this.#opening.state.is === 'open') return await this.#o.redis.forget(counters, change);
    } catch (error) {
      if (!(error instanceof RedisUnreachable)) throw error;
    }
    this.#missed.forget(counters, change);
  }

  async recount(counters: readonly CounterSpec[]): Promise<void> {
    if (counters.length === 0) return;
    try {
      if (this.#opening.state.is === 'open') return await this.#o.redis.recount(counters);
    } catch (error) {
      if (!(error instanceof RedisUnreachable)) throw error;
    }
    this.#missed.recount(counters);
  }

  stored(organizationId: string, use: StoredUse): void {
    this.#queue.add(organizationId, use);
  }

  status(): SharedStatus {
    const { withoutRequest, givenBack } = this.#look.facts();
    const held = { heldWithoutRequest: withoutRequest, givenBack };
    return { ...this.#opening.facts(), replicas: this.#o.living.count(), untold: this.#queue.size(), ...held };
  }

  evictIdle(): number {
    return this.#o.local.evictIdle();
  }

  size(): number {
    return this.#o.local.size();
  }

  inFlight(): number {
    return this.#inFlight;
  }

  held(): Promise<HeldReport> {
    return this.#whileOpen(async () => sumOfReports(await this.#o.living.said()));
  }

  compareHeld(counters: readonly CounterSpec[]): Promise<readonly HeldAmount[]> {
    return this.#whileOpen(() => this.#o.redis.compareHeld(counters));
  }

  cold(): number {
    return this.#o.redis.cold();
  }

  mustBeSame(): Promise<void> {
    return this.#opening.mustBeSame();
  }

  opened(msMax: number): Promise<void> {
    return this.#opening.opened(msMax);
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#tell();
    if (this.#opening.state.is === 'open') await this.#leave().catch(() => {});
    await this.#opening.stop();
    this.#o.link.close();
  }

  async #tell(): Promise<void> {
    if (this.#opening.state.is !== 'open' || this.#queue.size() === 0) return;
    await this.#queue.tell().catch(() => {});
  }

  async #whileOpen<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#opening.state.is !== 'open') throw unreadable();
    try {
      return await ask();
    } catch (error) {
      throw error instanceof RedisUnreachable ? unreadable() : error;
    }
  }

  /** Renews the lease of this replica, and compares its holds with its requests in flight. */
  async #renew(): Promise<void> {
    if (this.#opening.state.is !== 'open' || this.#isRenewing) return;
    this.#isRenewing = true;
    try {
      await this.#o.living.renew();
      this.#looks += 1;
      await this.#look.look(this.#looks % LOOK_AT_ALL_EVERY === 0 ? 'all' : 'in use');
    } catch {
      // Redis or the ledger is unreachable: the next renewal compares again.
    } finally {
      this.#isRenewing = false;
    }
  }

  /**
   * Leaves the counters. Requests that ended and are stored hold nothing any more, nor do those that nobody waited for. The rest
   * counts as used until its rows are stored.
   */
  async #leave(): Promise<void> {
    await withTimeout(
      LEAVE_STEP_MS_MAX,
      this.#opening.settleUp().catch(() => {}),
    );
    await withTimeout(
      LEAVE_STEP_MS_MAX,
      this.#look.look('all').catch(() => {}),
    );
    await this.#o.living.leave();
  }
}

type Admitted = Extract<HoldResult, { admitted: true }>;

function unreadable(): CountersUnreachable {
  return new CountersUnreachable(
    'Live use cannot be read, because the gateway cannot reach its shared counters. Try again in a moment.',
  );
}
