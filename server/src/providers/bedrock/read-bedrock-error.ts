import { type CredentialConfig, secretTexts } from '../../domain/routing/credential.ts';
import { redactSecrets } from '../../lib/redact.ts';
import type { UpstreamHeaders } from '../../upstream/call.ts';
import type { ProviderError } from '../provider.ts';
import { type ErrorSigns, readErrorAnswer } from '../read-error.ts';

const SIGNS: ErrorSigns = {
  contextCodes: new Set(),
  contextWords:
    /input is too long|prompt is too long|too many (?:input )?tokens|input tokens exceed|expected maxLength:|exceeds? .{0,60}(?:context|maximum length|token limit|maximum number of input tokens)|context (?:length|window)/i,
  quotaCodes: new Set(),
  // A limit per day does not pass with a short wait.
  quotaWords: /too many tokens per day|daily .{0,20}(?:limit|quota)|quota .{0,40}exceeded/i,
};

/** The kinds of the exceptions whose status does not tell it, by their names without `Exception`. */
const KINDS: ReadonlyMap<string, ProviderError['kind']> = new Map([
  ['modelnotready', 'unavailable'],
  ['modelerror', 'unavailable'],
  ['modeltimeout', 'unavailable'],
  ['servicequotaexceeded', 'quota'],
  ['accessdenied', 'credential'],
  ['expiredtoken', 'credential'],
  ['unrecognizedclient', 'credential'],
  ['invalidsignature', 'credential'],
  ['incompletesignature', 'credential'],
  ['invalidclienttokenid', 'credential'],
  ['missingauthenticationtoken', 'credential'],
]);

/** Reads an error of Bedrock's. Its header names the exception. Never throws, whatever the body is. */
export function readBedrockError(
  status: number,
  headers: UpstreamHeaders,
  body: Buffer,
  credential?: CredentialConfig | null,
): ProviderError {
  const error = readErrorAnswer({ status, headers, body: inLowerCase(body), credential, signs: SIGNS });
  // Rights to invoke models do not include the list of models, so this refusal says nothing about the credential.
  if (error.message.includes('bedrock:ListFoundationModels'))
    return { ...error, kind: 'caller', status: 404, message: 'the credential may not list models' };
  const kind = KINDS.get(exceptionOf(headers)) ?? error.kind;
  return {
    ...error,
    kind,
    // What refuses our credential counts as 401 in every other place.
    status: kind === 'credential' && status === 400 ? 401 : status,
    message: cleaned(error.message, credential),
  };
}

/** Reports whether AWS says that the keys have ended. */
export function saysExpired(headers: UpstreamHeaders): boolean {
  return exceptionOf(headers) === 'expiredtoken';
}

/** Returns the name of the exception, in lower case and without its ending. The header may add an address after a colon. */
function exceptionOf(headers: UpstreamHeaders): string {
  const header = headers['x-amzn-errortype'];
  const [name = ''] = String((Array.isArray(header) ? header[0] : header) ?? '').split(':');
  return name
    .trim()
    .toLowerCase()
    .replace(/exception$/, '');
}

/** Some of AWS's services begin the field with a capital. */
function inLowerCase(body: Buffer): Buffer {
  return body.subarray(0, 200).includes('"Message"')
    ? Buffer.from(body.toString('utf8').replace('"Message"', '"message"'))
    : body;
}

/** Removes secrets, names of resources and numbers of accounts from a message of AWS, which clients may see. */
export function cleaned(message: string, credential?: CredentialConfig | null): string {
  return redactSecrets(message, credential === null || credential === undefined ? null : secretTexts(credential))
    .replace(/\barn:aws[\w-]*:[^\s"',]+/g, '[resource]')
    .replace(/\b(?:ASIA|AKIA|AROA|AIDA)[0-9A-Z]{12,}/g, '[redacted]')
    .replace(/\b\d{12}\b/g, '[account]')
    .slice(0, MESSAGE_CHARS_MAX);
}

const MESSAGE_CHARS_MAX = 2_000;
