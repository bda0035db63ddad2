/** The fields of a request that sign-in needs. */
export interface Visitor {
  readonly cookie: string | undefined;
  readonly userAgent: string | undefined;
  readonly origin: string | undefined;
  /** The client's address, determined with the trusted proxies. */
  readonly ip: string;
}

/** The header that passes the visitor's address to the engine. */
export const IP_HEADER = 'x-headgate-visitor';

const USER_AGENT_LENGTH_MAX = 512;

/** Returns the headers for the engine, with only the fields it may know. */
export function headersOf({ cookie, userAgent, origin, ip }: Visitor): Headers {
  const headers = new Headers({ [IP_HEADER]: ip });
  if (cookie !== undefined) headers.set('cookie', cookie);
  if (userAgent !== undefined) headers.set('user-agent', userAgent.slice(0, USER_AGENT_LENGTH_MAX));
  if (origin !== undefined) headers.set('origin', origin);
  return headers;
}

/** `Set-Cookie` values for the answer. */
export type Cookies = readonly string[];

/** Returns the cookies that an answer of the engine sets. */
export function cookiesOf(answer: { readonly headers: Headers }): Cookies {
  return answer.headers.getSetCookie();
}

/** Returns the visitor without this cookie. */
export function withoutCookie(visitor: Visitor, name: string): Visitor {
  const cookie = visitor.cookie
    ?.split(';')
    .filter((pair) => pair.split('=')[0]?.trim() !== name)
    .join(';');
  return { ...visitor, cookie };
}

/** Returns the value of a cookie, or null if the visitor has none of this name. */
export function cookieOf(visitor: Visitor, name: string): string | null {
  for (const pair of visitor.cookie?.split(';') ?? []) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return null;
}
