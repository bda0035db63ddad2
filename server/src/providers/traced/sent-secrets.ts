import { type CredentialConfig, secretTexts } from '../../domain/routing/credential.ts';
import type { RecordedCall } from './recorder.ts';

const VALUES_MAX = 200;
/** Shorter values are words of a protocol, such as a type. */
const VALUE_CHARS_MIN = 8;

/** Returns everything in the calls of a test that is secret: the credential's, proofs made from it, and tokens that were issued. */
export function sentSecrets(credential: CredentialConfig, calls: readonly RecordedCall[]): readonly string[] {
  return [...secretTexts(credential), ...calls.flatMap((call) => [...proofsIn(call), ...issuedIn(call)])];
}

const PROOF_HEADERS = /^(?:authorization|proxy-authorization|cookie)$|(?:^|-)(?:key|token|secret|signature)$/;

/** Returns the proofs in a request: its headers, and the fields of a form that asks for a token. */
function proofsIn({ request, purpose }: RecordedCall): readonly string[] {
  const { headers, body } = request;
  const values = headers.filter((_, at) => at % 2 === 1 && PROOF_HEADERS.test(headers[at - 1] ?? ''));
  const proofs = values.flatMap((value) => [
    value.replace(/^(?:Bearer|Basic) /, ''),
    // Of a signature the access key and the signature itself; the rest is no secret.
    ...[...value.matchAll(/(?:Credential|Signature)=([^/,\s]+)/g)].map(([, part = '']) => part),
  ]);
  const ofAws = (value: string) => value.startsWith('AWS4-');
  const fields = purpose === 'token' && Buffer.isBuffer(body) ? [...new URLSearchParams(body.toString())] : [];
  return [
    ...proofs.filter((value) => !ofAws(value)),
    ...fields.filter(([name]) => /secret|assertion|token$|^password$/i.test(name)).map(([, value]) => value),
  ].filter(({ length }) => length >= VALUE_CHARS_MIN);
}

/** Returns every long text in the answer of a server that issues tokens: one of them may be the token. */
function issuedIn({ purpose, status, body }: RecordedCall): readonly string[] {
  if (purpose !== 'token' || (status ?? 0) >= 400) return [];
  const text = Buffer.concat(body).toString('utf8');
  return [...text.matchAll(/[^\s"'<>:,{}[\]]{20,}/g)].slice(0, VALUES_MAX).map(([value]) => value);
}
