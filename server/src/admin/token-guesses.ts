import { setTimeout as later } from 'node:timers';
import { createThrottle, type Throttle } from '../identity/throttle.ts';
import { appendAlone } from '../store/audit.ts';
import { ANONYMOUS } from './actor.ts';
import type { AdminDeps } from './deps.ts';
import { Problem } from './problem.ts';

/**
 * Guesses at admin tokens: each one from an address makes the next wait, and every minute with guesses leaves one audit event. A token that
 * was right in this process before is never made to wait, so that a guesser locks nobody out who shares their address.
 */
export interface TokenGuesses {
  /** Throws 429 while the address has to wait and the token is none that was right before. `hash` is the token's, in hexadecimal. */
  admit(hash: string, ip: string): void;
  right(hash: string): void;
  /** Counts a wrong guess. The first in a minute is in the audit log when this resolves. */
  wrong(ip: string): Promise<void>;
}

/** A whole office may stand behind an address, with an old script in it. */
const BOUNDS = { freeFailures: 100, waitMsMax: 60_000 };
const RIGHT_MAX = 2_000;
const EVENT_EVERY_MS = 60_000;
const ADDRESSES_MAX = 10;

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
  const told = tellBoundedly(deps);
  return {
    admit: (hash, ip) => {
      const waitMs = right.has(hash) ? 0 : throttle.waitMs(ip);
      if (waitMs === 0) return;
      const headers = { 'retry-after': String(Math.ceil(waitMs / 1_000)) };
      throw new Problem(429, 'Too many unknown admin tokens came from this address. Wait a moment and try again.', { headers });
    },
    right: (hash) => {
      if (right.has(hash)) return;
      right.add(hash);
      if (right.size > RIGHT_MAX) right.delete(right.values().next().value as string);
    },
    wrong: (ip) => {
      throttle.failed(ip);
      return told(ip);
    },
  };
}

/** The first guess of a minute is told at once; those that follow within it are told together when it is over. */
function tellBoundedly(deps: AdminDeps): (ip: string) => Promise<void> {
  let waiting: { guesses: number; readonly addresses: Set<string> } | null = null;
  const tellRest = () => {
    const rest = waiting;
    waiting = null;
    if (rest === null || rest.guesses === 0) return;
    void record(deps, rest.guesses, [...rest.addresses]);
  };
  return async (ip) => {
    if (waiting !== null) {
      waiting.guesses += 1;
      if (waiting.addresses.size < ADDRESSES_MAX) waiting.addresses.add(ip);
      return;
    }
    waiting = { guesses: 0, addresses: new Set() };
    later(tellRest, EVENT_EVERY_MS).unref();
    await record(deps, 1, [ip]);
  };
}

/** When it cannot be written the log has it: the answer to the guess stays the same. */
async function record(deps: AdminDeps, guesses: number, addresses: readonly string[]): Promise<void> {
  try {
    await appendAlone(deps.db, deps.audit, {
      organizationId: null,
      at: new Date(deps.clock.nowMs()),
      actorKind: ANONYMOUS.kind,
      actorId: ANONYMOUS.id,
      actorName: ANONYMOUS.name,
      action: 'admin_token.refused',
      objectType: 'admin_token',
      objectId: 'unknown',
      objectName: null,
      before: null,
      after: { guesses, addresses },
      reason: null,
      ip: addresses[0] ?? null,
      requestId: null,
    });
  } catch (error) {
    deps.log.warn({ guesses, reason: (error as Error).message }, 'guesses at admin tokens could not be audited');
  }
}
