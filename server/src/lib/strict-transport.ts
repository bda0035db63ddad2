/**
 * Returns the header that makes browsers use only TLS for a year; null if people do not reach the gateway over https. It does not
 * cover other hosts of the domain, which are not ours.
 */
export function strictTransportOf(publicUrl: string | null): readonly [name: string, value: string] | null {
  return publicUrl?.startsWith('https://') === true ? ['strict-transport-security', 'max-age=31536000'] : null;
}
