import { networkOf } from '../../identity/network.ts';
import { createThrottle, type Throttle } from '../../identity/throttle.ts';
import { createFlood, tellOfStrangers } from '../guards/floods.ts';
import type { AdminDeps } from '../http/deps.ts';
import { Problem } from '../http/problem.ts';

/**
 * Guesses at admin tokens: each one from an address makes the next wait (all of an IPv6 /64 is one address), and every minute with guesses
 * leaves two audit events at most. A token that was right in this process before is never made to wait, so that a guesser locks nobody out who
 * shares their address.
 */
export interface TokenGuesses {
  /** Throws 429 while the address has to wait and the token is none that was right before. `hash` is the token's, in hexadecimal. */
  admit(hash: string, ip: string): void;
  right(hash: string): void;
  /** Counts a wrong guess. The first in a minute is in the audit log when this resolves. */
  wrong(ip: string): Promise<void>;
  /** Tells what was not told yet. */
  settled(): Promise<void>;
}

/** A whole office may stand behind an address, with an old script in it. */
const BOUNDS = { freeFailures: 100, waitMsMax: 60_000 };
const RIGHT_MAX = 2_000;

const ofProcess = new WeakMap<AdminDeps, TokenGuesses>();

/** The one of a process: a process has one AdminDeps. */
export function guessesOf(deps: AdminDeps): TokenGuesses {
  const known = ofProcess.get(deps);
  if (known !== undefined) return known;
  const made = createGuesses(deps);
  ofProcess.set(deps, made);
  return made;
}

function createGuesses(deps: AdminDeps): TokenGuesses {
  const throttle: Throttle = createThrottle(() => deps.clock.nowMs(), BOUNDS);
  const right = new Set<string>();
  const tell = (guesses: number, addresses: readonly string[]) => {
    const place = { objectType: 'admin_token', objectId: 'unknown', ip: addresses[0] ?? null };
    return tellOfStrangers(deps, { action: 'admin_token.refused', ...place, after: { guesses, addresses } });
  };
  // The first of a minute is told at once; those that follow within it are told together when it is over.
  const flood = createFlood<string>({
    clock: deps.clock,
    eachMax: 1,
    tellRest: ({ count, some }) => tell(count, some),
  });
  return {
    admit: (hash, ip) => {
      const waitMs = right.has(hash) ? 0 : throttle.waitMs(networkOf(ip));
      if (waitMs === 0) return;
      const headers = { 'retry-after': String(Math.ceil(waitMs / 1_000)) };
      throw new Problem(429, 'Too many unknown admin tokens came from this address. Wait a moment and try again.', { headers });
    },
    right: (hash) => {
      if (right.has(hash)) return;
      right.add(hash);
      if (right.size > RIGHT_MAX) right.delete(right.values().next().value as string);
    },
    wrong: async (ip) => {
      const network = networkOf(ip);
      throttle.failed(network);
      if (await flood.isTold(network, 'unknown', ip)) await tell(1, [ip]);
    },
    settled: () => flood.settled(),
  };
}
