/**
 * Questions of this process about the past of shared counters. Each counter has at most one question at a time, open until its
 * answer arrives.
 */
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
  /**
   * The milliseconds between signals to Redis that a question is still open. Redis may drop one after ten seconds without a
   * signal (asking.lua).
   */
  readonly hearEveryMs: number;
}

export interface RedisQuestions {
  /**
   * Resolves when the counter may know its past, from `fromMs` up to `toMs`; only the counter can tell whether it does. Callers
   * that need the same counter share one answer. Rejects with the ledger's error, or when Redis is out of reach.
   */
  ask(spec: CounterSpec, fromMs: number, toMs: number): Promise<void>;
  /** Returns the number of counters whose past is being asked for. */
  open(): number;
}

/** The milliseconds between checks while another process asks. */
const LOOK_AGAIN_MS = 50;
/** The most questions in one signal to Redis. */
const HEARD_AT_ONCE = 1_000;

export function createRedisQuestions(options: RedisQuestionsOptions): RedisQuestions {
  return new Questions(options);
}

class Questions implements RedisQuestions {
  readonly #o: RedisQuestionsOptions;
  readonly #open = new Map<string, Promise<void>>();
  readonly #signals: Signals;
  #asked = 0;

  constructor(options: RedisQuestionsOptions) {
    this.#o = options;
    this.#signals = new Signals(options);
  }

  ask(spec: CounterSpec, fromMs: number, toMs: number): Promise<void> {
    const name = spec.window.is === 'calendar' ? `${spec.name}@${fromMs}` : spec.name;
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const answered = this.#askPast(spec, fromMs, toMs).finally(() => this.#open.delete(name));
    this.#open.set(name, answered);
    return answered;
  }

  open(): number {
    return this.#open.size;
  }

  /** Asks Redis when the ledger starts on the question, and passes Redis's answer to the ledger. */
  async #askPast(spec: CounterSpec, fromMs: number, toMs: number): Promise<void> {
    const { run, prefix, pastFrom } = this.#o;
    const set = counterSet(prefix(), spec.organizationId, [spec]);
    const place = holdsKey(prefix(), spec.organizationId);
    const amend = (act: string, ...args: readonly number[]) => run(scripts.amend, set.keys, [set.json, act, fromMs, ...args]);
    let [question, order] = [0, 0];
    const begin = async (): Promise<AskedPast> => {
      this.#asked = (this.#asked + 1) % 900;
      const began = readQuestion(await amend('ask', this.#asked + 2));
      ({ question, order } = began);
      if (question !== 0) this.#signals.keepOpen(place, order);
      const recorded = async () => readRecorded(await run(scripts.holds, [place], [order]));
      return { unstored: began.unstored, order, recorded };
    };
    try {
      const points = await pastFrom(spec, fromMs, toMs, begin);
      const seed = points.flatMap(({ atMs, amount }) => [atMs, amount]);
      if (question !== 0) await amend('fill', question, order, ...seed);
    } catch (error) {
      if (question !== 0) await amend('give_up', question, order);
      // The question is asked again.
      if (!(error instanceof QuestionLost)) throw error;
    } finally {
      this.#signals.letGo(place, order);
    }
    // Another process asks.
    if (question === 0) await sleep(LOOK_AGAIN_MS);
  }
}

/** The signals to Redis that questions are still open, sent every `hearEveryMs` while there are any. */
class Signals {
  readonly #run: RunScript;
  readonly #everyMs: number;
  /** The numbers of the open questions, by the key of their organization's holds. */
  readonly #heard = new Map<string, Set<number>>();
  #timer: NodeJS.Timeout | null = null;

  constructor({ run, hearEveryMs }: RedisQuestionsOptions) {
    this.#run = run;
    this.#everyMs = hearEveryMs;
  }

  keepOpen(place: string, order: number): void {
    const orders = this.#heard.get(place);
    if (orders === undefined) this.#heard.set(place, new Set([order]));
    else orders.add(order);
    this.#timer ??= setInterval(() => this.#hear(), this.#everyMs).unref();
  }

  letGo(place: string, order: number): void {
    const orders = this.#heard.get(place);
    if (orders?.delete(order) !== true || orders.size > 0) return;
    this.#heard.delete(place);
    if (this.#heard.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /**
   * Signals that the questions are still open. A signal that fails is repeated at the next interval; if Redis drops a question,
   * it is asked again.
   */
  #hear(): void {
    for (const [place, orders] of this.#heard) {
      const all = [...orders];
      for (let at = 0; at < all.length; at += HEARD_AT_ONCE) {
        this.#run(scripts.hear, [place], all.slice(at, at + HEARD_AT_ONCE)).catch(() => {});
      }
    }
  }
}
