/** Long enough for the page that approves a login, whose address has all that the program asks for. */
export const RETURN_PATH_LENGTH_MAX = 2_000;
/** Visible ASCII characters of a path with query, without those that some reader takes for a slash or a scheme. */
const OWN_PATH = /^\/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*$/;
const ORIGIN = 'https://headgate.invalid';

/** The page to open if no other is asked for. */
export const HOME = '/';

/**
 * Returns the path of one of our own pages to open after a sign-in, or null if a text is none: it must begin with one slash and
 * lead to no other host, in whatever way it is read. So `//host`, `/\host`, their encoded forms and schemes are refused.
 */
export function readReturnPath(text: string): string | null {
  if (text.length > RETURN_PATH_LENGTH_MAX || !OWN_PATH.test(text) || text.includes('//')) return null;
  const path = text.split('?')[0] as string;
  if (/%(?:2f|5c|0[0-9a-f]|1[0-9a-f]|7f)/i.test(path) || path.startsWith('/api/') || path === '/api') return null;
  if (!URL.canParse(text, ORIGIN)) return null;
  const url = new URL(text, ORIGIN);
  return url.origin === ORIGIN && `${url.pathname}${url.search}` === text ? text : null;
}

/** Adds parameters to a path of ours. */
export function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const url = new URL(path, ORIGIN);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return `${url.pathname}${url.search}`;
}
