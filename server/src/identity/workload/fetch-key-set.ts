/** Fetches the key set of an issuer: at its address, or at the one that the issuer's own configuration names. */
import type { TrustedIssuer } from '../../domain/identity/trust.ts';
import { type BoundedFetch, NotAnswered } from '../../lib/bounded-fetch.ts';
import { discoveryUrl } from '../oidc/oidc-config.ts';

export interface Fetching {
  readonly fetch: BoundedFetch;
  /** Returns null, or a sentence that says why this address may not be called. */
  readonly checkUrl: (url: string) => string | null;
}

/** Rejects with an error whose message is the end of a sentence for a person. */
export async function fetchKeySet(
  { issuer, keySource, keysUrl }: Pick<TrustedIssuer, 'issuer' | 'keySource' | 'keysUrl'>,
  fetching: Fetching,
): Promise<string> {
  const url = keySource === 'url' ? (keysUrl ?? '') : await discover(issuer, fetching);
  requireAllowed('the address of the key set', url, fetching);
  return textAt(url, fetching);
}

async function discover(issuer: string, fetching: Fetching): Promise<string> {
  const url = discoveryUrl(issuer);
  requireAllowed('the address of its configuration', url, fetching);
  const found = objectIn(await textAt(url, fetching));
  // Otherwise a page that anybody may write at a shared host could name the keys of others.
  if (found?.issuer !== issuer) throw new Error(`its configuration is of another issuer than ${issuer}`);
  if (typeof found.jwks_uri !== 'string') throw new Error('its configuration has no jwks_uri');
  return found.jwks_uri;
}

async function textAt(url: string, { fetch }: Fetching): Promise<string> {
  try {
    const answer = await fetch(url, {
      method: 'GET',
      headers: { accept: 'application/json', 'user-agent': 'Headgate' },
      body: null,
    });
    if (answer.status === 200) return await answer.text();
    throw new NotAnswered(`answered with status ${answer.status}`);
  } catch (error) {
    throw error instanceof NotAnswered ? new Error(`its server ${error.message}`) : error;
  }
}

function requireAllowed(what: string, url: string, { checkUrl }: Fetching): void {
  const problem = checkUrl(url);
  if (problem !== null) throw new Error(`${what} ${problem}`);
}

function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
