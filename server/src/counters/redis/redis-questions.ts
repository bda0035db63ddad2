/** What a process asks of the past of counters that it shares in Redis: each counter once at a time, and for as long as an answer takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CounterSpec } from '../../domain/limits/limit-plan.ts';
import type { AskedPast, PastFrom } from '../../domain/usage/asked-past.ts';
import { QuestionLost, readQuestion, readRecorded } from './redis-past.ts';
import { counterSet, holdsKey } from './redis-plan.ts';
import { type RunScript, scripts } from './redis-scripts.ts';

export interface RedisQuestionsOptions {
  readonly run: RunScript;
  readonly prefix: () => string;
  readonly pastFrom: PastFrom;
  /** How often Redis hears that a question is still open; one of which it hears nothing for ten seconds may be lost (asking.lua). */
  readonly hearEveryMs: number;
}

export interface RedisQuestions {
  /**
   * Resolves when the counter may know its past, from `fromMs` up to `toMs`; it says itself whether it does. Whoever needs one that is being
   * asked for waits for the same answer. Rejects with the ledger's error, or when Redis is away.
   */
  ask(spec: CounterSpec, fromMs: number, toMs: number): Promise<void>;
  /** Counters whose past is being asked for. */
  open(): number;
}

/** Until the answer that another process is waiting for is looked for again. */
const LOOK_AGAIN_MS = 50;
/** Redis hears of so many in one step. */
const HEARD_AT_ONCE = 1_000;

export function createRedisQuestions({ run, prefix, pastFrom, hearEveryMs }: RedisQuestionsOptions): RedisQuestions {
  const open = new Map<string, Promise<void>>();
  /** The numbers of those that Redis knows of, by where their organization's holds are. */
  const heard = new Map<string, Set<number>>();
  let asked = 0;
  let hearing: NodeJS.Timeout | null = null;
  return { ask, open: () => open.size };

  function ask(spec: CounterSpec, fromMs: number, toMs: number): Promise<void> {
    const name = spec.window.is === 'calendar' ? `${spec.name}@${fromMs}` : spec.name;
    const known = open.get(name);
    if (known !== undefined) return known;
    const answered = askPast(spec, fromMs, toMs).finally(() => open.delete(name));
    open.set(name, answered);
    return answered;
  }

  /** Redis is asked when it is the question's turn with the ledger, which is told what Redis answered. */
  async function askPast(spec: CounterSpec, fromMs: number, toMs: number): Promise<void> {
    const set = counterSet(prefix(), spec.organizationId, [spec]);
    const place = holdsKey(prefix(), spec.organizationId);
    const amend = (act: string, ...args: readonly number[]) => run(scripts.amend, set.keys, [set.json, act, fromMs, ...args]);
    let [question, order] = [0, 0];
    const begin = async (): Promise<AskedPast> => {
      asked = (asked + 1) % 900;
      const began = readQuestion(await amend('ask', asked + 2));
      ({ question, order } = began);
      if (question !== 0) keepOpen(place, order);
      const recorded = async () => readRecorded(await run(scripts.holds, [place], [order]));
      return { unstored: began.unstored, order, recorded };
    };
    try {
      const points = await pastFrom(spec, fromMs, toMs, begin);
      const seed = points.flatMap(({ atMs, amount }) => [atMs, amount]);
      if (question !== 0) await amend('fill', question, order, ...seed);
    } catch (error) {
      if (question !== 0) await amend('give_up', question, order);
      // It is asked anew.
      if (!(error instanceof QuestionLost)) throw error;
    } finally {
      letGo(place, order);
    }
    // Somebody else asks.
    if (question === 0) await sleep(LOOK_AGAIN_MS);
  }

  function keepOpen(place: string, order: number): void {
    const orders = heard.get(place);
    if (orders === undefined) heard.set(place, new Set([order]));
    else orders.add(order);
    hearing ??= setInterval(hear, hearEveryMs).unref();
  }

  function letGo(place: string, order: number): void {
    const orders = heard.get(place);
    if (orders?.delete(order) !== true || orders.size > 0) return;
    heard.delete(place);
    if (heard.size > 0 || hearing === null) return;
    clearInterval(hearing);
    hearing = null;
  }

  /** What does not reach Redis is said again; should it be too late by then, the questions are lost and asked anew. */
  function hear(): void {
    for (const [place, orders] of heard) {
      const all = [...orders];
      for (let at = 0; at < all.length; at += HEARD_AT_ONCE) {
        run(scripts.hear, [place], all.slice(at, at + HEARD_AT_ONCE)).catch(() => {});
      }
    }
  }
}
