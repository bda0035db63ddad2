/**
 * Looks up TXT records, of names that tenants choose. Each lookup has a time; the lookups of one organization and of all have a
 * number. A message of the DNS has at most 64 kB, and only the first values of it are read.
 */
import { Resolver } from 'node:dns/promises';
import type { TxtAnswer, TxtLookup } from '../domain/identity/domain-check.ts';

export interface TxtLookupOptions {
  /** Addresses of DNS servers, with or without a port. Empty: those of the system. */
  readonly servers: readonly string[];
  /** The time of one attempt; there are two. Shorter in tests. */
  readonly attemptMs?: number;
}

const ATTEMPT_MS = 2_000;
const ATTEMPTS = 2;
const TOTAL_MS_MAX = 6_000;
const OF_ONE_MAX = 4;
const OF_ALL_MAX = 64;
const VALUES_MAX = 100;
const VALUE_CHARS_MAX = 1_024;

/** Creates the lookup. Throws if a server is no address. */
export function createTxtLookup({ servers, attemptMs = ATTEMPT_MS }: TxtLookupOptions): TxtLookup {
  const running = new Map<string, number>();
  let total = 0;
  return async (name, asker) => {
    const own = running.get(asker) ?? 0;
    if (own >= OF_ONE_MAX || total >= OF_ALL_MAX)
      return { is: 'failed', reason: 'too many lookups run at this moment; try again in a few seconds' };
    total += 1;
    running.set(asker, own + 1);
    try {
      return await lookUp(name, servers, attemptMs);
    } finally {
      total -= 1;
      const left = (running.get(asker) ?? 1) - 1;
      if (left === 0) running.delete(asker);
      else running.set(asker, left);
    }
  };
}

async function lookUp(name: string, servers: readonly string[], attemptMs: number): Promise<TxtAnswer> {
  // One resolver for each lookup, because it can only cancel all of its own.
  const resolver = new Resolver({ timeout: attemptMs, tries: ATTEMPTS });
  if (servers.length > 0) resolver.setServers([...servers]);
  const end = setTimeout(() => resolver.cancel(), TOTAL_MS_MAX);
  try {
    const records = await resolver.resolveTxt(name);
    return { is: 'found', values: records.slice(0, VALUES_MAX).map((parts) => parts.join('').slice(0, VALUE_CHARS_MAX).trim()) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
    // NXDOMAIN, and a name without a TXT record. Everything else says nothing about the record.
    return code === 'ENOTFOUND' || code === 'ENODATA' ? { is: 'none' } : { is: 'failed', reason: REASONS[code] ?? code };
  } finally {
    clearTimeout(end);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ETIMEOUT: 'the DNS server did not answer in time',
  ECANCELLED: 'the DNS server did not answer in time',
  ESERVFAIL: 'the DNS server failed (SERVFAIL)',
  EREFUSED: 'the DNS server refused the question',
  ECONNREFUSED: 'no DNS server can be reached',
  EBADRESP: 'the DNS server’s answer cannot be read',
  EFORMERR: 'the DNS server did not understand the question',
  ENOTIMP: 'the DNS server does not support the question',
};
