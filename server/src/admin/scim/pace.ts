import type { AdminDeps } from '../http/deps.ts';
import { ScimError } from './scim-error.ts';

/** The requests that one token may send to one process: each second, and at once after a pause. */
const REQUESTS_PER_SECOND = 50;
const BURST = 200;
/** Requests of one token that a process works on at the same time. */
const AT_ONCE_MAX = 8;
const TOKENS_MAX = 10_000;

interface Paced {
  left: number;
  sinceMs: number;
  running: number;
}

/** Keeps one directory from taking the time of all others. */
export interface Pace {
  /** Counts a request. Throws 429 if the token sends too many. Call what it returns when the request has ended. */
  begin(tokenId: string): () => void;
}

export function createPace({ clock }: Pick<AdminDeps, 'clock'>): Pace {
  const known = new Map<string, Paced>();
  return {
    begin: (tokenId) => {
      const nowMs = clock.monotonicMs();
      const paced = known.get(tokenId) ?? { left: BURST, sinceMs: nowMs, running: 0 };
      paced.left = Math.min(BURST, paced.left + ((nowMs - paced.sinceMs) / 1_000) * REQUESTS_PER_SECOND);
      paced.sinceMs = nowMs;
      known.delete(tokenId);
      known.set(tokenId, paced);
      if (known.size > TOKENS_MAX) known.delete(known.keys().next().value as string);
      if (paced.left < 1 || paced.running >= AT_ONCE_MAX) throw tooFast();
      paced.left -= 1;
      paced.running += 1;
      return () => {
        paced.running -= 1;
      };
    },
  };
}

function tooFast(): ScimError {
  const detail = `This SCIM token sends too many requests: at most ${REQUESTS_PER_SECOND} a second and ${AT_ONCE_MAX} at once. Wait a moment and try again.`;
  return new ScimError(429, detail, null, { 'retry-after': '1' });
}
