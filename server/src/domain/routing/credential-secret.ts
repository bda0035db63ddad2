/** The form of each field of a secret, and the stored form of secrets that are more than one text. */
import type { CredentialSecret } from './credential.ts';

/** The only address to which Google's key files may send their owner's signature. */
const GOOGLE_TOKEN_URI = 'https://oauth2.googleapis.com/token';

interface Form {
  readonly pattern: RegExp;
  readonly words: string;
}

const GUID = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}';
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';

/**
 * The forms. They end in a header, a form of a token request, a path or a signed text: no character that means something there
 * fits into them.
 */
export const SECRET_FORMS = {
  accessKeyId: { pattern: /^[A-Z0-9]{16,128}$/, words: 'must be an access key id of AWS: 16 to 128 capital letters and digits' },
  secretAccessKey: { pattern: /^[A-Za-z0-9/+=]{16,128}$/, words: 'must be a secret access key of AWS' },
  sessionToken: { pattern: /^[A-Za-z0-9/+=_-]{16,4096}$/, words: 'must be a session token of AWS' },
  roleArn: {
    pattern: /^arn:aws(?:-[a-z]{2,4}(?:-[a-z]{1,4})?)?:iam::[0-9]{12}:role\/[A-Za-z0-9+=,.@/_-]{1,512}$/,
    words: 'must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/headgate',
  },
  externalId: { pattern: /^[A-Za-z0-9+=,.@:/_-]{2,1224}$/, words: 'must be an external id of AWS' },
  tenant: {
    pattern: new RegExp(`^(?:${GUID}|${LABEL}(?:\\.${LABEL}){1,8})$`),
    words: 'must be the id of a tenant, or one of its domains',
  },
  clientId: { pattern: new RegExp(`^${GUID}$`), words: 'must be the id of an application: 32 hexadecimal digits with dashes' },
  clientSecret: { pattern: /^[\x21-\x7e]{8,512}$/, words: 'must be the value of a client secret' },
  clientEmail: {
    pattern: /^[a-z0-9][a-z0-9.-]{0,126}@(?:[a-z0-9][a-z0-9-]{0,62}\.){1,5}gserviceaccount\.com$/,
    words: 'must be the address of a service account (….gserviceaccount.com)',
  },
  privateKeyId: { pattern: /^[0-9a-f]{8,128}$/, words: 'must be the id of a key: hexadecimal digits' },
  privateKey: {
    pattern: /^-----BEGIN PRIVATE KEY-----\n(?:[A-Za-z0-9+/=]{1,76}\n){1,200}-----END PRIVATE KEY-----\n?$/,
    words: 'must be a private key in PKCS #8, as Google writes it',
  },
} as const satisfies Readonly<Record<string, Form>>;

/** The most characters of a key file. Google's have about 2,400. */
export const KEY_FILE_CHARS_MAX = 16_384;

/** A key file of a service account, or the field at fault with the reason. `field` is empty if it is the whole file. */
export type ReadKeyFile =
  | { readonly secret: Extract<CredentialSecret, { kind: 'gcp_service_account' }> }
  | { readonly field: string; readonly words: string };

/**
 * Reads a Google key file, as text or as its JSON. Only service accounts are accepted: files of the type `external_account` name
 * URLs and programs to call. No error repeats anything of the file.
 */
export function readKeyFile(given: unknown): ReadKeyFile {
  const file = typeof given === 'string' ? parsed(given) : given;
  if (typeof file !== 'object' || file === null || Array.isArray(file))
    return { field: '', words: 'must be the JSON of a key file of a Google service account' };
  const { type, client_email, private_key_id, private_key, token_uri, universe_domain } = file as Record<string, unknown>;
  if (type === 'external_account')
    return { field: 'type', words: 'must be service_account: files of the type external_account name URLs and programs to call' };
  if (type !== 'service_account') return { field: 'type', words: 'must be service_account' };
  if (token_uri !== GOOGLE_TOKEN_URI) return { field: 'token_uri', words: `must be ${GOOGLE_TOKEN_URI}` };
  if (universe_domain !== undefined && universe_domain !== 'googleapis.com')
    return { field: 'universe_domain', words: 'must be googleapis.com' };
  const fields = { clientEmail: client_email, privateKeyId: private_key_id, privateKey: private_key };
  for (const name of ['clientEmail', 'privateKeyId', 'privateKey'] as const)
    if (!fits(SECRET_FORMS[name], fields[name])) return { field: IN_FILE[name], words: SECRET_FORMS[name].words };
  return { secret: { kind: 'gcp_service_account', ...(fields as Record<keyof typeof fields, string>) } };
}

const IN_FILE = { clientEmail: 'client_email', privateKeyId: 'private_key_id', privateKey: 'private_key' } as const;

/** Returns the text that is sealed for a secret. */
export function secretText(secret: CredentialSecret): string {
  return JSON.stringify(secret);
}

/** Reads the text of a stored secret. Returns null if it is not one of that kind, or a field does not have its form. */
export function readSecretText(kind: string, text: string): CredentialSecret | null {
  const stored = parsed(text);
  if (typeof stored !== 'object' || stored === null || (stored as { kind?: unknown }).kind !== kind) return null;
  if (!Object.hasOwn(FIELDS, kind)) return null;
  const { required, optional } = FIELDS[kind as CredentialSecret['kind']];
  const from = stored as Record<string, unknown>;
  const secret: Record<string, unknown> = { kind };
  for (const name of required) {
    if (!fits(SECRET_FORMS[name], from[name])) return null;
    secret[name] = from[name];
  }
  for (const name of optional) {
    const value = from[name] ?? null;
    if (value !== null && !fits(SECRET_FORMS[name], value)) return null;
    secret[name] = value;
  }
  return Object.freeze(secret) as unknown as CredentialSecret;
}

type FieldName = keyof typeof SECRET_FORMS;
const FIELDS: Readonly<
  Record<CredentialSecret['kind'], { readonly required: readonly FieldName[]; readonly optional: readonly FieldName[] }>
> = {
  aws_static: { required: ['accessKeyId', 'secretAccessKey'], optional: ['sessionToken', 'roleArn', 'externalId'] },
  azure_entra: { required: ['tenant', 'clientId', 'clientSecret'], optional: [] },
  gcp_service_account: { required: ['clientEmail', 'privateKeyId', 'privateKey'], optional: [] },
};

/** Returns the text by which people tell secrets of this kind apart; only its last four characters are shown. */
export function tellingText(secret: CredentialSecret): string {
  switch (secret.kind) {
    case 'aws_static':
      return secret.accessKeyId;
    case 'azure_entra':
      return secret.clientSecret;
    case 'gcp_service_account':
      return secret.privateKeyId;
  }
}

function fits({ pattern }: Form, value: unknown): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function parsed(text: string): unknown {
  try {
    return text.length > KEY_FILE_CHARS_MAX ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
