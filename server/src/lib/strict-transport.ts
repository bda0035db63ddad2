/**
 * The header that has browsers come back over TLS alone for a year; null where people do not reach the gateway over https. Not for other
 * hosts of the domain: they are not ours.
 */
export function strictTransportOf(publicUrl: string | null): readonly [name: string, value: string] | null {
  return publicUrl?.startsWith('https://') === true ? ['strict-transport-security', 'max-age=31536000'] : null;
}
