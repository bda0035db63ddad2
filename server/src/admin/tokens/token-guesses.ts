import { networkOf } from '../../identity/network.ts';
import { createThrottle, type Throttle } from '../../identity/throttle.ts';
import { appendAnonymousEvent, createFlood } from '../guards/floods.ts';
import type { AdminDeps } from '../http/deps.ts';
import { Problem } from '../http/problem.ts';

/**
 * Throttles guesses at tokens. Each wrong guess from an address makes the next one wait; an IPv6 /64 counts as one address.
 * A minute with guesses writes at most two audit events. A token that was right in this process before never waits, so that a
 * guesser cannot lock out others who share the address.
 */
export interface TokenGuesses {
  /**
   * Throws 429 while the address must wait, unless the token was right before. `hash` is the hash of the token, in hexadecimal.
   */
  admit(hash: string, ip: string): void;
  right(hash: string): void;
  /** Counts a wrong guess. The first of a minute is in the audit log when this resolves. */
  wrong(ip: string): Promise<void>;
  /** Writes the audit events that are still pending. */
  settled(): Promise<void>;
}

/** The free failures are many, because a whole office with an outdated script may share an address. */
const BOUNDS = { freeFailures: 100, waitMsMax: 60_000 };
const RIGHT_MAX = 2_000;

/** The kinds of tokens whose guesses are throttled, each for itself. */
type TokenKind = 'admin_token' | 'scim_token';

const ofProcess: Readonly<Record<TokenKind, WeakMap<AdminDeps, TokenGuesses>>> = {
  admin_token: new WeakMap(),
  scim_token: new WeakMap(),
};

/** Returns the guesses at tokens of one kind in this process, which has one AdminDeps. */
export function guessesOf(deps: AdminDeps, kind: TokenKind = 'admin_token'): TokenGuesses {
  const known = ofProcess[kind].get(deps);
  if (known !== undefined) return known;
  const made = createGuesses(deps, kind);
  ofProcess[kind].set(deps, made);
  return made;
}

function createGuesses(deps: AdminDeps, kind: TokenKind): TokenGuesses {
  const throttle: Throttle = createThrottle(() => deps.clock.nowMs(), BOUNDS);
  const right = new Set<string>();
  const tell = (guesses: number, addresses: readonly string[]) => {
    const place = { objectType: kind, objectId: 'unknown', ip: addresses[0] ?? null };
    return appendAnonymousEvent(deps, { action: `${kind}.refused`, ...place, after: { guesses, addresses } });
  };
  // Writes the first guess of a minute at once, and the others together when the minute is over.
  const flood = createFlood<string>({
    clock: deps.clock,
    eachMax: 1,
    writeCounted: ({ count, examples }) => tell(count, examples),
  });
  return {
    admit: (hash, ip) => {
      const waitMs = right.has(hash) ? 0 : throttle.waitMs(networkOf(ip));
      if (waitMs === 0) return;
      const headers = { 'retry-after': String(Math.ceil(waitMs / 1_000)) };
      const what = kind === 'admin_token' ? 'admin tokens' : 'SCIM tokens';
      throw new Problem(429, `Too many unknown ${what} came from your network address. Wait a moment and try again.`, {
        headers,
      });
    },
    right: (hash) => {
      if (right.has(hash)) return;
      right.add(hash);
      if (right.size > RIGHT_MAX) right.delete(right.values().next().value as string);
    },
    wrong: async (ip) => {
      const network = networkOf(ip);
      throttle.failed(network);
      if (await flood.mustWrite(network, 'unknown', ip)) await tell(1, [ip]);
    },
    settled: () => flood.settled(),
  };
}
