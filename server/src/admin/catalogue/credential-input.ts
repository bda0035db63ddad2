/** The checks of a credential in a request, beyond the form of each field, and the text that is sealed for its secret. */
import { createPrivateKey } from 'node:crypto';
import type { z } from 'zod';
import type { Preset } from '../../domain/presets/preset.ts';
import type { CredentialKind, CredentialSecret } from '../../domain/routing/credential.ts';
import { type CredentialFacts, credentialFault, isOwnAddress, rulesOf } from '../../domain/routing/credential-kinds.ts';
import { readKeyFile, secretText, tellingText } from '../../domain/routing/credential-secret.ts';
import { isSameAddress, type KeyPlace } from '../../domain/tenancy/key-address.ts';
import { lastFour } from '../../lib/secrets.ts';
import { PLATFORM } from '../../store/catalogue/credentials.ts';
import type { AdminCall } from '../http/call.ts';
import { invalid } from '../http/problem.ts';
import type { secret } from './credential-fields.ts';

type AnyCall = AdminCall<unknown, unknown, unknown>;

interface GivenBody {
  readonly api_key?: string | undefined;
  readonly secret?: z.output<typeof secret> | undefined;
}

/** A secret as it was given: for calls, for sealing, and for people to tell it from others. */
export interface GivenSecret {
  readonly apiKey: string;
  readonly secret: CredentialSecret | null;
  readonly text: string;
  readonly lastFour: string;
}

/** Throws 400 for a base URL that the owner's credentials may not have. The rules for organizations are stricter. */
export function requireAllowed(call: AnyCall, url: string | null | undefined, owner: string): void {
  if (url === null || url === undefined) return;
  const { checkBaseUrl, checkOwnBaseUrl } = call.deps.upstream;
  const problem = owner === PLATFORM ? checkBaseUrl(url) : checkOwnBaseUrl(url);
  if (problem !== null) throw invalid('/base_url', problem);
}

/** Throws 400 with the field at fault if kind, settings and address do not fit each other, or the machine's identity may not be used. */
export function requireSound(call: AnyCall, facts: CredentialFacts & { readonly owner: string }): void {
  const fault = credentialFault(facts);
  if (fault !== null) throw invalid(`/${fault.field}`, fault.words);
  if (facts.kind === 'ambient' && facts.owner !== PLATFORM)
    throw invalid('/kind', 'must not be ambient: the identity of the gateway’s machine is the platform’s');
  if (facts.kind === 'ambient') requireAmbient(call, facts);
}

/** An identity of the whole machine is sent only to its own cloud, and to hosts that an operator lists: others could keep its token. */
function requireAmbient({ deps: { upstream } }: AnyCall, { provider, baseUrl }: CredentialFacts): void {
  const cloud = rulesOf(provider)?.ambient?.cloud;
  if (cloud === undefined || !upstream.ambientClouds.has(cloud))
    throw invalid('/kind', `must not be ambient here: the setting HEADGATE_AMBIENT_CREDENTIALS does not name ${cloud}`);
  if (!isOwnAddress(provider, baseUrl) && !(baseUrl !== null && upstream.isListed(baseUrl)))
    throw invalid(
      '/base_url',
      'must be an address of the cloud itself, or a host that HEADGATE_ALLOWED_UPSTREAMS lists: the identity of the gateway’s machine is sent to no other',
    );
}

/**
 * Throws 400 if a stored secret would be sent to another address and is not given again. Otherwise, whoever may edit credentials
 * could send a stored secret to their own address and read it there.
 */
export function requireSameAddress(stored: KeyPlace & { readonly kind: CredentialKind }, wanted: KeyPlace): void {
  if (!isSameAddress(stored, wanted))
    throw invalid(
      fieldOf(stored.kind),
      'is required for a new address: a stored secret is sent only to the address it was given for',
    );
}

/** Returns the secret of a new credential. Throws 400 if it is missing, unless the preset sends none, or of another kind. */
export function requireSecret(kind: CredentialKind, body: GivenBody, preset: Preset | null = null): GivenSecret {
  const given = secretOf(kind, body);
  if (given === null && preset?.auth === 'none') return NO_SECRET;
  if (given === null) throw invalid(fieldOf(kind), `is required for the kind ${kind}`);
  return given;
}

const NO_SECRET: GivenSecret = { apiKey: '', secret: null, text: '', lastFour: '' };

/** Returns the secret in a request, null if there is none. Throws 400 if it is not one of this kind. */
export function secretOf(kind: CredentialKind, { api_key, secret }: GivenBody): GivenSecret | null {
  if (kind === 'ambient') {
    refuse('/api_key', api_key, 'must be absent: the kind ambient has no secret of its own');
    refuse('/secret', secret, 'must be absent: the kind ambient has no secret of its own');
    return NO_SECRET;
  }
  if (isOneText(kind)) {
    refuse('/secret', secret, `must be absent: the secret of the kind ${kind} is its api_key`);
    return api_key === undefined ? null : { apiKey: api_key, secret: null, text: api_key, lastFour: shownOf(api_key) };
  }
  refuse('/api_key', api_key, `must be absent: the kind ${kind} has a secret`);
  if (secret === undefined) return null;
  if (secret.kind !== kind) throw invalid('/secret/kind', `must be ${kind}, as the credential is`);
  const read = readSecret(secret);
  return { apiKey: '', secret: read, text: secretText(read), lastFour: shownOf(tellingText(read)) };
}

function refuse(pointer: string, value: unknown, words: string): void {
  if (value !== undefined) throw invalid(pointer, words);
}

function isOneText(kind: CredentialKind): boolean {
  return kind === 'api_key' || kind === 'aws_bearer';
}

function fieldOf(kind: CredentialKind): '/api_key' | '/secret' {
  return isOneText(kind) ? '/api_key' : '/secret';
}

function readSecret(given: z.output<typeof secret>): CredentialSecret {
  switch (given.kind) {
    case 'aws_static':
      return {
        kind: 'aws_static',
        accessKeyId: given.access_key_id,
        secretAccessKey: given.secret_access_key,
        sessionToken: given.session_token ?? null,
        roleArn: given.role_arn ?? null,
        externalId: given.external_id ?? null,
      };
    case 'azure_entra':
      return { kind: 'azure_entra', tenant: given.tenant, clientId: given.client_id, clientSecret: given.client_secret };
    case 'gcp_service_account':
      return readServiceAccount(given.key_file);
  }
}

function readServiceAccount(keyFile: unknown): CredentialSecret {
  const read = readKeyFile(keyFile);
  if (!('secret' in read)) throw invalid(`/secret/key_file${read.field === '' ? '' : `/${read.field}`}`, read.words);
  if (!signs(read.secret.privateKey)) throw invalid('/secret/key_file/private_key', 'must be an RSA key of 2048 to 8192 bits');
  return read.secret;
}

/** Reports whether a PEM text is a key with which Google's assertions can be signed. */
function signs(pem: string): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem);
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    return asymmetricKeyType === 'rsa' && bits >= 2_048 && bits <= 8_192;
  } catch {
    return false;
  }
}

const SHOWN_FROM_LENGTH = 16;

/** Returns the last four characters to tell secrets apart, but none of a text shorter than 16. */
function shownOf(text: string): string {
  return text.length < SHOWN_FROM_LENGTH ? '' : lastFour(text);
}
