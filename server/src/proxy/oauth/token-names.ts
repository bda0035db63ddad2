import { hash } from 'node:crypto';

/** The most tokens whose names are remembered, and the longest of them. Together at most 8 MB. */
const REMEMBERED_MAX = 2_000;
const REMEMBERED_CHARS_MAX = 4_096;

/**
 * The names under which proved tokens are cached: the SHA-256 of all of a token. No header can hold a line feed, so nobody can
 * present the name itself. Proved tokens are short in the cache this way, however long an issuer makes them.
 *
 * The hash is about 3 % of what a request costs, so the names of tokens that were accepted are remembered, up to a bound. A name
 * proves nothing: it is asked of the cache at each request.
 */
export class TokenNames {
  readonly #known = new Map<string, string>();

  /** Returns the name of a token that was accepted before and is remembered; undefined for any other. */
  known(token: string): string | undefined {
    return this.#known.get(token);
  }

  /** Remembers the name of a token that was accepted. The oldest one goes if there are too many. */
  remember(token: string, name: string): void {
    if (token.length > REMEMBERED_CHARS_MAX) return;
    if (this.#known.size >= REMEMBERED_MAX) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(token, name);
  }

  get size(): number {
    return this.#known.size;
  }
}

/** Returns the name under which a token is cached once it is proved. */
export function nameOfToken(token: string): string {
  return `\n${hash('sha256', token, 'base64url')}`;
}
