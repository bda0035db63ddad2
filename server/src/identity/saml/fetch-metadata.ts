import { type BoundedFetch, NotAnswered } from '../../lib/bounded-fetch.ts';
import { ProviderUnreachable } from '../protocol-problems.ts';
import { shown } from './words.ts';

/** Reads metadata at an address by a guarded fetch. Rejects with ProviderUnreachable. Follows no redirect: the address is pinned. */
export async function fetchMetadata(fetch: BoundedFetch, url: string): Promise<string> {
  const host = URL.canParse(url) ? new URL(url).host : shown(url);
  try {
    const answer = await fetch(url, { method: 'GET', headers: { accept: 'application/samlmetadata+xml, text/xml' }, body: null });
    if (answer.status >= 300 && answer.status < 400)
      throw new ProviderUnreachable(`The metadata moved: ${host} redirects elsewhere. Enter the address that it leads to.`);
    if (answer.status !== 200)
      throw new ProviderUnreachable(`The metadata could not be read: ${host} answered with ${answer.status}.`);
    return await answer.text();
  } catch (error) {
    if (!(error instanceof NotAnswered)) throw error;
    throw new ProviderUnreachable(`The metadata could not be read: ${host} ${error.message}.`);
  }
}
