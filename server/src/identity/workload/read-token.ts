/** Reads a token without trusting it: its form, its header and the claims that say which organization and issuer it is for. */
import type { Claims } from '../../domain/identity/trust.ts';
import { TOKEN_ALGORITHMS, TOKEN_CHARS_MAX } from '../../domain/identity/trust-words.ts';

/** A token of a plausible form. Nothing of it is proved. */
export interface ReadToken {
  readonly token: string;
  readonly algorithm: string;
  readonly keyId: string | null;
  /** The header `typ` in lower case, without `application/`; `jwt` if the token has none. */
  readonly type: string;
  readonly issuer: string;
  readonly audience: string;
  readonly claims: Claims;
}

/** The refusal of a token. `words` is a sentence for a person, and names no secret. */
export interface TokenRefusal {
  readonly is: 'refused';
  readonly code: 'malformed' | 'header' | 'algorithm' | 'type' | 'issuer' | 'audience' | 'time' | 'key' | 'signature';
  readonly words: string;
}

/** Header fields that name keys or rules of their own. A token may not choose the key that proves it. */
const REFUSED_FIELDS = ['crit', 'jku', 'x5u', 'jwk'] as const;
const NAME_CHARS_MAX = 512;

/** Reports whether text may be a signed token: three parts of base64url, of a plausible length. Cheap, and proves nothing. */
export function looksLikeToken(text: string): boolean {
  // A header begins with a brace, and then a quote or a space: `ey` or `ew` in base64url.
  return text.length <= TOKEN_CHARS_MAX && /^e[wy][\w-]*\.[\w-]+\.[\w-]+$/.test(text);
}

export function readToken(token: string): ({ readonly is: 'read' } & ReadToken) | TokenRefusal {
  if (token.length > TOKEN_CHARS_MAX) return malformed(`it is longer than ${TOKEN_CHARS_MAX} characters`);
  if (!looksLikeToken(token)) return malformed('it is not three parts of base64url with dots between them');
  const [head, body] = token.split('.') as [string, string];
  const header = objectIn(head);
  const claims = objectIn(body);
  if (header === null) return malformed('its header is not a JSON object');
  if (claims === null) return malformed('its claims are not a JSON object');
  const refused = REFUSED_FIELDS.find((name) => Object.hasOwn(header, name));
  if (refused !== undefined)
    return { is: 'refused', code: 'header', words: `The token has the header ${refused}, which is refused.` };
  const algorithm = algorithmIn(header);
  if (algorithm === null) return unsigned(header);
  const named = namesIn(header, claims);
  return 'is' in named ? named : { is: 'read', token, algorithm, ...named, claims };
}

function namesIn(header: Claims, claims: Claims): Pick<ReadToken, 'keyId' | 'type' | 'issuer' | 'audience'> | TokenRefusal {
  const { kid: keyId = null, typ: type = 'JWT' } = header;
  if (keyId !== null && !isName(keyId)) return malformed('its header kid is not a short text');
  if (!isName(type)) return malformed('its header typ is not a short text');
  const { iss: issuer } = claims;
  if (!isName(issuer)) return { is: 'refused', code: 'issuer', words: 'The token has no claim iss, or it is not a text.' };
  const audience = audienceIn(claims);
  if (audience === null)
    return {
      is: 'refused',
      code: 'audience',
      words: 'The token must have exactly one audience (aud): the one of your organization.',
    };
  return { keyId, type: type.toLowerCase().replace(/^application\//, ''), issuer, audience };
}

/** Returns the only audience. A token for two audiences may have been meant for somebody else. */
function audienceIn({ aud }: Claims): string | null {
  const only = Array.isArray(aud) && aud.length === 1 ? (aud[0] as unknown) : aud;
  return isName(only) ? only : null;
}

function algorithmIn({ alg }: Claims): string | null {
  return (TOKEN_ALGORITHMS as readonly unknown[]).includes(alg) ? (alg as string) : null;
}

function unsigned({ alg }: Claims): TokenRefusal {
  const got = typeof alg === 'string' ? alg.slice(0, 20).replaceAll(/[^\w-]/g, '') : 'none';
  return {
    is: 'refused',
    code: 'algorithm',
    words: `The token is signed with ${got === '' ? 'none' : got}. Trusted are ${TOKEN_ALGORITHMS.join(', ')}.`,
  };
}

function isName(value: unknown): value is string {
  return (
    typeof value === 'string' && value !== '' && value.length <= NAME_CHARS_MAX && value.isWellFormed() && !value.includes('\0')
  );
}

function objectIn(part: string): Claims | null {
  try {
    const value: unknown = JSON.parse(UTF8.decode(Buffer.from(part, 'base64url')));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : null;
  } catch {
    return null;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function malformed(why: string): TokenRefusal {
  return { is: 'refused', code: 'malformed', words: `The token is malformed: ${why}.` };
}
