/** The credentials that the gateway presents to providers: an API key, or what tokens and signatures are made from. */
import type { Preset } from '../presets/preset.ts';
import type { ProviderName } from './provider-name.ts';

/**
 * The kinds of credentials. `api_key` and `aws_bearer` are one text. `ambient` has no secret of its own: the machine that the
 * gateway runs on has one.
 */
export const CREDENTIAL_KINDS = ['api_key', 'aws_static', 'aws_bearer', 'azure_entra', 'gcp_service_account', 'ambient'] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/** The secret of a credential, opened. It is kept in memory only: it must never reach a log, an error or a row. */
export type CredentialSecret =
  | {
      readonly kind: 'aws_static';
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken: string | null;
      /** The role to take with these keys; null: they are used as they are. */
      readonly roleArn: string | null;
      readonly externalId: string | null;
    }
  | { readonly kind: 'azure_entra'; readonly tenant: string; readonly clientId: string; readonly clientSecret: string }
  | {
      readonly kind: 'gcp_service_account';
      readonly clientEmail: string;
      readonly privateKeyId: string;
      /** PKCS #8, as PEM. */
      readonly privateKey: string;
    };

/** The facts of a credential that are no secrets. Each provider reads its own. */
export interface CredentialSettings {
  /** AWS: the region, such as `eu-central-1`. */
  readonly region?: string;
  /** Google Cloud: the project and the location, such as `europe-west4` or `global`. */
  readonly project?: string;
  readonly location?: string;
  /** Azure: the version for its older paths (`/openai/deployments/…?api-version=`). Absent: the newer paths. */
  readonly apiVersion?: string;
}

export interface CredentialConfig {
  readonly id: string;
  /** The organization that brought the credential. Null or absent: the platform. */
  readonly organizationId?: string | null;
  readonly provider: ProviderName;
  readonly baseUrl: string | null;
  /** Absent: `api_key`. */
  readonly kind?: CredentialKind;
  /** The preset that `provider` names. Null or absent: the provider has code of its own. */
  readonly preset?: Preset | null;
  readonly settings?: CredentialSettings;
  /** The secret of `api_key` and `aws_bearer`; empty for other kinds. As secret as `secret`. */
  readonly apiKey: string;
  /** The secret of the other kinds. Null or absent: none. */
  readonly secret?: CredentialSecret | null;
  /**
   * A name of the secret that reveals nothing of it, for what is kept by secret, such as tokens. Another secret has another name,
   * also if the credential is the same. Absent: the credential is not stored.
   */
  readonly secretId?: string;
  /** The secret that was replaced, while both count. Null or absent: none. */
  readonly other?: OtherSecret | null;
}

/** The same credential with the secret that it had before, which the provider may still take, or take alone for now. */
export interface OtherSecret {
  readonly credential: CredentialConfig;
  /** The end of its use, in milliseconds since 1970. */
  readonly untilMs: number;
}

/** Returns every text of a credential that nobody may read, for what removes them from messages. */
export function secretTexts(credential: CredentialConfig): readonly string[] {
  const { apiKey, secret = null, other = null } = credential;
  const own = [apiKey, ...(secret === null ? [] : partsOf(secret))].filter((text) => text !== '');
  return other === null ? own : [...own, ...secretTexts(other.credential)];
}

function partsOf(secret: CredentialSecret): readonly string[] {
  switch (secret.kind) {
    case 'aws_static':
      return [secret.secretAccessKey, secret.sessionToken ?? '', secret.accessKeyId];
    case 'azure_entra':
      return [secret.clientSecret];
    case 'gcp_service_account':
      // A message may hold the key without its line breaks, or a line of it.
      return [secret.privateKey, ...secret.privateKey.split('\n').filter((line) => line !== '' && !line.startsWith('-----'))];
  }
}
