/**
 * RP-initiated logout: the address where a browser ends its session at the provider. No ID token is kept, so the address names our
 * client alone, and the provider asks the person. Some providers (Okta, Ping) refuse every request without an ID token. Nobody can
 * be sent there, so the provider is asked first, without a cookie, and the answer is kept.
 */
import { type BoundedFetch, NotAnswered } from '../../lib/bounded-fetch.ts';
import type { ProviderToAsk } from '../protocol.ts';
import type { Discovery } from './discovery.ts';
import type { CheckUrl } from './oidc-config.ts';

interface LogoutAddressDeps {
  readonly discovery: Discovery;
  readonly fetch: BoundedFetch;
  readonly checkUrl: CheckUrl;
  readonly nowMs: () => number;
}

interface Kept {
  readonly isTaken: Promise<boolean>;
  readonly atMs: number;
}

const KEPT_MS = 3_600_000;
const KEPT_MAX = 1_000;

/**
 * Returns the finder of these addresses. It returns null if the provider has none or refuses a request without an ID token, and
 * throws only ProviderUnreachable. It names no address to come back to: most providers refuse one that is not registered there.
 */
export function logoutAddresses(deps: LogoutAddressDeps): (provider: ProviderToAsk) => Promise<string | null> {
  const kept = new Map<string, Kept>();
  return async (provider) => {
    const { config, metadata } = await deps.discovery.of(provider);
    if (metadata.end_session_endpoint === undefined) return null;
    const url = new URL(metadata.end_session_endpoint);
    url.searchParams.set('client_id', config.client_id);
    return (await isTaken(deps, kept, url.href)) ? url.href : null;
  };
}

function isTaken(deps: LogoutAddressDeps, kept: Map<string, Kept>, url: string): Promise<boolean> {
  const nowMs = deps.nowMs();
  const known = kept.get(url);
  if (known !== undefined && nowMs - known.atMs < KEPT_MS) return known.isTaken;
  const isTaken = ask(deps, url);
  kept.delete(url);
  if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value as string);
  kept.set(url, { isTaken, atMs: nowMs });
  return isTaken;
}

/** Asks as a browser that is signed in nowhere. A page or a redirect is a yes. */
async function ask({ fetch, checkUrl }: LogoutAddressDeps, url: string): Promise<boolean> {
  if (checkUrl(url) !== null) return false;
  try {
    const { status } = await fetch(url, { method: 'GET', headers: { accept: 'text/html' }, body: null });
    return status < 400;
  } catch (error) {
    if (error instanceof NotAnswered) return false;
    throw error;
  }
}
