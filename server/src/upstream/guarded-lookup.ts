import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Clock } from '../lib/timing/clock.ts';
import { type AddressPolicy, addressProblem } from './address-policy.ts';

const KEPT_MS = 10_000;
const NAMES_MAX = 1_000;

/** Calls back with every address of a name, or an error. The system's resolver, unless a test passes another. */
export type ResolveAll = (hostname: string, callback: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;

/** The error of a connection that the address policy refused before a socket was opened. */
export class RefusedAddress extends Error {
  readonly code = 'HEADGATE_REFUSED_ADDRESS';
}

/**
 * Creates a `lookup` for sockets that returns only addresses the policy allows for that name. So sockets connect only to
 * addresses that were checked. Concurrent lookups of one name are coalesced, and a result is cached for 10 s. The system's
 * resolver blocks one of the few threads that also sync the journal, and an unresponsive name server must not block them all.
 */
export function createGuardedLookup(deps: {
  readonly policy: AddressPolicy;
  readonly clock: Clock;
  readonly resolve?: ResolveAll;
  /** True if a name with only refused addresses fails as an unknown one. */
  readonly hidesInnerNames?: boolean;
}): LookupFunction {
  const resolveOnce = coalesced(deps.resolve ?? resolveBySystem, deps.clock);
  return (hostname, options, callback) => {
    resolveOnce(hostname, (error, all) => {
      if (error !== null) return callback(error, '', 0);
      const family =
        options.family === 4 || options.family === 'IPv4' ? 4 : options.family === 6 || options.family === 'IPv6' ? 6 : 0;
      const ofFamily = all.filter((entry) => family === 0 || entry.family === family);
      const allowed = ofFamily.filter((entry) => addressProblem(entry.address, hostname, deps.policy) === null);
      const first = allowed[0];
      if (first === undefined) return callback(noneAllowed(deps.hidesInnerNames === true ? 0 : ofFamily.length), '', 0);
      if (options.all === true) return callback(null, allowed as LookupAddress[]);
      return callback(null, first.address, first.family);
    });
  };
}

function noneAllowed(found: number): Error {
  if (found === 0) return Object.assign(new Error('the host name has no address'), { code: 'ENOTFOUND' });
  return new RefusedAddress('the host name resolves to an address that is not allowed');
}

type Resolved = { readonly error: Error | null; readonly addresses: readonly LookupAddress[] };
type Waiter = (error: Error | null, addresses: readonly LookupAddress[]) => void;

function coalesced(resolve: ResolveAll, clock: Clock): ResolveAll {
  const kept = new Map<string, Resolved & { readonly untilMs: number }>();
  const waiting = new Map<string, Waiter[]>();
  return (hostname, callback) => {
    const known = kept.get(hostname);
    if (known !== undefined && known.untilMs > clock.monotonicMs()) return callback(known.error, known.addresses);
    const waiters = waiting.get(hostname);
    if (waiters !== undefined) return void waiters.push(callback);
    waiting.set(hostname, [callback]);
    resolve(hostname, (error, addresses) => {
      kept.delete(hostname);
      if (kept.size >= NAMES_MAX) kept.delete(kept.keys().next().value as string);
      // A failure is not cached: the next caller resolves again.
      if (error === null) kept.set(hostname, { error, addresses, untilMs: clock.monotonicMs() + KEPT_MS });
      const called = waiting.get(hostname) ?? [];
      waiting.delete(hostname);
      for (const waiter of called) waiter(error, addresses);
    });
  };
}

function resolveBySystem(hostname: string, callback: Waiter): void {
  systemLookup(hostname, { all: true }, (error, addresses) => callback(error, addresses ?? []));
}
