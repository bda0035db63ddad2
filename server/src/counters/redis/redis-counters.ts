/** Limits and budgets of many processes, in Redis or Valkey, single or as a cluster. */

import { type CounterSpec, hasLeft, type LimitPlan } from '../../domain/limits/limit-plan.ts';
import type { PastFrom } from '../../domain/usage/asked-past.ts';
import type {
  Actual,
  ConfigurationChange,
  Counters,
  Hold,
  HoldResult,
  Readings,
  Refusing,
  SeedPoint,
  Wanted,
} from '../counters.ts';
import { mustBeWhole } from '../memory/amounts.ts';
import { KnownRefusals } from '../memory/known-refusals.ts';
import { type HeldRecords, heldRecords, recordName } from './redis-held.ts';
import { counterSet, type RedisCounterSet, type RedisPlan, redisPlan, unitNumber } from './redis-plan.ts';
import { createRedisQuestions } from './redis-questions.ts';
import { numbersIn, type RunScript, scripts } from './redis-scripts.ts';

export interface RedisCountersOptions {
  readonly run: RunScript;
  /** Before every key, so that two installations can share one Redis; another one later means other counters, which know nothing yet. */
  readonly prefix: () => string;
  /** Names this process among those that share the counters: eight characters. */
  readonly owner: string;
  readonly pastFrom: PastFrom;
  /** How long a request waits for the past of its counters: rejects when it gives up. For as long as it takes unless given. */
  readonly patience?: (answered: Promise<void>) => Promise<void>;
  /** Called where Redis does not have a plan it may have been given: rejects where it has lost more than that. */
  readonly mustBeSame?: () => Promise<void>;
  /** See RedisQuestionsOptions. */
  readonly hearEveryMs?: number;
}

/** A hold that may be kept elsewhere for a while: null while these counters keep it. */
export interface SharedHold extends Hold {
  local: Hold | null;
  /** Redis was asked for it and did not answer: it may hold it, or hold it later. */
  isDoubtful: boolean;
  /** What it used in the end; null while it is in flight. */
  ended: Actual | null;
  /** The plan that it would have been admitted under when it ended. */
  endedUnder: LimitPlan;
}

/** The counters of many processes, with what only those need. */
export interface RedisCounters extends Counters, HeldRecords {
  /** Takes what a request in flight holds, whatever the limits say, in counters that do not know of it or have swept it. */
  rehold(hold: Hold): Promise<void>;
  /** A hold as these counters would have given it out, for a request that others admitted. */
  adopt(requestId: string, plan: LimitPlan, atMs: number, taken: Taken): SharedHold;
  /** These counters may have missed something: what the ledger knows of is asked for again when it is next needed. */
  doubt(counters: readonly CounterSpec[]): Promise<void>;
  /** Counters whose past this process is asking for. */
  cold(): number;
}

/** What an attempt took, and when. */
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

/** A request that meets the same obstacle so often meets something else than a plan to send or a past to ask for. */
const TRIES_MAX = 200;
/** A quarter of what Redis waits. */
const HEAR_EVERY_MS = 2_500;

type AskedOf = Pick<RedisPlan, 'counters' | 'order'>;

/** A hold that Redis keeps: what was taken is written there, where whoever settles it finds it. */
class RedisHold implements SharedHold {
  readonly requestId: string;
  readonly plan: LimitPlan;
  readonly atMs: number;
  /** Of each attempt, should it have to be taken again. */
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

/** Each operation is one script, so each is atomic; time is Redis's own. Rejects when Redis is away or the ledger is out of reach. */
export function createRedisCounters({
  run,
  prefix,
  owner,
  pastFrom,
  patience = (answered) => answered,
  mustBeSame,
  hearEveryMs = HEAR_EVERY_MS,
}: RedisCountersOptions): RedisCounters {
  const keptByPlan = new WeakMap<LimitPlan, { readonly prefix: string; readonly kept: RedisPlan }>();
  const questions = createRedisQuestions({ run, prefix, pastFrom, hearEveryMs });
  const records = heldRecords({ run, prefix, owner });
  const refusals = new KnownRefusals(() => performance.now());
  const exhausted = (plan: LimitPlan) => refusals.refused(plan);
  return {
    hold,
    exhausted,
    extend,
    settle,
    read,
    restore,
    correct,
    forget,
    recount,
    rehold,
    adopt,
    doubt,
    cold: questions.open,
    ...records,
  };

  async function hold(requestId: string, plan: LimitPlan, wanted: Wanted): Promise<HoldResult> {
    mustBeWhole(wanted.tokens, wanted.nanoUsd, wanted.nanoUsdMin);
    const kept = keptOf(plan);
    const answer = await answered(kept, () =>
      run(scripts.hold, kept.holdKeys, [
        recordName(requestId),
        wanted.tokens,
        wanted.nanoUsd,
        wanted.nanoUsdMin,
        1,
        owner,
        kept.who,
      ]),
    );
    const atMs = answer[1] as number;
    if (answer[0] === REFUSED) {
      const readings = readingsAt(answer, 2, kept.ruleCount);
      const result = { admitted: false, atMs, readings, refusing: refusingIn(answer, kept) } as const;
      refusals.note(plan, result);
      return result;
    }
    if (answer[0] !== ADMITTED) throw new TypeError('Redis holds or has cancelled this request already');
    const readings = readingsAt(answer, 3, kept.ruleCount);
    const nanoUsd = answer[2] as number;
    const hold = new RedisHold(requestId, plan, atMs, { atMs, tokens: wanted.tokens, nanoUsd });
    return { admitted: true, atMs, hold, nanoUsd, readings };
  }

  async function extend(hold: Hold, more: { readonly tokens: number; readonly nanoUsd: number }): Promise<boolean> {
    mustBeWhole(more.tokens, more.nanoUsd, 0);
    const { requestId, plan, taken } = mustBeOurs(hold);
    const kept = keptOf(plan);
    const wanted = [recordName(requestId), more.tokens, more.nanoUsd, more.nanoUsd, 0];
    const answer = await answered(kept, () => run(scripts.hold, kept.holdKeys, wanted));
    if (answer[0] !== ADMITTED) return false;
    taken.push({ atMs: answer[1] as number, tokens: more.tokens, nanoUsd: more.nanoUsd });
    return true;
  }

  async function settle(hold: Hold, actual: Actual, planNow: LimitPlan): Promise<void> {
    mustBeWhole(actual.tokens, actual.nanoUsd, 0);
    const { requestId, plan } = mustBeOurs(hold);
    const kept = keptOf(plan);
    const now = planNow === plan ? kept : keptOf(planNow);
    const isSame = now.place === kept.place;
    const keys = isSame ? kept.holdKeys : [...kept.holdKeys, ...now.keys, now.place];
    const args = [recordName(requestId), actual.tokens, actual.nanoUsd, kept.keys.length, isSame ? 0 : 1];
    if (!isSame) args.push(...placesLeft(kept, planNow));
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const answer = numbersIn(await run(scripts.settle, keys, args));
      if (answer[0] !== NO_PLAN) return;
      await Promise.all([keep(kept), isSame ? undefined : keep(now)]);
    }
    throw new Error('Redis does not keep the plan it was given');
  }

  async function read(counters: readonly CounterSpec[]): Promise<Readings> {
    const groups = [...Map.groupBy(counters, ({ organizationId }) => organizationId)];
    const answers = await Promise.all(groups.map(([organizationId, some]) => readOf(organizationId, some)));
    const readings = { used: [] as number[], held: [] as number[], resetsAtMs: [] as number[] };
    const next = new Map(groups.map(([organizationId], group) => [organizationId, { readings: answers[group], at: 0 }]));
    for (const { organizationId } of counters) {
      const place = next.get(organizationId) as { readonly readings: Readings; at: number };
      for (const name of ['used', 'held', 'resetsAtMs'] as const) readings[name].push(place.readings[name][place.at] as number);
      place.at += 1;
    }
    return readings;
  }

  async function readOf(organizationId: string, counters: readonly CounterSpec[]): Promise<Readings> {
    const set = counterSet(prefix(), organizationId, counters);
    const answer = await answered({ ...set, counters }, () => run(scripts.read, set.keys, [set.json]));
    return inOrder(readingsAt(answer, 2, counters.length), set.order);
  }

  async function restore(plan: LimitPlan, at: SeedPoint & { readonly unit: 'requests' | 'tokens' }): Promise<void> {
    mustBeWhole(at.amount, 0, 0);
    await amend(keptOf(plan), 'restore', unitNumber(at.unit), at.atMs, at.amount);
  }

  async function correct(counter: CounterSpec, periodStartMs: number, amount: number): Promise<void> {
    mustBeWhole(amount, 0, 0);
    await amend(counterSet(prefix(), counter.organizationId, [counter]), 'correct', periodStartMs, amount);
  }

  async function forget(counters: readonly CounterSpec[], change?: ConfigurationChange): Promise<void> {
    refusals.forget(counters);
    const groups = [...Map.groupBy(counters, ({ organizationId }) => organizationId)];
    const args = change === undefined ? [] : [change.of, change.version];
    await Promise.all(groups.map(([id, some]) => amend(counterSet(prefix(), id, some), 'forget', ...args)));
  }

  async function recount(counters: readonly CounterSpec[]): Promise<void> {
    refusals.forget(counters);
    const groups = [...Map.groupBy(counters, ({ organizationId }) => organizationId)];
    await Promise.all(groups.map(([id, some]) => amend(counterSet(prefix(), id, some), 'recount')));
  }

  async function doubt(counters: readonly CounterSpec[]): Promise<void> {
    const groups = [...Map.groupBy(counters, ({ organizationId }) => organizationId)];
    await Promise.all(groups.map(([id, some]) => amend(counterSet(prefix(), id, some), 'doubt')));
  }

  async function rehold(hold: Hold): Promise<void> {
    const { requestId, plan, taken } = mustBeOurs(hold);
    const kept = keptOf(plan);
    const parts = taken.flatMap(({ atMs, tokens, nanoUsd }) => [atMs, tokens, nanoUsd]);
    await answered(kept, () => run(scripts.rehold, kept.holdKeys, [recordName(requestId), owner, kept.who, ...parts]));
  }

  function adopt(requestId: string, plan: LimitPlan, atMs: number, taken: Taken): SharedHold {
    return new RedisHold(requestId, plan, atMs, taken);
  }

  async function amend(set: RedisCounterSet, act: string, ...args: readonly (number | string)[]): Promise<Buffer> {
    return run(scripts.amend, set.keys, [set.json, act, ...args]);
  }

  /** Asks until nothing is missing: a plan is sent, a past is asked for. */
  async function answered(of: AskedOf & Partial<RedisPlan>, ask: () => Promise<Buffer>): Promise<Float64Array> {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const answer = numbersIn(await ask());
      if (answer[0] === NO_PLAN) await keep(of as RedisPlan);
      else if (answer[0] === ASKS) await patience(askAll(of, answer));
      else return answer;
    }
    throw new Error('the past of a counter could not be read');
  }

  /** A plan in a Redis that has lost all else would let others count in empty counters: it is put there only while nothing is lost. */
  async function keep({ place, json }: RedisPlan): Promise<void> {
    await mustBeSame?.();
    await run(scripts.keep, [place], [json]);
    try {
      await mustBeSame?.();
    } catch (error) {
      await run(scripts.drop, [place], []);
      throw error;
    }
  }

  function keptOf(plan: LimitPlan): RedisPlan {
    const known = keptByPlan.get(plan);
    const present = prefix();
    if (known?.prefix === present) return known.kept;
    const kept = redisPlan(present, plan);
    keptByPlan.set(plan, { prefix: present, kept });
    return kept;
  }

  /** Every past that the answer lacks. */
  async function askAll({ counters, order }: AskedOf, answer: Float64Array): Promise<void> {
    const waiting: Promise<void>[] = [];
    for (let at = 1; at < answer.length; at += 3) {
      const spec = counters[order[(answer[at] as number) - 1] as number] as CounterSpec;
      waiting.push(questions.ask(spec, answer[at + 1] as number, answer[at + 2] as number));
    }
    await Promise.all(waiting);
  }
}

function readingsAt(answer: Float64Array, at: number, count: number): Readings {
  const part = (index: number) => Array.from(answer.subarray(at + index * count, at + (index + 1) * count));
  return { used: part(0), held: part(1), resetsAtMs: part(2) };
}

/** As the counters were asked for, of readings as they are kept. */
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

/** Where the counters stand in a plan as it is kept that count a request of it no longer; from 1. */
function placesLeft({ counters, order }: AskedOf, planNow: LimitPlan): readonly number[] {
  const places: number[] = [];
  for (const [at, index] of order.entries()) if (hasLeft(counters[index] as CounterSpec, planNow)) places.push(at + 1);
  return places;
}

function mustBeOurs(hold: Hold): RedisHold {
  if (hold instanceof RedisHold) return hold;
  throw new TypeError('this hold was not given out by these counters');
}
