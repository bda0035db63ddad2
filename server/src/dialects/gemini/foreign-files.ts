import { Untranslatable } from '../dialect.ts';

/**
 * Refuses a file that is stored at Google. Google reads it with the rights of our account, which all tenants share, so that its
 * name could be another tenant's. Other addresses on the web are left to the provider. Throws Untranslatable.
 */
export function refuseStoredFile(uri: unknown, where: string): void {
  if (typeof uri !== 'string') throw new Untranslatable(where, `${where} must be a string`);
  if (!isOnTheWeb(uri))
    throw new Untranslatable(
      where,
      `${where} must be an address on the web. Files that are stored at the provider are not served: send their content as inlineData`,
    );
}

function isOnTheWeb(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname, pathname } = new URL(uri);
  if (protocol !== 'https:' && protocol !== 'http:') return false;
  // The file's name is what counts at Google, on whichever of its hosts, and a server in between may read it from any host.
  return (
    !/(?:^|\.)generativelanguage\.googleapis\.com\.?$/i.test(hostname) &&
    !/^\/+(?:upload\/+)?v\d\w*\/+files\//i.test(decoded(pathname))
  );
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}
