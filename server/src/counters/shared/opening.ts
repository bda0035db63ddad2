/**
 * Decides when the shared counters may be used: opens them whenever they are not open, and closes them as soon as they may have
 * lost data.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Actual, Hold } from '../counters.ts';
import type { MemoryCounters } from '../memory/memory-counters.ts';
import type { RedisCounters, SharedHold } from '../redis/redis-counters.ts';
import type { EpochState, Epochs } from './epoch.ts';
import type { Living } from './living.ts';
import type { Missed } from './missed.ts';
import { type RedisLink, RedisUnreachable } from './redis-link.ts';
import type { StoredQueue } from './stored-queue.ts';

export interface OpeningOptions {
  readonly link: RedisLink;
  readonly epochs: Epochs;
  readonly living: Living;
  readonly redis: RedisCounters;
  /** The fallback while Redis is out of reach; its past is empty. */
  readonly local: MemoryCounters;
  /** Sets the present epoch, which prefixes every key. Only this class calls it. */
  readonly setEpoch: (id: string) => void;
  /** Resolves when everything settled before this call is in the ledger; rejects when the ledger is out of reach. */
  readonly flush: () => Promise<void>;
  /** Reports whether something is settled and not in the ledger yet. */
  readonly hasUnstored: () => boolean;
  /** Null if there was no earlier run on this directory. */
  readonly left: LeftBehind | null;
  /** Records the epoch of this replica on disk, so that its next run knows it. */
  readonly noteEpoch: (id: string) => void;
  /** Returns the holds of all requests that are not settled yet. */
  readonly inFlight: () => readonly Hold[];
  /** Returns the replicas that must join before an epoch opens, by the database's leases. */
  readonly members: () => Promise<readonly string[]>;
  /** Counts the last hour again, in an epoch that is empty. */
  readonly restore: () => Promise<void>;
  readonly onEvent: (event: SharedEvent) => void;
  /** Resolves when the counters may be opened; before that they stay closed. */
  readonly ready: Promise<void>;
}

/** The remains of an earlier run of this replica: its epoch, its name there, and whether it had rows that were not stored. */
export interface LeftBehind {
  readonly epoch: string;
  readonly owner: string;
  readonly hasRows: boolean;
}

/** An event for the operator's log. */
export type SharedEvent =
  | { readonly is: 'unreachable'; readonly reason: string }
  | { readonly is: 'open'; readonly epoch: string; readonly afterMs: number; readonly isNew: boolean }
  | { readonly is: 'waiting'; readonly reason: string }
  /** Holds in Redis and requests in flight differed, and were corrected. */
  | { readonly is: 'differed'; readonly givenBack: number; readonly takenAgain: number };

/** Unreachable: Redis is not used. Recovering: the same, until every replica has taken again what it holds. Open: Redis is used. */
export interface OpeningState {
  readonly is: 'unreachable' | 'recovering' | 'open';
}

const UNREACHABLE: OpeningState = { is: 'unreachable' };
const CHECK_EVERY_MS = 500;
const JOIN_AGAIN_MS = 50;
const RETRY_MS = 200;

export class Opening {
  readonly #o: OpeningOptions;
  readonly #missed: Missed;
  readonly #queue: StoredQueue;
  /** Replaced at every change, so that code that kept a state can compare it. */
  #state: OpeningState = UNREACHABLE;
  #epoch: string | null = null;
  #unreachableSinceMs = performance.now();
  /** The number of requests that the fallback admitted, and how many of them Redis has taken over. */
  #admittedWithoutRedis = 0;
  #takenOver = 0;
  #outages = 0;
  #isStopped = false;
  /** True after something began whose result must be checked without a pause. */
  #isWoken = false;
  #wake: () => void = () => {};
  #loop: Promise<void> = Promise.resolve();
  #catchingUp: Promise<void> | null = null;
  #waiting: (() => void)[] = [];

  constructor(options: OpeningOptions, missed: Missed, queue: StoredQueue) {
    this.#o = options;
    this.#missed = missed;
    this.#queue = queue;
  }

  begin(): void {
    this.#o.link.listen((isReady) => {
      if (!isReady) this.#stopUsingRedis('the connection to Redis was lost');
      this.#wake();
    });
    this.#loop = this.#keepOpen();
  }

  get state(): OpeningState {
    return this.#state;
  }

  facts() {
    return { is: this.#state.is, epoch: this.#epoch, outages: this.#outages, degraded: this.#admittedWithoutRedis };
  }

  /** Counts a request that the fallback admitted. */
  admittedWithoutRedis(): void {
    this.#admittedWithoutRedis += 1;
  }

  /** Resolves when the counters are open, or after `msMax` milliseconds. */
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
    this.#state = UNREACHABLE;
    this.#wake();
    await this.#loop;
  }

  #stopUsingRedis(reason: string): void {
    if (this.#state.is === 'unreachable') return;
    if (this.#state.is === 'open') {
      this.#unreachableSinceMs = performance.now();
      this.#outages += 1;
      this.#o.onEvent({ is: 'unreachable', reason });
    }
    this.#state = UNREACHABLE;
  }

  /** Opens the counters whenever they are not open, and checks twice a second that they still belong to the present epoch. */
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
        this.#stopUsingRedis(reason);
        if (reason !== told && !(error instanceof RedisUnreachable)) this.#o.onEvent({ is: 'waiting', reason });
        told = reason;
      }
      if (!this.#isStopped) await this.#pause(this.#state.is === 'open' ? CHECK_EVERY_MS : RETRY_MS);
    }
  }

  async #check(): Promise<void> {
    const [epoch, servers] = await Promise.all([this.#o.epochs.read(), this.#o.link.fingerprint()]);
    if (epoch === null || epoch.id !== this.#epoch || !epoch.isWhole || epoch.servers !== servers || epoch.is !== 'open')
      return this.#stopUsingRedis('Redis lost its counters, or other servers answer than before');
    if (this.#isBehind()) await this.#catchUp();
  }

  /** Catches up on what was missed, unless the counters are out of reach. */
  async settleUp(): Promise<void> {
    await this.#catchingUp;
    if (this.#state.is === 'open' && this.#isBehind()) await this.#catchUp();
  }

  /** Called when Redis lacks data that it was given. Rejects with RedisUnreachable if it lacks everything. */
  async mustBeSame(): Promise<void> {
    const epoch = await this.#o.epochs.read();
    // During recovery, the opening replica checks this.
    if (epoch?.id === this.#epoch && (epoch?.isWhole === true || epoch?.is === 'recovering')) return;
    this.#stopUsingRedis('Redis lost its counters');
    this.#wake();
    throw new RedisUnreachable('Redis lost its counters');
  }

  async #open(): Promise<void> {
    const { epochs, link } = this.#o;
    const [epoch, servers] = await Promise.all([epochs.read(), link.fingerprint()]);
    const isLost = epoch === null || epoch.servers !== servers || (epoch.is === 'open' && !epoch.isWhole);
    if (isLost) return this.#beginEpoch(epoch, servers);
    const isOurs = epoch.id === this.#epoch;
    if (epoch.is === 'open' && (isOurs ? this.#queue.hasLost() || this.#missed.isTooMuch() : this.#wasLeftOut(epoch.id)))
      return this.#beginEpoch(epoch, servers);
    if (epoch.is === 'recovering') return this.#recover(epoch.id);
    if (isOurs) await this.#catchUp();
    else await this.#enter(epoch.id);
    this.#nowOpen(epoch.id, false);
  }

  #beginEpoch(ended: EpochState | null, servers: string): Promise<void> {
    this.#isWoken = true;
    return this.#o.epochs.begin(ended?.id ?? null, servers, randomBytes(6).toString('base64url'));
  }

  /**
   * Reports whether an epoch was opened without this replica although it has requests in flight or had rows that were not stored
   * by then.
   */
  #wasLeftOut(id: string): boolean {
    if (this.#epoch !== null) return this.#o.inFlight().length > 0 || this.#o.hasUnstored();
    const { left } = this.#o;
    return left?.hasRows === true && left.epoch !== id;
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
        return this.#stopUsingRedis('the epoch ended while it was starting');
      if (epoch.is === 'open') break;
      if ((await epochs.leads(id)) && (await this.#allJoined(id))) {
        await this.#o.restore();
        if ((await epochs.read())?.isWhole !== true) return this.#beginEpoch(epoch, epoch.servers);
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

  /**
   * Joins other counters, which know nothing of this replica: stores what is settled in the ledger, and takes again what is in
   * flight.
   */
  async #enter(id: string): Promise<void> {
    const before = this.#epoch;
    this.#epoch = id;
    this.#o.setEpoch(id);
    this.#o.noteEpoch(id);
    if (before !== id) {
      this.#o.living.forget();
      // At a start the queue has rows of an earlier run and those stored since: their holds may be in this very epoch.
      if (before !== null) this.#queue.clear();
      this.#missed.clear();
    }
    // These three in one turn: a request that ends later is stored later, and reported then.
    const admitted = this.#admittedWithoutRedis;
    const holds = this.#o.inFlight();
    const flushed = this.#o.flush();
    await Promise.all([flushed, this.#o.living.renew(), ...holds.map((hold) => this.takeAgain(hold))]);
    this.#takenOver = admitted;
    if (this.#o.left?.epoch === id) await this.#succeed(this.#o.left.owner);
  }

  /** Gives back what an earlier run still holds. Its rows are stored by now; they are reported to Redis first. */
  async #succeed(owner: string): Promise<void> {
    await this.#queue.tell();
    await this.#o.living.succeed(owner);
  }

  /** Reports whether something was counted elsewhere while Redis was out of reach. */
  #isBehind(): boolean {
    return this.#admittedWithoutRedis > this.#takenOver || !this.#missed.isEmpty();
  }

  /** Catches up on what was missed, in the same counters as before. Calls at the same time share one run. */
  #catchUp(): Promise<void> {
    this.#catchingUp ??= this.#makeUp().finally(() => {
      this.#catchingUp = null;
    });
    return this.#catchingUp;
  }

  async #makeUp(): Promise<void> {
    const admitted = this.#admittedWithoutRedis;
    const abandoned = this.#missed.abandoned();
    const holds = this.#o.inFlight().filter((hold) => !isHeldThere(hold as SharedHold));
    if (this.#isBehind()) await this.#o.flush();
    // First, so that no other replica sweeps what is taken again as the holds of a dead one.
    await this.#o.living.renew();
    await Promise.all(holds.map((hold) => this.takeAgain(hold)));
    await this.#queue.tell();
    await this.#missed.makeUp(this.#o.redis, abandoned);
    this.#takenOver = admitted;
  }

  /**
   * Makes Redis hold what a request in flight holds; changes nothing if it already does. A request that ended meanwhile is in the
   * ledger, and its counters ask for their past again. One that ends during the call may have been stored before it was held, so
   * it is settled again here. Rejects with RedisUnreachable; Redis may hold the request even so.
   */
  async takeAgain(hold: Hold): Promise<void> {
    const its = hold as SharedHold;
    if (its.ended !== null) return;
    const { local } = its;
    this.#o.living.holds(hold.plan.organizationId);
    its.local = null;
    its.isDoubtful = true;
    if (local !== null) this.#o.local.settle(local, { tokens: 0, nanoUsd: 0 }, local.plan);
    await this.#o.redis.rehold(hold);
    its.isDoubtful = false;
    // Read again: it may have ended in between.
    const ended = its.ended as Actual | null;
    if (ended !== null) await this.#o.redis.settle(hold, ended, its.endedUnder);
  }

  #nowOpen(epoch: string, isNew: boolean): void {
    if (!this.#o.link.isReady()) return;
    this.#state = { is: 'open' };
    this.#o.onEvent({ is: 'open', epoch, isNew, afterMs: performance.now() - this.#unreachableSinceMs });
    for (const opened of this.#waiting.splice(0)) opened();
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

/** Reports whether Redis has confirmed this request's hold and the local counters do not keep it. */
function isHeldThere({ local, isDoubtful }: SharedHold): boolean {
  return local === null && !isDoubtful;
}
