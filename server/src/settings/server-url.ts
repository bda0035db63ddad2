/** The URLs of servers: whether their driver can read them, and the parameters of a PostgreSQL URL that are about TLS. */

const SSL_MODES: readonly string[] = ['disable', 'no-verify', 'prefer', 'require', 'verify-ca', 'verify-full'];
/** The modes that mean an unverified or half verified connection to libpq, and that are not weakened here. */
const VERIFIED = /([?&]sslmode=)(prefer|require|verify-ca)(?=&|#|$)/;

/**
 * Returns the URL as the driver must see it. Every `sslmode` but `disable` and `no-verify` verifies the certificate and the name of
 * the host: an encrypted connection to anybody protects nothing. Throws RangeError for an unknown mode.
 */
export function serverUrl(url: string): string {
  const mode = parameterOf(url, 'sslmode');
  if (mode !== null && !SSL_MODES.includes(mode)) throw new RangeError(`sslmode must be one of ${SSL_MODES.join(', ')}.`);
  return url.replace(VERIFIED, '$1verify-full');
}

/** Returns the path of the CA file in a database URL; null if there is none. */
export function caFileOf(url: string): string | null {
  return parameterOf(url, 'sslrootcert');
}

function parameterOf(url: string, name: string): string | null {
  const at = url.indexOf('?');
  return at < 0 ? null : new URLSearchParams(url.slice(at + 1)).get(name);
}

/** Says what to do about an address that no driver can read. It repeats nothing of the address, which may hold a password. */
export const UNREADABLE_URL =
  'is no address that can be read. In a user name and a password write / as %2F, # as %23, ? as %3F, @ as %40, : as %3A and % as %25, ' +
  'or use a password without them (openssl rand -hex 24).';

/**
 * Returns true if the driver of PostgreSQL can read the URL, and finds no part of a password elsewhere in it. It reads as the driver
 * does (pg-connection-string): spaces and stray `%` are let through, and a host may be missing if the query names a socket.
 */
export function isReadableDatabaseUrl(url: string): boolean {
  const isLoose = / |%[^a-f0-9]|%[a-f0-9][^a-f0-9]/i.test(url);
  const text = isLoose ? encodeURI(url).replace(/%25(\d\d)/g, '%$1') : url;
  const parts = parsed(text) ?? parsed(text.replace('@/', '@socket/'));
  return parts !== null && isWhole(parts);
}

/** Returns true if the driver of Redis can read the URL, and finds no part of a password elsewhere in it. */
export function isReadableRedisUrl(url: string): boolean {
  const parts = parsed(url);
  return parts !== null && isWhole(parts);
}

function parsed(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null;
}

/** A `#` or `/` in a password ends the host early: the rest, with its `@`, is then the fragment or the path. */
function isWhole({ username, password, hostname, pathname, hash }: URL): boolean {
  if (hash !== '' || (username === '' && pathname.includes('@'))) return false;
  try {
    for (const part of [username, password, hostname, pathname]) decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
