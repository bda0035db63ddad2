import type { UseFormReturnType } from '@mantine/form';
import type { Schema } from '../../api/client.ts';
import {
  type CredentialKind,
  type CredentialProvider,
  type CredentialSettings,
  type CredentialToCheck,
  formOf,
  isCoded,
  type NewSecret,
  type SettingName,
} from '../../api/credentials.ts';
import { words } from './words.ts';

type Credential = Schema<'Credential'>;

/** A credential as a person types it. Its names are those of the API, so that the server's faults appear at their fields. */
export interface CredentialDraft {
  name: string;
  provider: CredentialProvider;
  kind: CredentialKind;
  settings: Record<SettingName, string>;
  /** Empty: keep the stored key. */
  api_key: string;
  /** The parts of secrets that are more than one text. All empty: keep the stored one. */
  secret: Record<SecretField, string>;
  base_url: string;
  /** The day on which the provider ends the secret: `2027-01-31`. Empty: none is known. */
  expires_at: string;
  /** The hours for which the replaced secret counts beside the new one. */
  keep_previous_hours: string;
  /** The last four characters of the stored secret, which is never shown in full. Absent if none is stored. */
  readonly last_four?: string;
  /** The address to which the platform moved the preset of an own credential. Its secret has to be given again. Null: it did not. */
  readonly new_base_url: string | null;
  /** The number of deployments that use the stored secret. */
  readonly deployment_count?: number;
}

export type CredentialForm = UseFormReturnType<CredentialDraft>;

export type SecretField =
  | ('access_key_id' | 'secret_access_key' | 'session_token' | 'role_arn' | 'external_id')
  | ('tenant' | 'client_id' | 'client_secret')
  | 'key_file';

/** The parts of the secret of each kind, and which of them may be empty. */
export const SECRET_PARTS: Readonly<Partial<Record<CredentialKind, readonly { field: SecretField; isOptional?: true }[]>>> = {
  aws_static: [
    { field: 'access_key_id' },
    { field: 'secret_access_key' },
    { field: 'session_token', isOptional: true },
    { field: 'role_arn', isOptional: true },
    { field: 'external_id', isOptional: true },
  ],
  azure_entra: [{ field: 'tenant' }, { field: 'client_id' }, { field: 'client_secret' }],
  gcp_service_account: [{ field: 'key_file' }],
};

const NO_SETTINGS = { region: '', project: '', location: '', api_version: '' };
const NO_SECRET: Readonly<Record<SecretField, string>> = {
  ...{ access_key_id: '', secret_access_key: '', session_token: '', role_arn: '', external_id: '' },
  ...{ tenant: '', client_id: '', client_secret: '', key_file: '' },
};
const KEEP_HOURS = '24';

/** Returns the draft of a new credential. */
export function newDraft(provider: CredentialProvider, name = ''): CredentialDraft {
  return {
    name,
    provider,
    kind: formOf(provider).kinds[0],
    settings: { ...NO_SETTINGS },
    api_key: '',
    secret: { ...NO_SECRET },
    base_url: '',
    expires_at: '',
    keep_previous_hours: KEEP_HOURS,
    new_base_url: null,
  };
}

/** Returns the draft of a stored credential: all but its secret. */
export function draftOf(stored: Credential): CredentialDraft {
  const { name, provider, kind, settings, expires_at: end, last_four, deployment_count, new_base_url } = stored;
  // An own credential of a preset has the preset's address, which no form changes.
  const url = stored.organization_id !== null && !isCoded(provider) ? null : stored.base_url;
  return {
    ...newDraft(provider, name),
    kind,
    settings: { ...NO_SETTINGS, ...settings },
    base_url: url ?? '',
    expires_at: end?.slice(0, 10) ?? '',
    last_four,
    deployment_count,
    new_base_url,
  };
}

/** Returns the base URL as the API takes it. Null means the vendor's own. */
export function baseUrlOf({ base_url: url }: CredentialDraft): string | null {
  return url.trim() === '' ? null : url.trim();
}

/** Returns the end of the secret as the API takes it: the begin of that day in UTC. */
export function expiryOf({ expires_at: day }: CredentialDraft): string | null {
  return day === '' ? null : `${day}T00:00:00Z`;
}

/** Returns the settings that the draft's provider has and that are not empty. */
export function settingsOf({ provider, settings }: CredentialDraft): CredentialSettings {
  const { required, optional } = formOf(provider);
  const given = [...required, ...optional].map((name) => [name, settings[name].trim()] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== ''));
}

/** Returns the secret that was typed, as the API takes it; empty if none was. */
export function secretOf({ kind, api_key: key, secret }: CredentialDraft): NewSecret {
  const parts = SECRET_PARTS[kind];
  if (parts === undefined) return key.trim() === '' ? {} : { api_key: key.trim() };
  const given = parts.map(({ field }) => [field, secret[field].trim()] as const).filter(([, value]) => value !== '');
  if (given.length === 0) return {};
  // The server checks that the parts of the kind are there.
  return { secret: { kind, ...Object.fromEntries(given) } as NonNullable<NewSecret['secret']> };
}

export function hasNewSecret(draft: CredentialDraft): boolean {
  return Object.keys(secretOf(draft)).length > 0;
}

/** Returns the question for a test call with the typed secret, or with the stored one if none is typed. */
export function toCheck(draft: CredentialDraft, credentialId?: string): CredentialToCheck {
  const { provider, kind } = draft;
  return {
    ...{ provider, kind, settings: settingsOf(draft), base_url: baseUrlOf(draft) },
    ...secretOf(draft),
    ...(credentialId === undefined ? {} : { credential_id: credentialId }),
  };
}

/** Returns what is missing, by field. A stored credential keeps its secret if none is typed. */
export function faultsOf(draft: CredentialDraft, isNew: boolean): Record<string, string> {
  const { name, provider, kind, settings, api_key: key, secret } = draft;
  const { required, needsBaseUrl } = formOf(provider);
  const parts = isNew || hasNewSecret(draft) ? (SECRET_PARTS[kind] ?? []) : [];
  // The server knows which presets need a key.
  const isKeyMissing = isNew && isCoded(provider) && (kind === 'api_key' || kind === 'aws_bearer') && key.trim() === '';
  return Object.fromEntries([
    ...(name.trim() === '' ? [['name', words.enterAName]] : []),
    ...(isKeyMissing ? [['api_key', words.enterApiKey]] : []),
    ...required.filter((one) => settings[one].trim() === '').map((one) => [`settings.${one}`, words.isNeeded]),
    ...parts
      .filter(({ field, isOptional }) => isOptional !== true && secret[field].trim() === '')
      .map(({ field }) => [`secret.${field}`, words.isNeeded]),
    ...(needsBaseUrl && baseUrlOf(draft) === null ? [['base_url', words.isNeeded]] : []),
  ]) as Record<string, string>;
}
