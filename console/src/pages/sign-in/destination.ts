import { PATHS } from '../../paths.ts';

/** Places that would only send a person who is signed in back and forth. */
const NOWHERE: readonly string[] = [PATHS.signIn, PATHS.firstAdmin, PATHS.resetPassword];

/**
 * Where a person goes after signing in: the wanted address when it is a page of this console, else the overview. An address of another
 * origin, in whatever spelling, is never followed.
 */
export function destinationOf(wanted: string | undefined, origin: string = window.location.origin): string {
  if (wanted === undefined || !wanted.startsWith('/')) return PATHS.overview;
  const url = parsed(wanted, origin);
  if (url === null || url.origin !== origin || !isPage(url.pathname)) return PATHS.overview;
  return url.pathname + url.search + url.hash;
}

function parsed(wanted: string, origin: string): URL | null {
  try {
    return new URL(wanted, origin);
  } catch {
    return null;
  }
}

function isPage(pathname: string): boolean {
  const pages = Object.values(PATHS).filter((path) => !NOWHERE.includes(path));
  return pages.some((path) => new RegExp(`^${path.replaceAll(/\$\w+/g, '[^/]+')}$`).test(pathname));
}
