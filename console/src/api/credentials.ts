import { api, asked, type Schema } from './client.ts';

/** The result of a live call. `message`: the reason of a failure in the provider's words, without secrets. */
export interface CheckResult {
  readonly ok: boolean;
  readonly latency_ms: number;
  readonly message: string | null;
  readonly models?: readonly string[] | null;
  readonly sample?: string | null;
  /** The calls that were made, without secrets. */
  readonly calls?: Schema<'CredentialTest'>['calls'];
}

type Credential = Schema<'Credential'>;
export type CredentialKind = Credential['kind'];
export type CredentialSettings = Credential['settings'];
export type SettingName = keyof CredentialSettings;

/** The vendors with code of their own, in the order in which fields offer them. Presets are others. */
export const CREDENTIAL_PROVIDERS = ['openai', 'anthropic', 'gemini', 'azure', 'bedrock', 'vertex', 'cohere', 'voyage'] as const;
export type CodedProvider = (typeof CREDENTIAL_PROVIDERS)[number];
/** One of those, or the id of a preset. */
export type CredentialProvider = string;

/** Reports whether a provider has code of its own. Any other is a preset. */
export function isCoded(text: unknown): text is CodedProvider {
  return CREDENTIAL_PROVIDERS.some((provider) => provider === text);
}

/** The parts of a vendor's credentials. The server checks the same (`domain/routing/credential-kinds.ts`); a test compares them. */
export interface CredentialForm {
  readonly kinds: readonly [CredentialKind, ...CredentialKind[]];
  readonly required: readonly SettingName[];
  readonly optional: readonly SettingName[];
  readonly needsBaseUrl: boolean;
}

const KEY_ALONE: CredentialForm = { kinds: ['api_key'], required: [], optional: [], needsBaseUrl: false };

export const CREDENTIAL_FORMS: Readonly<Record<CodedProvider, CredentialForm>> = {
  openai: KEY_ALONE,
  anthropic: KEY_ALONE,
  gemini: KEY_ALONE,
  azure: { kinds: ['api_key', 'azure_entra', 'ambient'], required: [], optional: ['api_version'], needsBaseUrl: true },
  bedrock: { kinds: ['aws_static', 'aws_bearer', 'ambient'], required: ['region'], optional: [], needsBaseUrl: false },
  vertex: { kinds: ['gcp_service_account', 'ambient'], required: ['project', 'location'], optional: [], needsBaseUrl: false },
  cohere: KEY_ALONE,
  voyage: KEY_ALONE,
};

/** Returns the parts of a provider's credentials. Those of a preset are an API key. */
export function formOf(provider: CredentialProvider): CredentialForm {
  return isCoded(provider) ? CREDENTIAL_FORMS[provider] : KEY_ALONE;
}

/** A secret of more than one part, as the API takes it. */
export type CredentialSecret =
  | {
      readonly kind: 'aws_static';
      readonly access_key_id: string;
      readonly secret_access_key: string;
      readonly session_token?: string;
      readonly role_arn?: string;
      readonly external_id?: string;
    }
  | { readonly kind: 'azure_entra'; readonly tenant: string; readonly client_id: string; readonly client_secret: string }
  | { readonly kind: 'gcp_service_account'; readonly key_file: string };

/** A new secret, in one of its two forms; neither: the stored one, or none. */
export interface NewSecret {
  readonly api_key?: string;
  readonly secret?: CredentialSecret;
}

export interface CredentialToCheck extends NewSecret {
  readonly provider: CredentialProvider;
  readonly kind?: CredentialKind;
  readonly settings?: CredentialSettings;
  readonly base_url: string | null;
  /** The credential whose stored secret is used if no new one is given. */
  readonly credential_id?: string;
}

/** Makes a live call with a credential, which need not be stored. */
export function checkCredential(body: CredentialToCheck, owner: string | null): Promise<CheckResult> {
  if (owner === null) return asked(api.POST('/credentials/check', { body }));
  return asked(api.POST('/organizations/{id}/own-credentials/check', { params: { path: { id: owner } }, body }));
}

/** Makes a live test of a stored credential, and returns each of its calls. */
export function testCredential(id: string, owner: string | null): Promise<Schema<'CredentialTest'>> {
  const params = { path: { id } };
  return asked(
    owner === null ? api.POST('/credentials/{id}/test', { params }) : api.POST('/own-credentials/{id}/test', { params }),
  );
}

/** Ends the time in which the replaced secret of a credential counts beside the new one. */
export function endOverlap(id: string, owner: string | null): Promise<Credential> {
  const params = { path: { id } };
  return asked(
    owner === null
      ? api.POST('/credentials/{id}/end-overlap', { params })
      : api.POST('/own-credentials/{id}/end-overlap', { params }),
  );
}

export function deleteCredential(id: string, owner: string | null): Promise<unknown> {
  const params = { path: { id } };
  return asked(owner === null ? api.DELETE('/credentials/{id}', { params }) : api.DELETE('/own-credentials/{id}', { params }));
}
