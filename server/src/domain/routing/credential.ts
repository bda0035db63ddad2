/** What the gateway presents to a provider: an API key, or what tokens and signatures are made from. */
import type { ProviderName } from './catalogue.ts';

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
  readonly provider: ProviderName;
  readonly baseUrl: string | null;
  /** Absent: `api_key`. */
  readonly kind?: CredentialKind;
  readonly settings?: CredentialSettings;
  /** The secret of `api_key` and `aws_bearer`; empty for other kinds. As secret as `secret`. */
  readonly apiKey: string;
  /** The secret of the other kinds. Null or absent: none. */
  readonly secret?: CredentialSecret | null;
}
