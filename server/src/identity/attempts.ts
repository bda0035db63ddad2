import { networkOf } from './network.ts';
import { SignInRefused } from './refusal.ts';
import { createThrottle } from './throttle.ts';

/** An attempt to use the secret of `owner` from the address `from`; null: unknown or not counted. */
export interface Attempt {
  readonly owner: string | null;
  /** An IP address. An IPv6 address counts as its /64. */
  readonly from: string | null;
  /**
   * Given if anyone can try for any owner, as with a password. Failures are then counted by owner and address together, so that a
   * stranger's wrong guesses delay only the stranger. `device`: the visitor's device if this owner signed in with it before,
   * otherwise null.
   */
  readonly byAnybody?: { readonly device: string | null };
  /** Each kind counts addresses separately. */
  readonly kind?: 'passkey_options' | 'reset' | 'sso' | 'sso_choice';
}

/** Limits attempts: each failure makes the next wait longer. */
export interface Attempts {
  /** Runs an attempt, or rejects with `too_many_attempts`. A success clears the owner's failures from the same place. */
  throttled<T>(attempt: Attempt, work: () => Promise<T>): Promise<T>;
  /** Counts an attempt whose outcome is never reported. Throws `too_many_attempts`. */
  count(attempt: Attempt): void;
  /** Clears the failures of the same owner from the same place. */
  forget(attempt: Attempt): void;
  /** Takes back one attempt that was counted before its outcome was known, and succeeded. */
  forgive(attempt: Attempt): void;
}

const PER_OWNER = { freeFailures: 5, waitMsMax: 15 * 60_000 };
/**
 * Counts all addresses together, against many machines that guess one password. The wait is at most a minute, and never applies
 * to a device that signed in before, so it can lock nobody out.
 */
const PER_OWNER_ANYWHERE = { freeFailures: 50, waitMsMax: 60_000 };
/** A whole office may share one address: one guesser there must not lock out the others. */
const PER_ADDRESS = { freeFailures: 100, waitMsMax: 60_000 };

export function createAttempts(nowMs: () => number): Attempts {
  const owners = createThrottle(nowMs, PER_OWNER);
  const anywhere = createThrottle(nowMs, PER_OWNER_ANYWHERE);
  const addresses = createThrottle(nowMs, PER_ADDRESS);
  const count: Attempts['count'] = (attempt) => {
    const { owner, shared, address } = namesOf(attempt);
    const waitMs = Math.max(
      owner === null ? 0 : owners.waitMs(owner),
      shared === null ? 0 : anywhere.waitMs(shared),
      address === null ? 0 : addresses.waitMs(address),
    );
    if (waitMs > 0) throw new SignInRefused('too_many_attempts', Math.ceil(waitMs / 1_000));
    if (owner !== null) owners.failed(owner);
    if (shared !== null) anywhere.failed(shared);
    if (address !== null) addresses.failed(address);
  };
  const succeeded = (attempt: Attempt) => {
    const { owner, shared, address } = namesOf(attempt);
    if (owner !== null) owners.succeeded(owner);
    // Other people's failures stay counted: this success proves nothing about them.
    if (shared !== null) anywhere.forgiven(shared);
    if (address !== null) addresses.forgiven(address);
  };
  return {
    count,
    forgive: succeeded,
    forget: (attempt) => {
      const { owner } = namesOf(attempt);
      if (owner !== null) owners.succeeded(owner);
    },
    throttled: async (attempt, work) => {
      count(attempt); // Count before the check, so that a thousand parallel guesses count as a thousand.
      const done = await work();
      succeeded(attempt);
      return done;
    },
  };
}

interface Names {
  /** The owner, with the device or address if anyone can try. */
  readonly owner: string | null;
  /** The owner, over all addresses. */
  readonly shared: string | null;
  readonly address: string | null;
}

/** Returns the names under which an attempt counts. A known device has its own, so a stranger's failures never delay it. */
function namesOf({ owner, from, byAnybody, kind }: Attempt): Names {
  const network = from === null ? null : networkOf(from);
  const address = network === null ? null : `${kind ?? ''}:${network}`;
  if (owner === null || byAnybody === undefined) return { owner, shared: null, address };
  const { device } = byAnybody;
  if (device !== null) return { owner: `${owner} on ${device}`, shared: null, address: null };
  return { owner: `${owner} from ${network}`, shared: owner, address };
}
