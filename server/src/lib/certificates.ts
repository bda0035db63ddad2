import { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Returns when each certificate of a PEM text expires, in milliseconds. Leaves out what is none. */
export function certificateEnds(text: string): readonly number[] {
  return (text.match(CERTIFICATE) ?? []).flatMap((one) => {
    try {
      return [Date.parse(new X509Certificate(one).validTo)];
    } catch {
      return [];
    }
  });
}
