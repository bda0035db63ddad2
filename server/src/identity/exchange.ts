/** Who is at the other end: what of their request this room needs. */
export interface Visitor {
  readonly cookie: string | undefined;
  readonly userAgent: string | undefined;
  readonly origin: string | undefined;
  /** Decided by whom the trusted proxies are. */
  readonly ip: string;
}

/** The header by which the engine is told where a visitor calls from. */
export const IP_HEADER = 'x-headgate-visitor';

const USER_AGENT_LENGTH_MAX = 512;

/** A visitor's request as the engine wants it: only what it may know. */
export function headersOf({ cookie, userAgent, origin, ip }: Visitor): Headers {
  const headers = new Headers({ [IP_HEADER]: ip });
  if (cookie !== undefined) headers.set('cookie', cookie);
  if (userAgent !== undefined) headers.set('user-agent', userAgent.slice(0, USER_AGENT_LENGTH_MAX));
  if (origin !== undefined) headers.set('origin', origin);
  return headers;
}

/** `Set-Cookie` values to answer with. */
export type Cookies = readonly string[];

/** The cookies that an answer of the engine sets. */
export function cookiesOf(answer: { readonly headers: Headers }): Cookies {
  return answer.headers.getSetCookie();
}

/** The visitor as if they had not brought this cookie. */
export function withoutCookie(visitor: Visitor, name: string): Visitor {
  const cookie = visitor.cookie
    ?.split(';')
    .filter((pair) => pair.split('=')[0]?.trim() !== name)
    .join(';');
  return { ...visitor, cookie };
}
