/** Verifies the signature of a response with the library, and returns the bytes that it covers. */
import { SAML, ValidateInResponseTo } from '@node-saml/node-saml';
import { dayOf, readCertificate, shortFingerprint } from './certificates.ts';
import type { SamlConfig } from './config.ts';
import type { FormedResponse } from './form.ts';
import type { Places } from './places.ts';
import { ASSERTION_AGE_MS_MAX, SKEW_MS, shown } from './words.ts';

/** A certificate that is trusted for an identity provider. */
export interface TrustedCertificate {
  /** The SHA-256 fingerprint in lower-case hex. */
  readonly id: string;
  readonly pem: string;
  readonly notAfterMs: number;
}

export type SignatureOutcome =
  | { readonly is: 'signed'; readonly assertionXml: string; readonly words: string }
  | { readonly is: 'forged'; readonly words: string }
  /** The signature is right, but the library refuses the content. */
  | { readonly is: 'refused'; readonly words: string };

export interface SignatureQuestion {
  readonly formed: FormedResponse;
  readonly field: string;
  readonly config: SamlConfig;
  readonly places: Places;
  readonly requestId: string;
  readonly trusted: readonly TrustedCertificate[];
  readonly nowMs: number;
}

/** The most certificates that are tried, each at the cost of a verification, and that are shown. */
const TRIED_MAX = 4;
const SHOWN_MAX = 10;

export async function verifySignature(question: SignatureQuestion): Promise<SignatureOutcome> {
  const { formed, field, trusted, nowMs } = question;
  const usable = triedOf(
    trusted.filter(({ notAfterMs }) => notAfterMs > nowMs),
    namedIds(formed),
  );
  const both = `${signer(formed)}, ${trustedWords(trusted, nowMs)}`;
  if (usable.length === 0) return { is: 'forged', words: both };
  try {
    const saml = verifierOf(question, usable);
    const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: field });
    const assertionXml = profile?.getAssertionXml?.();
    if (assertionXml === undefined) return { is: 'refused', words: 'the library found no signed assertion in it' };
    return { is: 'signed', assertionXml, words: signedBy(formed, usable) };
  } catch (error) {
    const words = shown(error instanceof Error ? error.message : String(error));
    return CONTENT.test(words) ? { is: 'refused', words } : { is: 'forged', words: both };
  }
}

/** Messages of the library about the content of what is signed, or about the request that it answers. */
const CONTENT =
  /^(?:SAML assertion|Subject ?InResponseTo|InResponseTo|No valid subject confirmation|Unable to process multiple conditions)/;

function verifierOf(
  { formed, config, places, requestId, nowMs }: SignatureQuestion,
  usable: readonly TrustedCertificate[],
): SAML {
  return new SAML({
    callbackUrl: places.acs,
    issuer: places.entityId,
    audience: places.entityId,
    entryPoint: config.sso_url,
    idpIssuer: config.entity_id,
    idpCert: usable.map(({ pem }) => pem),
    // Every signature that is there must be right, and one is there.
    wantAuthnResponseSigned: formed.isResponseSigned,
    wantAssertionsSigned: formed.isAssertionSigned,
    validateInResponseTo: ValidateInResponseTo.always,
    requestIdExpirationPeriodMs: ASSERTION_AGE_MS_MAX,
    acceptedClockSkewMs: SKEW_MS,
    // Knows one request: that of this sign-in.
    cacheProvider: {
      saveAsync: async () => null,
      getAsync: async (id) => (id === requestId ? new Date(nowMs).toISOString() : null),
      removeAsync: async () => null,
    },
  });
}

/** Returns the certificates to try: the named one, or a few if the response names none of them. */
function triedOf(usable: readonly TrustedCertificate[], named: readonly string[]): readonly TrustedCertificate[] {
  const found = usable.filter(({ id }) => named.includes(id));
  return (found.length > 0 ? found : usable).slice(0, TRIED_MAX);
}

/** Returns the fingerprints of the certificates inside the signatures. They are a claim, and prove nothing. */
function namedIds({ named }: FormedResponse): readonly string[] {
  return named.flatMap((text) => {
    const outcome = readCertificate(text);
    return outcome.is === 'read' ? [outcome.certificate.id] : [];
  });
}

function signer(formed: FormedResponse): string {
  const [id] = namedIds(formed);
  return id === undefined ? 'not signed by a trusted certificate' : `signed by ${shortFingerprint(id)}`;
}

function signedBy(formed: FormedResponse, usable: readonly TrustedCertificate[]): string {
  const named = namedIds(formed);
  const found = usable.find(({ id }) => named.includes(id));
  if (found !== undefined) return `signed by ${shortFingerprint(found.id)}, which is trusted`;
  return `signed by ${usable.map(({ id }) => shortFingerprint(id)).join(' or ')}, which is trusted`;
}

function trustedWords(trusted: readonly TrustedCertificate[], nowMs: number): string {
  if (trusted.length === 0) return 'no certificate is trusted';
  const each = trusted.slice(0, SHOWN_MAX).map(({ id, notAfterMs }) => {
    return notAfterMs > nowMs ? shortFingerprint(id) : `${shortFingerprint(id)} (expired on ${dayOf(notAfterMs)})`;
  });
  return `trusted ${each.length === 1 ? 'is' : 'are'} ${each.join(', ')}`;
}
