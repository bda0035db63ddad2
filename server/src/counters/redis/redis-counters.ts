/** Limits and budgets of many processes, in Redis or Valkey, single or as a cluster. */

import { type CounterSpec, hasLeft, type LimitPlan } from '../../domain/limits/limit-plan.ts';
import type { PastFrom } from '../../domain/usage/asked-past.ts';
import type {
  Actual,
  ConfigurationChange,
  Counters,
  HeldAmount,
  Hold,
  HoldResult,
  Readings,
  Refused,
  Refusing,
  SeedPoint,
  TakenBefore,
  Wanted,
} from '../counters.ts';
import { mustBeWhole } from '../memory/amounts.ts';
import { KnownRefusals } from '../memory/known-refusals.ts';
import { type HeldRecords, type HeldThere, heldRecords, recordName, type StoredUse } from './redis-held.ts';
import { counterSet, type RedisCounterSet, type RedisPlan, redisPlan, unitNumber } from './redis-plan.ts';
import { createRedisQuestions } from './redis-questions.ts';
import { numbersIn, type RunScript, scripts } from './redis-scripts.ts';

export interface RedisCountersOptions {
  readonly run: RunScript;
  /**
   * Returns the prefix of every key, so that two installations can share one Redis. Another prefix later means other counters,
   * which are empty.
   */
  readonly prefix: () => string;
  /** The name of this process among those that share the counters: eight characters. */
  readonly owner: string;
  readonly pastFrom: PastFrom;
  /**
   * Limits how long a request waits for the past of its counters: rejects when it gives up. By default a request waits without
   * limit.
   */
  readonly patience?: (answered: Promise<void>) => Promise<void>;
  /** Called when Redis lacks a plan that it may have been given. Rejects if Redis has lost more than that. */
  readonly mustBeSame?: () => Promise<void>;
  /** See RedisQuestionsOptions. */
  readonly hearEveryMs?: number;
}

/** A hold that the local counters may keep for a while; `local` is null while these counters keep it. */
export interface SharedHold extends Hold {
  local: Hold | null;
  /** True if Redis did not answer the request for it: Redis may have taken it, or may take it later. */
  isDoubtful: boolean;
  /** The amounts that the request used in the end; null while it is in flight. */
  ended: Actual | null;
  /** The plan that would have admitted the request when it ended. */
  endedUnder: LimitPlan;
}

/** The counters of many processes, with the operations that only those need. */
export interface RedisCounters extends Counters, HeldRecords {
  /** Takes the hold of a request in flight again, whatever the limits say, in counters that have lost or swept it. */
  rehold(hold: Hold): Promise<void>;
  /** Returns a hold as these counters would have returned it, for a request that other counters admitted. */
  adopt(requestId: string, plan: LimitPlan, atMs: number, taken: Taken): SharedHold;
  /** Marks counters that may have missed use: they ask the ledger again when next needed. */
  doubt(counters: readonly CounterSpec[]): Promise<void>;
  /** Returns the number of counters whose past this process is asking for. */
  cold(): number;
}

/** The amounts that an attempt took, and the time. */
export interface Taken {
  readonly atMs: number;
  readonly tokens: number;
  readonly nanoUsd: number;
}

/** The first number of an answer. */
const ADMITTED = 1;
const REFUSED = 2;
const ASKS = 3;
const NO_PLAN = 4;

/**
 * The most tries of one operation. If something is still missing after so many, the cause is neither a missing plan nor a missing
 * past.
 */
const TRIES_MAX = 200;
/** A quarter of the time after which Redis drops a question (asking.lua). */
const HEAR_EVERY_MS = 2_500;

type AskedOf = Pick<RedisPlan, 'counters' | 'order'>;

/** A hold in Redis. What it took is recorded there, so that any process can settle it. */
class RedisHold implements SharedHold {
  readonly requestId: string;
  readonly plan: LimitPlan;
  readonly atMs: number;
  /** One entry for each attempt, in case they must be taken again. */
  readonly taken: Taken[];
  local: Hold | null = null;
  isDoubtful = false;
  ended: Actual | null = null;
  endedUnder: LimitPlan;

  constructor(requestId: string, plan: LimitPlan, atMs: number, taken: Taken) {
    this.requestId = requestId;
    this.plan = plan;
    this.atMs = atMs;
    this.taken = [taken];
    this.endedUnder = plan;
  }
}

/**
 * Creates counters in Redis. Each operation is one script, so each is atomic; time is Redis's own. An operation rejects when
 * Redis or the ledger is out of reach.
 */
export function createRedisCounters(options: RedisCountersOptions): RedisCounters {
  return new CountersInRedis(options);
}

class CountersInRedis implements RedisCounters {
  readonly #run: RunScript;
  readonly #prefix: () => string;
  readonly #owner: string;
  readonly #patience: (answered: Promise<void>) => Promise<void>;
  readonly #mustBeSame: (() => Promise<void>) | undefined;
  readonly #keptByPlan = new WeakMap<LimitPlan, { readonly prefix: string; readonly kept: RedisPlan }>();
  readonly #questions: ReturnType<typeof createRedisQuestions>;
  readonly #records: HeldRecords;
  readonly #refusals = new KnownRefusals(() => performance.now());

  constructor({ run, prefix, owner, pastFrom, patience, mustBeSame, hearEveryMs = HEAR_EVERY_MS }: RedisCountersOptions) {
    this.#run = run;
    this.#prefix = prefix;
    this.#owner = owner;
    this.#patience = patience ?? ((answered) => answered);
    this.#mustBeSame = mustBeSame;
    this.#questions = createRedisQuestions({ run, prefix, pastFrom, hearEveryMs });
    this.#records = heldRecords({ run, prefix, owner });
  }

  async hold(requestId: string, plan: LimitPlan, wanted: Wanted): Promise<HoldResult> {
    mustBeWhole(wanted.tokens, wanted.nanoUsd, wanted.nanoUsdMin);
    const kept = this.#keptOf(plan);
    const answer = await this.#answered(kept, () =>
      this.#run(scripts.hold, kept.holdKeys, [
        recordName(requestId),
        wanted.tokens,
        wanted.nanoUsd,
        wanted.nanoUsdMin,
        1,
        this.#owner,
        kept.who,
      ]),
    );
    const atMs = answer[1] as number;
    if (answer[0] === REFUSED) {
      const readings = readingsAt(answer, 2, kept.ruleCount);
      const result = { admitted: false, atMs, readings, refusing: refusingIn(answer, kept) } as const;
      this.#refusals.note(plan, result);
      return result;
    }
    if (answer[0] !== ADMITTED) throw new TypeError('Redis already has a hold of this request, or has cancelled it');
    const readings = readingsAt(answer, 3, kept.ruleCount);
    const nanoUsd = answer[2] as number;
    const hold = new RedisHold(requestId, plan, atMs, { atMs, tokens: wanted.tokens, nanoUsd });
    return { admitted: true, atMs, hold, nanoUsd, readings };
  }

  async extend(hold: Hold, more: { readonly tokens: number; readonly nanoUsd: number }): Promise<boolean> {
    mustBeWhole(more.tokens, more.nanoUsd, 0);
    const { requestId, plan, taken } = mustBeOurs(hold);
    const kept = this.#keptOf(plan);
    const wanted = [recordName(requestId), more.tokens, more.nanoUsd, more.nanoUsd, 0];
    const answer = await this.#answered(kept, () => this.#run(scripts.hold, kept.holdKeys, wanted));
    if (answer[0] !== ADMITTED) return false;
    taken.push({ atMs: answer[1] as number, tokens: more.tokens, nanoUsd: more.nanoUsd });
    return true;
  }

  async settle(hold: Hold, actual: Actual, planNow: LimitPlan): Promise<void> {
    mustBeWhole(actual.tokens, actual.nanoUsd, 0);
    const { requestId, plan } = mustBeOurs(hold);
    const kept = this.#keptOf(plan);
    const now = planNow === plan ? kept : this.#keptOf(planNow);
    const isSame = now.place === kept.place;
    const keys = isSame ? kept.holdKeys : [...kept.holdKeys, ...now.keys, now.place];
    const args = [recordName(requestId), actual.tokens, actual.nanoUsd, kept.keys.length, isSame ? 0 : 1];
    if (!isSame) args.push(...placesLeft(kept, planNow));
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const answer = numbersIn(await this.#run(scripts.settle, keys, args));
      if (answer[0] !== NO_PLAN) return;
      await Promise.all([this.#keep(kept), isSame ? undefined : this.#keep(now)]);
    }
    throw new Error('Redis lost a plan again each time it was stored');
  }

  async read(counters: readonly CounterSpec[]): Promise<Readings> {
    const groups = [...Map.groupBy(counters, ({ organizationId }) => organizationId)];
    const answers = await Promise.all(groups.map(([organizationId, some]) => this.#readOf(organizationId, some)));
    const readings = { used: [] as number[], held: [] as number[], resetsAtMs: [] as number[] };
    const next = new Map(groups.map(([organizationId], group) => [organizationId, { readings: answers[group], at: 0 }]));
    for (const { organizationId } of counters) {
      const place = next.get(organizationId) as { readonly readings: Readings; at: number };
      for (const name of ['used', 'held', 'resetsAtMs'] as const) readings[name].push(place.readings[name][place.at] as number);
      place.at += 1;
    }
    return readings;
  }

  async #readOf(organizationId: string, counters: readonly CounterSpec[]): Promise<Readings> {
    const set = counterSet(this.#prefix(), organizationId, counters);
    const answer = await this.#answered({ ...set, counters }, () => this.#run(scripts.read, set.keys, [set.json]));
    return inOrder(readingsAt(answer, 2, counters.length), set.order);
  }

  async restore(plan: LimitPlan, at: SeedPoint & { readonly unit: 'requests' | 'tokens' }): Promise<void> {
    mustBeWhole(at.amount, 0, 0);
    await this.#amend(this.#keptOf(plan), 'restore', unitNumber(at.unit), at.atMs, at.amount);
  }

  async correct(counter: CounterSpec, periodStartMs: number, amount: number): Promise<void> {
    mustBeWhole(amount, 0, 0);
    await this.#amend(counterSet(this.#prefix(), counter.organizationId, [counter]), 'correct', periodStartMs, amount);
  }

  async forget(counters: readonly CounterSpec[], change?: ConfigurationChange): Promise<void> {
    this.#refusals.forget(counters);
    const groups = [...Map.groupBy(counters, ({ organizationId }) => organizationId)];
    const args = change === undefined ? [] : [change.of, change.version];
    await Promise.all(groups.map(([id, some]) => this.#amend(counterSet(this.#prefix(), id, some), 'forget', ...args)));
  }

  async recount(counters: readonly CounterSpec[]): Promise<void> {
    this.#refusals.forget(counters);
    const groups = [...Map.groupBy(counters, ({ organizationId }) => organizationId)];
    await Promise.all(groups.map(([id, some]) => this.#amend(counterSet(this.#prefix(), id, some), 'recount')));
  }

  async doubt(counters: readonly CounterSpec[]): Promise<void> {
    const groups = [...Map.groupBy(counters, ({ organizationId }) => organizationId)];
    await Promise.all(groups.map(([id, some]) => this.#amend(counterSet(this.#prefix(), id, some), 'doubt')));
  }

  async rehold(hold: Hold): Promise<void> {
    const { requestId, plan, taken } = mustBeOurs(hold);
    const kept = this.#keptOf(plan);
    const parts = taken.flatMap(({ atMs, tokens, nanoUsd }) => [atMs, tokens, nanoUsd]);
    await this.#answered(kept, () =>
      this.#run(scripts.rehold, kept.holdKeys, [recordName(requestId), this.#owner, kept.who, ...parts]),
    );
  }

  adopt(requestId: string, plan: LimitPlan, atMs: number, taken: Taken): SharedHold {
    return new RedisHold(requestId, plan, atMs, taken);
  }

  async retake(requestId: string, plan: LimitPlan, taken: TakenBefore): Promise<SharedHold> {
    mustBeWhole(taken.tokens, taken.nanoUsd, 0);
    const hold = this.adopt(requestId, plan, taken.atMs, taken);
    await this.rehold(hold);
    return hold;
  }

  /** No row will say that the request is over, so its record is deleted here. */
  async release(hold: Hold): Promise<void> {
    await this.settle(hold, { tokens: 0, nanoUsd: 0 }, hold.plan);
    await this.stored(hold.plan.organizationId, [{ requestId: hold.requestId, tokens: 0, nanoUsd: 0 }]);
  }

  async #amend(set: RedisCounterSet, act: string, ...args: readonly (number | string)[]): Promise<Buffer> {
    return this.#run(scripts.amend, set.keys, [set.json, act, ...args]);
  }

  /** Repeats `ask` until nothing is missing: sends the plan, or reads the past, that Redis asks for. */
  async #answered(of: AskedOf & Partial<RedisPlan>, ask: () => Promise<Buffer>): Promise<Float64Array> {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const answer = numbersIn(await ask());
      if (answer[0] === NO_PLAN) await this.#keep(of as RedisPlan);
      else if (answer[0] === ASKS) await this.#patience(this.#askAll(of, answer));
      else return answer;
    }
    throw new Error('the earlier use of a counter could not be read');
  }

  /**
   * Stores a plan in Redis, but only if Redis has lost no other data. Otherwise other processes would use it and count in empty
   * counters.
   */
  async #keep({ place, json }: RedisPlan): Promise<void> {
    await this.#mustBeSame?.();
    await this.#run(scripts.keep, [place], [json]);
    try {
      await this.#mustBeSame?.();
    } catch (error) {
      await this.#run(scripts.drop, [place], []);
      throw error;
    }
  }

  #keptOf(plan: LimitPlan): RedisPlan {
    const known = this.#keptByPlan.get(plan);
    const present = this.#prefix();
    if (known?.prefix === present) return known.kept;
    const kept = redisPlan(present, plan);
    this.#keptByPlan.set(plan, { prefix: present, kept });
    return kept;
  }

  /** Waits for every past that the answer names as missing. */
  async #askAll({ counters, order }: AskedOf, answer: Float64Array): Promise<void> {
    const waiting: Promise<void>[] = [];
    for (let at = 1; at < answer.length; at += 3) {
      const spec = counters[order[(answer[at] as number) - 1] as number] as CounterSpec;
      waiting.push(this.#questions.ask(spec, answer[at + 1] as number, answer[at + 2] as number));
    }
    await Promise.all(waiting);
  }

  exhausted(plan: LimitPlan): Refused | null {
    return this.#refusals.refused(plan);
  }

  cold(): number {
    return this.#questions.open();
  }

  stored(organizationId: string, uses: readonly StoredUse[]): Promise<void> {
    return this.#records.stored(organizationId, uses);
  }

  cancel(organizationId: string, requestIds: readonly string[]): Promise<number> {
    return this.#records.cancel(organizationId, requestIds);
  }

  heldOf(organizationId: string, olderThanMs: number): Promise<HeldThere> {
    return this.#records.heldOf(organizationId, olderThanMs);
  }

  compareHeld(counters: readonly CounterSpec[]): Promise<readonly HeldAmount[]> {
    return this.#records.compareHeld(counters);
  }

  sweep(organizationId: string, owner: string, its: 'gone' | 'back'): Promise<number> {
    return this.#records.sweep(organizationId, owner, its);
  }
}

function readingsAt(answer: Float64Array, at: number, count: number): Readings {
  const part = (index: number) => Array.from(answer.subarray(at + index * count, at + (index + 1) * count));
  return { used: part(0), held: part(1), resetsAtMs: part(2) };
}

/** Puts readings from the kept order into the order in which the caller gave the counters. */
function inOrder({ used, held, resetsAtMs }: Readings, order: readonly number[]): Readings {
  const put = (numbers: readonly number[]) => {
    const placed = numbers.slice();
    for (const [place, index] of order.entries()) placed[index] = numbers[place] as number;
    return placed;
  };
  return { used: put(used), held: put(held), resetsAtMs: put(resetsAtMs) };
}

function refusingIn(answer: Float64Array, { ruleCount }: RedisPlan): readonly Refusing[] {
  const refusing: Refusing[] = [];
  for (let at = 2 + 3 * ruleCount; at < answer.length; at += 2) {
    const waitMs = answer[at + 1] as number;
    refusing.push({ rule: answer[at] as number, retryAfterMs: waitMs === -1 ? null : waitMs });
  }
  return refusing;
}

/** Returns the places, from 1, of counters in a kept plan that no longer count a request. */
function placesLeft({ counters, order }: AskedOf, planNow: LimitPlan): readonly number[] {
  const places: number[] = [];
  for (const [at, index] of order.entries()) if (hasLeft(counters[index] as CounterSpec, planNow)) places.push(at + 1);
  return places;
}

function mustBeOurs(hold: Hold): RedisHold {
  if (hold instanceof RedisHold) return hold;
  throw new TypeError('the hold belongs to other counters');
}
