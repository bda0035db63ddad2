/**
 * The counters that all replicas share, and what stands in for them while they are out of reach.
 *
 * Away: nothing is asked of Redis. Budgets that refuse are closed and rate limits fall back to this replica's share, unless the settings say
 * otherwise. Recovering: as away, until every replica has taken again what it holds. Open: Redis is asked. What settles while Redis is away
 * is settled there when its row is in the ledger and Redis is back; nothing is kept for that but the rows' ids.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Actual,
  type ConfigurationChange,
  type Counters,
  CountersAway,
  type Hold,
  type HoldResult,
  type Readings,
  type SeedPoint,
  type Wanted,
} from '../counters/counters.ts';
import type { MemoryCounters } from '../counters/memory.ts';
import type { RedisCounters, SharedHold, StoredUse } from '../counters/redis.ts';
import type { CounterSpec, LimitPlan } from '../domain/limit-plan.ts';
import type { EpochState, Epochs } from './epoch.ts';
import type { Living } from './living.ts';
import { hasBlockingBudget, hasRateLimit, localShare } from './local-share.ts';
import { RedisAway, type RedisLink } from './redis-link.ts';
import { createStoredQueue } from './stored-queue.ts';

export interface SharedCountersOptions {
  readonly link: RedisLink;
  readonly epochs: Epochs;
  readonly living: Living;
  readonly redis: RedisCounters;
  /** Stands in while Redis is away; its past is empty. */
  readonly local: MemoryCounters;
  readonly away: WithoutRedis;
  /** What the present epoch puts before every key: set here alone. */
  readonly setEpoch: (id: string) => void;
  /** Resolves when everything settled before this call is in the ledger; rejects when the ledger is away. */
  readonly flush: () => Promise<void>;
  /** Whether something is settled and not in the ledger yet. */
  readonly hasUnstored: () => boolean;
  /** Null: there was no earlier run on this directory. */
  readonly left: LeftBehind | null;
  /** Writes down which epoch this replica is in, so that its next run knows. */
  readonly noteEpoch: (id: string) => void;
  /** Holds of every request that is not settled yet. */
  readonly inFlight: () => readonly Hold[];
  /** The replicas that must have joined before an epoch opens, by the database's leases. */
  readonly members: () => Promise<readonly string[]>;
  /** Counts the last hour anew, in an epoch that nobody has counted in yet. */
  readonly restore: () => Promise<void>;
  readonly onEvent: (event: SharedEvent) => void;
  /** Nothing is opened before. */
  readonly ready: Promise<void>;
}

/** What an earlier run of this replica left: the epoch it was in, its name there, and whether it had rows that were not stored. */
export interface LeftBehind {
  readonly epoch: string;
  readonly owner: string;
  readonly hasRows: boolean;
}

/** What is done while Redis is away. */
export interface WithoutRedis {
  readonly budgets: 'refuse' | 'admit';
  readonly limits: 'share' | 'refuse';
}

/** What an operator must hear of. */
export type SharedEvent =
  | { readonly is: 'away'; readonly reason: string }
  | { readonly is: 'open'; readonly epoch: string; readonly afterMs: number; readonly isNew: boolean }
  | { readonly is: 'waiting'; readonly reason: string };

export interface SharedCounters extends Counters {
  /** Called where Redis lacks something it was given: rejects with RedisAway where it lacks everything. */
  mustBeSame(): Promise<void>;
  /** Resolves when the counters are open, or after so long. */
  opened(msMax: number): Promise<void>;
  /** A row is in the ledger. Costs nothing but memory; told to Redis with the next batch. */
  stored(organizationId: string, use: StoredUse): void;
  status(): SharedStatus;
  evictIdle(): number;
  size(): number;
  stop(): Promise<void>;
}

export interface SharedStatus {
  readonly is: 'away' | 'recovering' | 'open';
  readonly epoch: string | null;
  readonly replicas: number;
  /** Rows whose storing Redis has not been told of. */
  readonly untold: number;
  /** Requests admitted by this replica's share since the start. */
  readonly degraded: number;
  /** Times the counters were out of reach since the start. */
  readonly outages: number;
}

interface State {
  readonly is: 'away' | 'recovering' | 'open';
}

const AWAY: State = { is: 'away' };
const CHECK_EVERY_MS = 500;
const RENEW_EVERY_MS = 10_000;
const TELL_EVERY_MS = 50;
const JOIN_AGAIN_MS = 50;
const RETRY_MS = 200;
/** More plans than this were used while Redis was away: it is cheaper to begin anew than to doubt each. */
const DOUBTS_MAX = 5_000;

export function createSharedCounters(options: SharedCountersOptions): SharedCounters {
  const shared = new Shared(options);
  shared.begin();
  return shared;
}

class Shared implements SharedCounters {
  readonly #o: SharedCountersOptions;
  readonly #queue = createStoredQueue();
  /** Replaced whenever it changes: who kept one can tell. */
  #state: State = AWAY;
  #epoch: string | null = null;
  /** Plans whose counters missed something while Redis was away. */
  #doubts = new Set<LimitPlan>();
  /** What the configuration added meanwhile. */
  #forgets: (readonly [readonly CounterSpec[], ConfigurationChange | undefined])[] = [];
  /** Holds that were asked for and refused to the caller because no answer came. */
  #cancels: (readonly [string, string])[] = [];
  #awaySinceMs = performance.now();
  #degraded = 0;
  /** Some request in flight may be held by the stand-in. */
  #hasLocal = false;
  #outages = 0;
  #isStopped = false;
  #isWoken = false;
  #wake: () => void = () => {};
  #loop: Promise<void> = Promise.resolve();
  #timers: NodeJS.Timeout[] = [];
  #waiting: (() => void)[] = [];

  constructor(options: SharedCountersOptions) {
    this.#o = options;
  }

  begin(): void {
    this.#o.link.listen((isReady) => {
      if (!isReady) this.#turnAway('the connection to Redis was lost');
      this.#wake();
    });
    this.#loop = this.#keepOpen();
    this.#timers = [
      setInterval(() => void this.#tell(), TELL_EVERY_MS).unref(),
      setInterval(() => void this.#renew(), RENEW_EVERY_MS).unref(),
    ];
  }

  async hold(requestId: string, plan: LimitPlan, wanted: Wanted): Promise<HoldResult> {
    const state = this.#state;
    if (state.is !== 'open') return this.#holdAway(requestId, plan, wanted, false);
    this.#o.living.holds(plan.organizationId);
    try {
      const result = await this.#o.redis.hold(requestId, plan, wanted);
      if (this.#state === state) return result;
      // The epoch ended while it was asked: what was taken is lost with it.
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error;
    }
    return this.#holdAway(requestId, plan, wanted, true);
  }

  /** `isAsked`: Redis was asked first and may have taken something. */
  #holdAway(requestId: string, plan: LimitPlan, wanted: Wanted, isAsked: boolean): HoldResult | Promise<HoldResult> {
    const { away, local, living } = this.#o;
    const closed =
      away.budgets === 'refuse' && hasBlockingBudget(plan)
        ? 'Budgets'
        : away.limits === 'refuse' && hasRateLimit(plan)
          ? 'Limits'
          : null;
    if (closed !== null) {
      if (isAsked && this.#cancels.length < DOUBTS_MAX) this.#cancels.push([plan.organizationId, requestId]);
      throw new CountersAway(`${closed} cannot be checked: the counters that all replicas share are out of reach. Try again.`);
    }
    const result = local.hold(requestId, localShare(plan, living.count()), wanted);
    return result instanceof Promise
      ? result.then((answered) => this.#adopted(answered, requestId, plan, wanted))
      : this.#adopted(result, requestId, plan, wanted);
  }

  #adopted(result: HoldResult, requestId: string, plan: LimitPlan, wanted: Wanted): HoldResult {
    if (!result.admitted) return { ...result, isDegraded: true };
    this.#degraded += 1;
    this.#hasLocal = true;
    const { atMs, nanoUsd } = result;
    const hold = this.#o.redis.adopt(requestId, plan, atMs, { atMs, tokens: wanted.tokens, nanoUsd });
    hold.local = result.hold;
    return { ...result, hold, isDegraded: true };
  }

  extend(hold: Hold, more: { readonly tokens: number; readonly nanoUsd: number }): boolean | Promise<boolean> {
    const { local } = hold as SharedHold;
    if (local !== null) return this.#o.local.extend(local, more);
    if (this.#state.is !== 'open') throw new RedisAway('Redis is out of reach');
    return this.#o.redis.extend(hold, more);
  }

  settle(hold: Hold, actual: Actual, planNow: LimitPlan): void | Promise<void> {
    const { local } = hold as SharedHold;
    if (local !== null) {
      this.#o.local.settle(local, actual, local.plan);
      this.#doubt(hold.plan);
      return;
    }
    // What Redis is not told now it is told when the row is stored.
    if (this.#state.is === 'open') return this.#o.redis.settle(hold, actual, planNow);
    if (planNow !== hold.plan) this.#doubt(planNow);
  }

  read(counters: readonly CounterSpec[]): Readings | Promise<Readings> {
    if (this.#state.is === 'open') return this.#o.redis.read(counters);
    throw new CountersAway('Live use cannot be read: the counters that all replicas share are out of reach.');
  }

  restore(plan: LimitPlan, at: SeedPoint & { readonly unit: 'requests' | 'tokens' }): void | Promise<void> {
    return this.#o.redis.restore(plan, at);
  }

  correct(counter: CounterSpec, periodStartMs: number, amount: number): void | Promise<void> {
    if (this.#state.is === 'open') return this.#o.redis.correct(counter, periodStartMs, amount);
  }

  async forget(counters: readonly CounterSpec[], change?: ConfigurationChange): Promise<void> {
    if (counters.length === 0) return;
    try {
      if (this.#state.is === 'open') return await this.#o.redis.forget(counters, change);
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error;
    }
    this.#forgets.push([counters, change]);
  }

  stored(organizationId: string, use: StoredUse): void {
    this.#queue.add(organizationId, use);
  }

  status(): SharedStatus {
    return {
      is: this.#state.is,
      epoch: this.#epoch,
      replicas: this.#o.living.count(),
      untold: this.#queue.size(),
      degraded: this.#degraded,
      outages: this.#outages,
    };
  }

  evictIdle(): number {
    return this.#o.local.evictIdle();
  }

  size(): number {
    return this.#o.local.size();
  }

  opened(msMax: number): Promise<void> {
    if (this.#state.is === 'open') return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, msMax);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#tell();
    if (this.#state.is === 'open') await this.#o.living.leave().catch(() => {});
    this.#state = AWAY;
    this.#wake();
    await this.#loop;
    this.#o.link.close();
  }

  // Opening ------------------------------------------------------------------------------------------------------------------------------

  #turnAway(reason: string): void {
    if (this.#state.is === 'away') return;
    if (this.#state.is === 'open') {
      this.#awaySinceMs = performance.now();
      this.#outages += 1;
      this.#o.onEvent({ is: 'away', reason });
    }
    this.#state = AWAY;
  }

  /** Opens the counters whenever they are not, and looks twice a second whether they still are those of the present epoch. */
  async #keepOpen(): Promise<void> {
    let told = '';
    await this.#o.ready;
    while (!this.#isStopped) {
      try {
        if (this.#state.is === 'open') await this.#check();
        else if (this.#o.link.isReady()) await this.#open();
        told = '';
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#turnAway(reason);
        if (reason !== told && !(error instanceof RedisAway)) this.#o.onEvent({ is: 'waiting', reason });
        told = reason;
      }
      if (!this.#isStopped) await this.#pause(this.#state.is === 'open' ? CHECK_EVERY_MS : RETRY_MS);
    }
  }

  async #check(): Promise<void> {
    const [epoch, servers] = await Promise.all([this.#o.epochs.read(), this.#o.link.fingerprint()]);
    if (epoch?.id !== this.#epoch || epoch?.servers !== servers || epoch.is !== 'open')
      return this.#turnAway('Redis has lost what it counted, or other servers answer than before');
    const isMissed = this.#hasLocal || this.#doubts.size + this.#forgets.length + this.#cancels.length > 0;
    if (isMissed) await this.#catchUp();
  }

  async mustBeSame(): Promise<void> {
    const epoch = await this.#o.epochs.read();
    if (epoch !== null && epoch.id === this.#epoch) return;
    this.#turnAway('Redis has lost what it counted');
    this.#wake();
    throw new RedisAway('Redis has lost what it counted');
  }

  async #open(): Promise<void> {
    const { epochs, link } = this.#o;
    const [epoch, servers] = await Promise.all([epochs.read(), link.fingerprint()]);
    if (epoch === null || epoch.servers !== servers) return this.#beginEpoch(epoch, servers);
    const isOurs = epoch.id === this.#epoch;
    if (epoch.is === 'open' && (isOurs ? this.#mustBeginAnew() : this.#wasLeftOut(epoch.id)))
      return this.#beginEpoch(epoch, servers);
    if (epoch.is === 'recovering') return this.#recover(epoch.id);
    if (isOurs) await this.#catchUp();
    else await this.#enter(epoch.id);
    this.#nowOpen(epoch.id, false);
  }

  #beginEpoch(ended: EpochState | null, servers: string): Promise<void> {
    this.#wakeSoon();
    return this.#o.epochs.begin(ended?.id ?? null, servers, randomBytes(6).toString('base64url'));
  }

  /** More was missed than can be made up for one by one. */
  #mustBeginAnew(): boolean {
    return this.#queue.hasLost() || this.#doubts.size > DOUBTS_MAX || this.#cancels.length >= DOUBTS_MAX;
  }

  /** An epoch was opened without this replica, which has requests in flight or rows that it had not stored by then. */
  #wasLeftOut(id: string): boolean {
    if (this.#epoch !== null) return this.#o.inFlight().length > 0 || this.#o.hasUnstored();
    return this.#o.left?.hasRows && this.#o.left.epoch !== id;
  }

  async #recover(id: string): Promise<void> {
    const { epochs } = this.#o;
    this.#state = { is: 'recovering' };
    const recovering = this.#state;
    await this.#enter(id);
    await epochs.join(id);
    for (;;) {
      const epoch = await epochs.read();
      if (this.#state !== recovering || epoch === null || epoch.id !== id)
        return this.#turnAway('the epoch ended while it began');
      if (epoch.is === 'open') break;
      if ((await epochs.leads(id)) && (await this.#allJoined(id))) {
        await this.#o.restore();
        await epochs.open(id);
      } else await sleep(JOIN_AGAIN_MS);
    }
    this.#nowOpen(id, true);
  }

  async #allJoined(id: string): Promise<boolean> {
    const members = await this.#o.members();
    const joined = await this.#o.epochs.joined(id);
    return members.every((member) => joined.has(member));
  }

  /** Other counters, which know nothing of us: what is settled goes to the ledger, what is in flight is taken again. */
  async #enter(id: string): Promise<void> {
    this.#epoch = id;
    this.#o.setEpoch(id);
    this.#o.noteEpoch(id);
    this.#o.living.forget();
    this.#queue.clear();
    this.#doubts.clear();
    this.#forgets = [];
    this.#cancels = [];
    // In one turn: whatever ends later is stored later, and tells the counters then.
    const holds = this.#o.inFlight();
    const flushed = this.#o.flush();
    await Promise.all([flushed, ...holds.map((hold) => this.#takeAgain(hold))]);
    await this.#o.living.renew();
    if (this.#o.left?.epoch === id) await this.#succeed(this.#o.left.owner);
  }

  /** What an earlier run settled is stored by now; Redis hears of that before the rest of what it held is given back. */
  async #succeed(owner: string): Promise<void> {
    await this.#queue.tell((organizationId, uses) => this.#o.redis.stored(organizationId, uses));
    await this.#o.living.succeed(owner);
  }

  /** The same counters as before: what was missed is made up for. */
  async #catchUp(): Promise<void> {
    const { redis } = this.#o;
    const doubts = [...this.#doubts];
    this.#hasLocal = false;
    const holds = this.#o.inFlight().filter((hold) => (hold as SharedHold).local !== null);
    await this.#o.flush();
    await Promise.all(holds.map((hold) => this.#takeAgain(hold)));
    for (const [organizationId, requestId] of this.#cancels.splice(0)) await redis.cancel(organizationId, requestId);
    await this.#queue.tell((organizationId, uses) => redis.stored(organizationId, uses));
    for (const [counters, change] of this.#forgets.splice(0)) await redis.forget(counters, change);
    for (const plan of doubts) await redis.doubt(plan.counters);
    for (const plan of doubts) this.#doubts.delete(plan);
    await this.#o.living.renew();
  }

  async #takeAgain(hold: Hold): Promise<void> {
    const { local } = hold as SharedHold;
    this.#o.living.holds(hold.plan.organizationId);
    (hold as SharedHold).local = null;
    if (local !== null) this.#o.local.settle(local, { tokens: 0, nanoUsd: 0 }, local.plan);
    await this.#o.redis.rehold(hold);
  }

  #nowOpen(epoch: string, isNew: boolean): void {
    if (!this.#o.link.isReady()) return;
    this.#state = { is: 'open' };
    this.#o.onEvent({ is: 'open', epoch, isNew, afterMs: performance.now() - this.#awaySinceMs });
    for (const opened of this.#waiting.splice(0)) opened();
  }

  #doubt(plan: LimitPlan): void {
    if (this.#doubts.size <= DOUBTS_MAX) this.#doubts.add(plan);
  }

  async #tell(): Promise<void> {
    if (this.#state.is !== 'open' || this.#queue.size() === 0) return;
    await this.#queue.tell((organizationId, uses) => this.#o.redis.stored(organizationId, uses)).catch(() => {});
  }

  async #renew(): Promise<void> {
    if (this.#state.is === 'open') await this.#o.living.renew().catch(() => {});
  }

  #wakeSoon(): void {
    this.#isWoken = true;
  }

  #pause(ms: number): Promise<void> {
    if (this.#isWoken) {
      this.#isWoken = false;
      return sleep(1);
    }
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
