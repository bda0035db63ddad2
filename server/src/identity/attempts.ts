import { SignInRefused } from './refusal.ts';
import { createThrottle } from './throttle.ts';

/** Whose secret is tried, and the address it is tried from; null where one of the two is not known or does not count. */
export interface Attempt {
  readonly owner: string | null;
  readonly from: string | null;
}

/** How often something may be tried: each failure makes the next wait longer, for the owner and for the address. */
export interface Attempts {
  /** Lets an attempt through, or rejects with `too_many_attempts`. A success forgets the owner's failures, and its own at the address. */
  throttled<T>(attempt: Attempt, work: () => Promise<T>): Promise<T>;
  /** Counts an attempt of which nobody hears how it went, or throws `too_many_attempts`. */
  count(attempt: Attempt): void;
  forget(owner: string): void;
}

const PER_OWNER = { freeFailures: 5, waitMsMax: 15 * 60_000 };
/** A whole office may stand behind an address: one guesser in it must not lock the others out. */
const PER_ADDRESS = { freeFailures: 100, waitMsMax: 60_000 };

export function createAttempts(nowMs: () => number): Attempts {
  const owners = createThrottle(nowMs, PER_OWNER);
  const addresses = createThrottle(nowMs, PER_ADDRESS);
  const count: Attempts['count'] = ({ owner, from }) => {
    const waitMs = Math.max(owner === null ? 0 : owners.waitMs(owner), from === null ? 0 : addresses.waitMs(from));
    if (waitMs > 0) throw new SignInRefused('too_many_attempts', Math.ceil(waitMs / 1_000));
    if (owner !== null) owners.failed(owner);
    if (from !== null) addresses.failed(from);
  };
  return {
    count,
    forget: (owner) => owners.succeeded(owner),
    throttled: async (attempt, work) => {
      count(attempt); // Before it is looked at, so that a thousand guesses at once are not one.
      const done = await work();
      if (attempt.owner !== null) owners.succeeded(attempt.owner);
      if (attempt.from !== null) addresses.forgiven(attempt.from);
      return done;
    },
  };
}
