/** Bounds on exchanges of tokens: failures by address, and successes by issuer. */
import type { Clock } from '../../lib/timing/clock.ts';
import { networkOf } from '../network.ts';
import { createThrottle } from '../throttle.ts';

/** Many workloads may share one address: failures of one must not stop the others soon, nor for long. */
const PER_ADDRESS = { freeFailures: 100, waitMsMax: 60_000 };
/** The most exchanges of one issuer in a minute, on one process. */
export const EXCHANGES_PER_MINUTE = 600;
const MINUTE_MS = 60_000;
const ISSUERS_MAX = 10_000;

export interface TokenAttempts {
  /** Returns the seconds until this address may try again; 0 if it may now. */
  waitSeconds(ip: string): number;
  failed(ip: string): void;
  /** Counts one use of a proved token. Returns the seconds to wait if the name has had `max` in this minute; 0 if it may go on. */
  take(name: string, max: number): number;
}

export function createTokenAttempts(clock: Clock): TokenAttempts {
  const addresses = createThrottle(() => clock.nowMs(), PER_ADDRESS);
  // Only proved tokens count for an issuer, so a stranger cannot use up its share.
  const minutes = new Map<string, { readonly sinceMs: number; count: number }>();
  return {
    waitSeconds: (ip) => Math.ceil(addresses.waitMs(networkOf(ip)) / 1_000),
    failed: (ip) => addresses.failed(networkOf(ip)),
    take: (name, max) => {
      const nowMs = clock.monotonicMs();
      const known = minutes.get(name);
      if (known !== undefined && nowMs - known.sinceMs < MINUTE_MS) {
        if (known.count >= max) return Math.ceil((MINUTE_MS - (nowMs - known.sinceMs)) / 1_000);
        known.count += 1;
        return 0;
      }
      minutes.delete(name);
      if (minutes.size >= ISSUERS_MAX) minutes.delete(minutes.keys().next().value as string);
      minutes.set(name, { sinceMs: nowMs, count: 1 });
      return 0;
    },
  };
}
