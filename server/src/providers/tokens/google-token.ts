import { createPrivateKey, sign } from 'node:crypto';
import type { CredentialSecret } from '../../domain/routing/credential.ts';
import { TokenFailure } from '../kept-token.ts';
import type { TokenRequest } from './ask-token.ts';
import { FORM_HEADERS } from './entra-token.ts';

/** Google's server of tokens. */
export const GOOGLE_ORIGIN = 'https://oauth2.googleapis.com';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const LASTS_S = 3_600;
/** Google refuses an assertion of the future, and this machine's clock may be a little ahead. */
const CLOCK_AHEAD_S = 10;

type ServiceAccount = Extract<CredentialSecret, { kind: 'gcp_service_account' }>;

/** Returns the request for a token of a service account, by an assertion that its key signs (RFC 7523). Throws TokenFailure. */
export function googleTokenRequest(account: ServiceAccount, origin: string, nowMs: number): TokenRequest {
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: assertionOf(account, nowMs),
  });
  return { origin, method: 'POST', path: '/token', headers: FORM_HEADERS.slice(), body: form.toString() };
}

function assertionOf({ clientEmail, privateKeyId, privateKey }: ServiceAccount, nowMs: number): string {
  const issuedAt = Math.floor(nowMs / 1_000) - CLOCK_AHEAD_S;
  const header = { alg: 'RS256', typ: 'JWT', kid: privateKeyId };
  // The audience is Google's own address, wherever the request is sent.
  const claims = { iss: clientEmail, scope: SCOPE, aud: `${GOOGLE_ORIGIN}/token`, iat: issuedAt, exp: issuedAt + LASTS_S };
  const text = `${base64Url(header)}.${base64Url(claims)}`;
  return `${text}.${signatureOf(text, privateKey)}`;
}

function signatureOf(text: string, privateKey: string): string {
  try {
    return sign('RSA-SHA256', Buffer.from(text), createPrivateKey(privateKey)).toString('base64url');
  } catch {
    // The error of a key that cannot be read may quote it.
    throw new TokenFailure('the private key of the service account cannot be used');
  }
}

function base64Url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
