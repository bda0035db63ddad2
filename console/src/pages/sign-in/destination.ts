import { PATHS } from '../../paths.ts';

/** Pages that would send a signed-in person back here. */
const NOWHERE: readonly string[] = [PATHS.signIn, PATHS.firstAdmin, PATHS.resetPassword];

/**
 * Returns where a person goes after signing in: the wanted address if it is a page of this console, else the overview. Never
 * returns an address of another origin, however it is spelled.
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
