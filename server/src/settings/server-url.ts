/** The parameters of a PostgreSQL URL that are about TLS. */

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
