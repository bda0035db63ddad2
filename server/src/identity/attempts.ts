import { networkOf } from './network.ts';
import { SignInRefused } from './refusal.ts';
import { createThrottle } from './throttle.ts';

/** Whose secret is tried, and the address it is tried from; null where one of the two is not known or does not count. */
export interface Attempt {
  readonly owner: string | null;
  /** An IP address. An IPv6 address counts as its /64. */
  readonly from: string | null;
  /**
   * Given where anybody can try for anybody, as with a password: failures are then counted by owner and address together, so that a stranger's
   * wrong guesses delay the stranger. `device`: the visitor's, when this owner signed in with it before; null otherwise.
   */
  readonly byAnybody?: { readonly device: string | null };
  /** Addresses are counted apart for each kind. */
  readonly kind?: 'passkey_options' | 'reset';
}

/** How often something may be tried: each failure makes the next wait longer. */
export interface Attempts {
  /** Lets an attempt through, or rejects with `too_many_attempts`. A success forgets the failures of the same owner from the same place. */
  throttled<T>(attempt: Attempt, work: () => Promise<T>): Promise<T>;
  /** Counts an attempt of which nobody hears how it went, or throws `too_many_attempts`. */
  count(attempt: Attempt): void;
  /** Forgets the failures of the same owner from the same place. */
  forget(attempt: Attempt): void;
}

const PER_OWNER = { freeFailures: 5, waitMsMax: 15 * 60_000 };
/**
 * Over all addresses together: against many machines that guess one password. A wait of a minute at most, which a device that signed in before
 * never has: nobody can be locked out from there.
 */
const PER_OWNER_ANYWHERE = { freeFailures: 50, waitMsMax: 60_000 };
/** A whole office may stand behind an address: one guesser in it must not lock the others out. */
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
    // What others guessed meanwhile stays counted: one's success proves nothing for them.
    if (shared !== null) anywhere.forgiven(shared);
    if (address !== null) addresses.forgiven(address);
  };
  return {
    count,
    forget: (attempt) => {
      const { owner } = namesOf(attempt);
      if (owner !== null) owners.succeeded(owner);
    },
    throttled: async (attempt, work) => {
      count(attempt); // Before it is looked at, so that a thousand guesses at once are not one.
      const done = await work();
      succeeded(attempt);
      return done;
    },
  };
}

interface Names {
  /** By owner, with the device or address where anybody can try. */
  readonly owner: string | null;
  /** By owner over all addresses. */
  readonly shared: string | null;
  readonly address: string | null;
}

/** What an attempt is counted under. A device that is known is counted by itself: no stranger's failure makes it wait. */
function namesOf({ owner, from, byAnybody, kind }: Attempt): Names {
  const network = from === null ? null : networkOf(from);
  const address = network === null ? null : `${kind ?? ''}:${network}`;
  if (owner === null || byAnybody === undefined) return { owner, shared: null, address };
  const { device } = byAnybody;
  if (device !== null) return { owner: `${owner} on ${device}`, shared: null, address: null };
  return { owner: `${owner} from ${network}`, shared: owner, address };
}
