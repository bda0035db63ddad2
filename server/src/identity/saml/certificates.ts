/** Certificates by which identity providers sign. Only their keys count: nobody checks who issued them, as SAML has it. */
import { X509Certificate } from 'node:crypto';

/** A certificate that may be trusted. */
export interface SigningCertificate {
  /** The SHA-256 fingerprint in lower-case hex. */
  readonly id: string;
  readonly pem: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export type CertificateOutcome =
  | { readonly is: 'read'; readonly certificate: SigningCertificate }
  | { readonly is: 'refused'; readonly words: string };

const TEXT_MAX = 16_384;
const RSA_BITS_MIN = 2_048;
/** A verification takes longer with the length of the key. */
const RSA_BITS_MAX = 8_192;

/** Reads a certificate in PEM, or only its base64 as in metadata. */
export function readCertificate(text: string): CertificateOutcome {
  const body = text.replaceAll(/-----(?:BEGIN|END) CERTIFICATE-----/g, '').replaceAll(/\s+/g, '');
  if (text.length > TEXT_MAX || body === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(body))
    return { is: 'refused', words: 'is no certificate in PEM or base64' };
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(Buffer.from(body, 'base64'));
    const weakness = weaknessOf(parsed);
    if (weakness !== null) return { is: 'refused', words: weakness };
  } catch {
    return { is: 'refused', words: 'is no certificate in PEM or base64' };
  }
  const lines = parsed.raw.toString('base64').match(/.{1,64}/g) ?? [];
  const certificate = {
    id: fingerprintOf(parsed),
    pem: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    notBeforeMs: Date.parse(parsed.validFrom),
    notAfterMs: Date.parse(parsed.validTo),
  };
  return { is: 'read', certificate };
}

function weaknessOf({ publicKey }: X509Certificate): string | null {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKey;
  if (type !== 'rsa') return `has a key of the type ${type}; only RSA keys of ${RSA_BITS_MIN} bits or more are supported`;
  const bits = details?.modulusLength ?? 0;
  if (bits < RSA_BITS_MIN) return `has an RSA key of ${bits} bits; it needs ${RSA_BITS_MIN} or more`;
  return bits > RSA_BITS_MAX ? `has an RSA key of ${bits} bits; the most is ${RSA_BITS_MAX}` : null;
}

/** Returns the SHA-256 fingerprint in lower-case hex. */
export function fingerprintOf({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(':', '').toLowerCase();
}

/** Returns the start of a fingerprint as people compare it: `3f:9a:07:c2…`. */
export function shortFingerprint(id: string): string {
  return `${(id.slice(0, 8).match(/../g) ?? []).join(':')}…`;
}

/** Returns the day of a time, as in `2027-03-01`. */
export function dayOf(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 10) : 'an unknown day';
}
