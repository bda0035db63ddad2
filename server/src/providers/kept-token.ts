/**
 * A token in memory that is fetched and lasts a while, such as an OAuth token or temporary keys.
 *
 * Problem. Calls need a token that a server elsewhere issues. That server can be slow, broken or hostile, and many calls can
 * need the token at once.
 *
 * Approach.
 * - A token is renewed 5 minutes before its end while the present one serves. Only calls start renewals, so nothing runs for a
 *   credential that is not used.
 * - One fetch at a time, however many calls wait. A fetch ends after 10 s, whatever it does.
 * - After a failure calls fail at once until the next fetch is due: after 1 s, then twice as long each time, up to 30 s. Fetches
 *   that succeed are 1 s apart too, so a server that issues very short tokens is not overrun.
 * - A token has ended if either clock says so. The monotonic clock may stand still while a machine sleeps, and the wall clock may
 *   jump.
 *
 * Invariants. A present token is returned without a promise or a timer. A token is never part of an error or a log line: of a
 * fetch that throws anything but `TokenFailure`, only that it failed is told.
 */
import type { Clock } from '../lib/timing/clock.ts';

const RENEW_EARLY_MS = 300_000;
/** A token is not used in its last moments, because a call takes time to arrive. */
const UNUSED_AT_END_MS = 5_000;
/** A longer lifetime counts as this one. */
const LASTS_MS_MAX = 24 * 3_600_000;
const FETCH_MS_MAX = 10_000;
/** A token that was refused sooner than this after it was fetched stays: another would be refused too. */
const REFUSED_AFTER_MS = 30_000;
const BETWEEN_FETCHES_MS = 1_000;
const BACKOFF_MS_MAX = 30_000;

/** The reason why there is no token: one sentence, without secrets and addresses. */
export class TokenFailure extends Error {}

export interface FetchedToken<T> {
  readonly token: T;
  /** The time from now until the token's end. */
  readonly lastsMs: number;
}

export interface KeptTokenOptions<T> {
  /** Fetches a token. Rejects with `TokenFailure`. `signal` ends what the fetch still has open once it took too long. */
  readonly fetch: (signal: AbortSignal) => Promise<FetchedToken<T>>;
  readonly clock: Clock;
  readonly after: (ms: number, callback: () => void) => () => void;
  /** Called for each fetch that issued no token that can be used, also if a present token serves meanwhile. */
  readonly onFailure?: (failure: TokenFailure) => void;
}

export interface TokenWaiter<T> {
  ready(token: T): void;
  failed(failure: TokenFailure): void;
}

export interface KeptToken<T> {
  /** Returns the token if it can be used now, and begins to renew it if that is due. Null: `wait` for one. */
  present(): T | null;
  /** Calls the waiter once, never before this method has returned. Returns a function after which it is not called. */
  wait(waiter: TokenWaiter<T>): () => void;
  /** Notes that the provider refused this token. The next call fetches another, unless this one is too new for that to help. */
  refused(token: T): void;
}

interface Kept<T> {
  readonly token: T;
  readonly since: Moment;
  readonly renewAt: Moment;
  readonly endsAt: Moment;
}

/** A point in time by both clocks. */
interface Moment {
  readonly nowMs: number;
  readonly monotonicMs: number;
}

/** Creates a token that is first fetched when it is first needed. */
export function keepToken<T>(options: KeptTokenOptions<T>): KeptToken<T> {
  return new FetchedAndKept(options);
}

class FetchedAndKept<T> implements KeptToken<T> {
  readonly #options: KeptTokenOptions<T>;
  readonly #waiting = new Set<TokenWaiter<T>>();
  #kept: Kept<T> | null = null;
  #isFetching = false;
  #failure: TokenFailure | null = null;
  #failures = 0;
  /** The monotonic time from which the next fetch may begin. */
  #nextFetchMs = Number.NEGATIVE_INFINITY;

  constructor(options: KeptTokenOptions<T>) {
    this.#options = options;
  }

  present(): T | null {
    const kept = this.#kept;
    if (kept === null) return null;
    if (this.#isPast(kept.renewAt)) this.#fetchIfDue();
    if (!this.#isPast(kept.endsAt)) return kept.token;
    this.#kept = null;
    return null;
  }

  wait(waiter: TokenWaiter<T>): () => void {
    this.#waiting.add(waiter);
    const cancel = () => void this.#waiting.delete(waiter);
    this.#fetchIfDue();
    // Without a fetch under way nothing would ever answer: the last one failed, or its token has ended sooner than another may
    // be fetched.
    if (!this.#isFetching) queueMicrotask(() => this.#answer(waiter));
    return cancel;
  }

  refused(token: T): void {
    const kept = this.#kept;
    if (kept?.token !== token) return;
    if (this.#options.clock.monotonicMs() - kept.since.monotonicMs >= REFUSED_AFTER_MS) this.#kept = null;
  }

  #isPast(moment: Moment): boolean {
    const { clock } = this.#options;
    return clock.monotonicMs() >= moment.monotonicMs || clock.nowMs() >= moment.nowMs;
  }

  #isFetchDue(): boolean {
    return !this.#isFetching && this.#options.clock.monotonicMs() >= this.#nextFetchMs;
  }

  #fetchIfDue(): void {
    if (!this.#isFetchDue()) return;
    this.#isFetching = true;
    this.#nextFetchMs = this.#options.clock.monotonicMs() + BETWEEN_FETCHES_MS;
    const ending = new AbortController();
    let isOver = false;
    const settle = (result: FetchedToken<T> | TokenFailure) => {
      if (isOver) return;
      isOver = true;
      stopTimer();
      this.#settle(result);
    };
    const stopTimer = this.#options.after(FETCH_MS_MAX, () => {
      settle(new TokenFailure(`no token was issued within ${FETCH_MS_MAX / 1_000} s`));
      ending.abort();
    });
    fetched(this.#options.fetch, ending.signal).then(settle);
  }

  #settle(result: FetchedToken<T> | TokenFailure): void {
    this.#isFetching = false;
    const lastsMs = result instanceof TokenFailure ? 0 : Math.min(result.lastsMs, LASTS_MS_MAX);
    if (result instanceof TokenFailure) this.#noteFailure(result);
    // NaN compares as false, so it is no lifetime either.
    else if (!(lastsMs > UNUSED_AT_END_MS)) this.#noteFailure(new TokenFailure('the token that was issued has ended already'));
    else this.#keep(result.token, lastsMs);
    for (const waiter of [...this.#waiting]) this.#answer(waiter);
  }

  #keep(token: T, lastsMs: number): void {
    this.#failure = null;
    this.#failures = 0;
    // A short token serves at least half of its time before it is renewed.
    const renewInMs = lastsMs - Math.min(RENEW_EARLY_MS, lastsMs / 2);
    this.#kept = { token, since: this.#in(0), renewAt: this.#in(renewInMs), endsAt: this.#in(lastsMs - UNUSED_AT_END_MS) };
  }

  #noteFailure(failure: TokenFailure): void {
    const waitMs = Math.min(BETWEEN_FETCHES_MS * 2 ** this.#failures, BACKOFF_MS_MAX);
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#failure = failure;
    this.#nextFetchMs = this.#options.clock.monotonicMs() + waitMs;
    this.#options.onFailure?.(failure);
  }

  #in(ms: number): Moment {
    const { clock } = this.#options;
    return { nowMs: clock.nowMs() + ms, monotonicMs: clock.monotonicMs() + ms };
  }

  /** Calls a waiter back with what is known, unless it was cancelled or called before. */
  #answer(waiter: TokenWaiter<T>): void {
    if (!this.#waiting.delete(waiter)) return;
    const kept = this.#kept;
    if (kept !== null && !this.#isPast(kept.endsAt)) waiter.ready(kept.token);
    else waiter.failed(this.#failure ?? new TokenFailure('the last token ended at once, and the next is not due yet'));
  }
}

async function fetched<T>(fetch: KeptTokenOptions<T>['fetch'], signal: AbortSignal): Promise<FetchedToken<T> | TokenFailure> {
  try {
    return await fetch(signal);
  } catch (error) {
    return error instanceof TokenFailure ? error : new TokenFailure('the token could not be fetched');
  }
}
