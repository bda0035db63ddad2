/** Limits and budgets of many processes, in Redis or Valkey, single or as a cluster. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CounterSpec, LimitPlan } from '../domain/limit-plan.ts';
import { mustBeWhole } from './amounts.ts';
import type { Actual, Counters, Hold, HoldResult, Readings, Refusing, SeedFrom, SeedPoint, Wanted } from './counters.ts';
import { counterSet, type RedisCounterSet, type RedisPlan, redisPlan, unitNumber } from './redis-plan.ts';
import { type RunScript, scripts } from './redis-scripts.ts';

export interface RedisCountersOptions {
  readonly run: RunScript;
  /** Before every key, so that two installations can share one Redis. */
  readonly prefix: string;
  readonly seedFrom: SeedFrom;
}

/** The first number of an answer. */
const ADMITTED = 1;
const REFUSED = 2;
const ASKS = 3;
const NO_PLAN = 4;

/** A request that meets the same obstacle so often meets something else than a plan to send or a past to ask for. */
const TRIES_MAX = 200;
/** Until the answer that another process is waiting for is looked for again. */
const LOOK_AGAIN_MS = 50;

type AskedOf = Pick<RedisPlan, 'counters' | 'order'>;

/** A hold that Redis keeps: what was taken is written there, where whoever settles it finds it. */
class RedisHold implements Hold {
  readonly requestId: string;
  readonly plan: LimitPlan;
  readonly atMs: number;
  readonly kept: RedisPlan;

  constructor(requestId: string, plan: LimitPlan, atMs: number, kept: RedisPlan) {
    this.requestId = requestId;
    this.plan = plan;
    this.atMs = atMs;
    this.kept = kept;
  }
}

/** Each operation is one script, so each is atomic; time is Redis's own. Rejects when Redis is away or the ledger is out of reach. */
export function createRedisCounters({ run, prefix, seedFrom }: RedisCountersOptions): Counters {
  const keptByPlan = new WeakMap<LimitPlan, RedisPlan>();
  const openQuestions = new Map<string, Promise<void>>();
  let questions = 0;
  return { hold, extend, settle, read, restore, correct, forget };

  async function hold(requestId: string, plan: LimitPlan, wanted: Wanted): Promise<HoldResult> {
    mustBeWhole(wanted.tokens, wanted.nanoUsd, wanted.nanoUsdMin);
    const kept = keptOf(plan);
    const answer = await answered(kept, () =>
      run(scripts.hold, kept.holdKeys, [requestId, wanted.tokens, wanted.nanoUsd, wanted.nanoUsdMin, 1]),
    );
    const atMs = answer[1] as number;
    if (answer[0] === REFUSED) {
      return { admitted: false, atMs, readings: readingsAt(answer, 2, kept.ruleCount), refusing: refusingIn(answer, kept) };
    }
    const readings = readingsAt(answer, 3, kept.ruleCount);
    return { admitted: true, atMs, hold: new RedisHold(requestId, plan, atMs, kept), nanoUsd: answer[2] as number, readings };
  }

  async function extend(hold: Hold, more: { readonly tokens: number; readonly nanoUsd: number }): Promise<boolean> {
    mustBeWhole(more.tokens, more.nanoUsd, 0);
    const { requestId, kept } = mustBeOurs(hold);
    const wanted = [requestId, more.tokens, more.nanoUsd, more.nanoUsd, 0];
    const answer = await answered(kept, () => run(scripts.hold, kept.holdKeys, wanted));
    return answer[0] === ADMITTED;
  }

  async function settle(hold: Hold, actual: Actual, planNow: LimitPlan): Promise<void> {
    mustBeWhole(actual.tokens, actual.nanoUsd, 0);
    const { requestId, kept } = mustBeOurs(hold);
    const now = planNow === hold.plan ? kept : keptOf(planNow);
    const isSame = now.place === kept.place;
    const keys = isSame ? kept.holdKeys : [...kept.holdKeys, ...now.keys, now.place];
    const args = [requestId, actual.tokens, actual.nanoUsd, kept.keys.length, isSame ? 0 : 1];
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const answer = await run(scripts.settle, keys, args);
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
    const set = counterSet(prefix, organizationId, counters);
    const answer = await answered({ ...set, counters }, () => run(scripts.read, set.keys, [set.json]));
    return inOrder(readingsAt(answer, 2, counters.length), set.order);
  }

  async function restore(plan: LimitPlan, at: SeedPoint & { readonly unit: 'requests' | 'tokens' }): Promise<void> {
    mustBeWhole(at.amount, 0, 0);
    await amend(keptOf(plan), 'restore', unitNumber(at.unit), at.atMs, at.amount);
  }

  async function correct(counter: CounterSpec, periodStartMs: number, amount: number): Promise<void> {
    mustBeWhole(amount, 0, 0);
    await amend(counterSet(prefix, counter.organizationId, [counter]), 'correct', periodStartMs, amount);
  }

  async function forget(counters: readonly CounterSpec[]): Promise<void> {
    const groups = [...Map.groupBy(counters, ({ organizationId }) => organizationId)];
    await Promise.all(groups.map(([id, some]) => amend(counterSet(prefix, id, some), 'forget')));
  }

  async function amend(set: RedisCounterSet, act: string, ...args: readonly number[]): Promise<number> {
    const [answer] = await run(scripts.amend, set.keys, [set.json, act, ...args]);
    return answer as number;
  }

  /** Asks until nothing is missing: a plan is sent, a past is asked for. */
  async function answered(of: AskedOf & Partial<RedisPlan>, ask: () => Promise<Float64Array>): Promise<Float64Array> {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const answer = await ask();
      if (answer[0] === NO_PLAN) await keep(of as RedisPlan);
      else if (answer[0] === ASKS) await askAll(of, answer);
      else return answer;
    }
    throw new Error('the past of a counter could not be read');
  }

  async function keep({ place, json }: RedisPlan): Promise<void> {
    await run(scripts.keep, [place], [json]);
  }

  function keptOf(plan: LimitPlan): RedisPlan {
    const known = keptByPlan.get(plan);
    if (known !== undefined) return known;
    const kept = redisPlan(prefix, plan);
    keptByPlan.set(plan, kept);
    return kept;
  }

  /** Every past that the answer lacks. Whoever needs one that is being asked for waits for the same answer. */
  async function askAll({ counters, order }: AskedOf, answer: Float64Array): Promise<void> {
    const waiting: Promise<void>[] = [];
    for (let at = 1; at < answer.length; at += 3) {
      const spec = counters[order[(answer[at] as number) - 1] as number] as CounterSpec;
      const [fromMs, toMs] = [answer[at + 1] as number, answer[at + 2] as number];
      const name = spec.window.is === 'calendar' ? `${spec.name}@${fromMs}` : spec.name;
      const open = openQuestions.get(name) ?? askOnce(name, spec, fromMs, toMs);
      waiting.push(open);
    }
    await Promise.all(waiting);
  }

  function askOnce(name: string, spec: CounterSpec, fromMs: number, toMs: number): Promise<void> {
    const asked = askPast(spec, fromMs, toMs).finally(() => openQuestions.delete(name));
    openQuestions.set(name, asked);
    return asked;
  }

  /**
   * The question is put to Redis and to the ledger in one turn: what this process settled before it is behind it in both, and what it
   * settles later in neither.
   */
  async function askPast(spec: CounterSpec, fromMs: number, toMs: number): Promise<void> {
    questions = (questions + 1) % 900;
    const set = counterSet(prefix, spec.organizationId, [spec]);
    const began = amend(set, 'ask', fromMs, questions + 2);
    const points = pointsFrom(spec, fromMs, toMs);
    points.catch(() => undefined);
    const question = await began;
    if (question === 0) return void (await sleep(LOOK_AGAIN_MS));
    try {
      const seed = (await points).flatMap(({ atMs, amount }) => [atMs, amount]);
      await amend(set, 'fill', fromMs, question, ...seed);
    } catch (error) {
      await amend(set, 'give_up', fromMs, question);
      throw error;
    }
  }

  /** What the source throws at once is its answer too. */
  async function pointsFrom(spec: CounterSpec, fromMs: number, toMs: number): Promise<readonly SeedPoint[]> {
    return seedFrom(spec, fromMs, toMs);
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

function mustBeOurs(hold: Hold): RedisHold {
  if (hold instanceof RedisHold) return hold;
  throw new TypeError('this hold was not given out by these counters');
}
