/** When the shared counters may be asked: opens them whenever they are not open, and closes them as soon as they may have lost something. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Actual, Hold } from '../counters.ts';
import type { MemoryCounters } from '../memory/memory-counters.ts';
import type { RedisCounters, SharedHold } from '../redis/redis-counters.ts';
import type { EpochState, Epochs } from './epoch.ts';
import type { Living } from './living.ts';
import type { Missed } from './missed.ts';
import { RedisAway, type RedisLink } from './redis-link.ts';
import type { StoredQueue } from './stored-queue.ts';

export interface OpeningOptions {
  readonly link: RedisLink;
  readonly epochs: Epochs;
  readonly living: Living;
  readonly redis: RedisCounters;
  /** Stands in while Redis is away; its past is empty. */
  readonly local: MemoryCounters;
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

/** What an operator must hear of. */
export type SharedEvent =
  | { readonly is: 'away'; readonly reason: string }
  | { readonly is: 'open'; readonly epoch: string; readonly afterMs: number; readonly isNew: boolean }
  | { readonly is: 'waiting'; readonly reason: string }
  /** Redis held what no request in flight did, or the other way round; put right. */
  | { readonly is: 'differed'; readonly givenBack: number; readonly takenAgain: number };

/** Away: nothing is asked of Redis. Recovering: as away, until every replica has taken again what it holds. Open: Redis is asked. */
export interface OpeningState {
  readonly is: 'away' | 'recovering' | 'open';
}

const AWAY: OpeningState = { is: 'away' };
const CHECK_EVERY_MS = 500;
const JOIN_AGAIN_MS = 50;
const RETRY_MS = 200;

export class Opening {
  readonly #o: OpeningOptions;
  readonly #missed: Missed;
  readonly #queue: StoredQueue;
  /** Replaced whenever it changes: who kept one can tell. */
  #state: OpeningState = AWAY;
  #epoch: string | null = null;
  #awaySinceMs = performance.now();
  /** Requests that the stand-in admitted, and up to which of them none is in its hands any more. */
  #admittedAway = 0;
  #takenOver = 0;
  #outages = 0;
  #isStopped = false;
  /** Something was begun that is to be looked at without a pause. */
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
      if (!isReady) this.#turnAway('the connection to Redis was lost');
      this.#wake();
    });
    this.#loop = this.#keepOpen();
  }

  get state(): OpeningState {
    return this.#state;
  }

  facts() {
    return { is: this.#state.is, epoch: this.#epoch, outages: this.#outages, degraded: this.#admittedAway };
  }

  /** The stand-in admitted a request. */
  admittedAway(): void {
    this.#admittedAway += 1;
  }

  /** Resolves when the counters are open, or after so long. */
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
    this.#state = AWAY;
    this.#wake();
    await this.#loop;
  }

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
    if (epoch === null || epoch.id !== this.#epoch || !epoch.isWhole || epoch.servers !== servers || epoch.is !== 'open')
      return this.#turnAway('Redis has lost what it counted, or other servers answer than before');
    if (this.#isBehind()) await this.#catchUp();
  }

  /** Makes up for what was missed, unless the counters are out of reach. */
  async settleUp(): Promise<void> {
    await this.#catchingUp;
    if (this.#state.is === 'open' && this.#isBehind()) await this.#catchUp();
  }

  /** Called where Redis lacks something it was given: rejects with RedisAway where it lacks everything. */
  async mustBeSame(): Promise<void> {
    const epoch = await this.#o.epochs.read();
    // While it begins whoever opens it looks.
    if (epoch?.id === this.#epoch && (epoch?.isWhole === true || epoch?.is === 'recovering')) return;
    this.#turnAway('Redis has lost what it counted');
    this.#wake();
    throw new RedisAway('Redis has lost what it counted');
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

  /** An epoch was opened without this replica, which has requests in flight or rows that it had not stored by then. */
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
        return this.#turnAway('the epoch ended while it began');
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

  /** Other counters, which know nothing of us: what is settled goes to the ledger, what is in flight is taken again. */
  async #enter(id: string): Promise<void> {
    const before = this.#epoch;
    this.#epoch = id;
    this.#o.setEpoch(id);
    this.#o.noteEpoch(id);
    if (before !== id) {
      this.#o.living.forget();
      // At a start there waits what an earlier run left and what was stored since: its holds may be in this very epoch.
      if (before !== null) this.#queue.clear();
      this.#missed.clear();
    }
    // In one turn: whatever ends later is stored later, and tells the counters then.
    const admitted = this.#admittedAway;
    const holds = this.#o.inFlight();
    const flushed = this.#o.flush();
    await Promise.all([flushed, this.#o.living.renew(), ...holds.map((hold) => this.takeAgain(hold))]);
    this.#takenOver = admitted;
    if (this.#o.left?.epoch === id) await this.#succeed(this.#o.left.owner);
  }

  /** What an earlier run settled is stored by now; Redis hears of that before the rest of what it held is given back. */
  async #succeed(owner: string): Promise<void> {
    await this.#queue.tell();
    await this.#o.living.succeed(owner);
  }

  /** Something was counted elsewhere while Redis was away. */
  #isBehind(): boolean {
    return this.#admittedAway > this.#takenOver || !this.#missed.isEmpty();
  }

  /** The same counters as before: what was missed is made up for, once at a time. */
  #catchUp(): Promise<void> {
    this.#catchingUp ??= this.#makeUp().finally(() => {
      this.#catchingUp = null;
    });
    return this.#catchingUp;
  }

  async #makeUp(): Promise<void> {
    const admitted = this.#admittedAway;
    const abandoned = this.#missed.abandoned();
    const holds = this.#o.inFlight().filter((hold) => !isHeldThere(hold as SharedHold));
    if (this.#isBehind()) await this.#o.flush();
    // First, so that nobody takes what is taken again for the holds of a replica that is gone.
    await this.#o.living.renew();
    await Promise.all(holds.map((hold) => this.takeAgain(hold)));
    await this.#queue.tell();
    await this.#missed.makeUp(this.#o.redis, abandoned);
    this.#takenOver = admitted;
  }

  /**
   * Has Redis hold what a request in flight holds; changes nothing where it does already. One that ended meanwhile is in the ledger, and doubted;
   * one that ends while it is taken again may have been stored before it was. Rejects with RedisAway: then Redis may hold it all the same.
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
    // Asserted anew: it may have ended in between.
    const ended = its.ended as Actual | null;
    if (ended !== null) await this.#o.redis.settle(hold, ended, its.endedUnder);
  }

  #nowOpen(epoch: string, isNew: boolean): void {
    if (!this.#o.link.isReady()) return;
    this.#state = { is: 'open' };
    this.#o.onEvent({ is: 'open', epoch, isNew, afterMs: performance.now() - this.#awaySinceMs });
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

/** Redis has said that it holds this request, and nothing else stands in for it. */
function isHeldThere({ local, isDoubtful }: SharedHold): boolean {
  return local === null && !isDoubtful;
}
