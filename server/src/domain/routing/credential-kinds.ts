/** The kinds of credentials that each provider takes, and the settings and the address that each needs. */
import type { Cloud } from '../clouds.ts';
import { isPresetId } from '../presets/preset.ts';
import type { CredentialKind, CredentialSettings } from './credential.ts';
import type { CodedProvider } from './provider-name.ts';

/** The providers that need a credential. */
export type CredentialProvider = Exclude<CodedProvider, 'fake'>;
export type SettingName = keyof CredentialSettings;

export interface CredentialRules {
  readonly kinds: readonly CredentialKind[];
  readonly required: readonly SettingName[];
  readonly optional: readonly SettingName[];
  /** True if there is no address of the vendor that is the same for everybody. */
  readonly needsBaseUrl: boolean;
  /** The setting that is part of the host unless there is a base URL; null: the vendor has one host. */
  readonly hostSetting: SettingName | null;
  /** The machine identity of `ambient`, and the vendor's own hosts: an unlisted host could keep the token that it is sent. */
  readonly ambient: { readonly cloud: Cloud; readonly hosts: RegExp } | null;
}

const KEYS_ONLY: CredentialRules = {
  kinds: ['api_key'],
  required: [],
  optional: [],
  needsBaseUrl: false,
  hostSetting: null,
  ambient: null,
};

/** The rules of presets. The address of a preset is stored with each of its credentials: see ADR 0059. */
const PRESET_RULES: CredentialRules = { ...KEYS_ONLY, needsBaseUrl: true };

export const CREDENTIAL_RULES: Readonly<Record<CredentialProvider, CredentialRules>> = {
  openai: KEYS_ONLY,
  anthropic: KEYS_ONLY,
  gemini: KEYS_ONLY,
  cohere: KEYS_ONLY,
  voyage: KEYS_ONLY,
  bedrock: {
    kinds: ['aws_static', 'aws_bearer', 'ambient'],
    required: ['region'],
    optional: [],
    needsBaseUrl: false,
    hostSetting: 'region',
    ambient: {
      cloud: 'aws',
      hosts:
        /^(?:bedrock-runtime(?:-fips)?\.[a-z0-9-]{1,40}\.amazonaws\.com|bedrock-mantle\.[a-z0-9-]{1,40}\.api\.aws|vpce-[a-z0-9-]{1,80}\.bedrock-runtime\.[a-z0-9-]{1,40}\.vpce\.amazonaws\.com)$/,
    },
  },
  azure: {
    kinds: ['api_key', 'azure_entra', 'ambient'],
    required: [],
    optional: ['apiVersion'],
    needsBaseUrl: true,
    hostSetting: null,
    ambient: {
      cloud: 'azure',
      hosts: /^[a-z0-9][a-z0-9-]{0,62}\.(?:openai|cognitiveservices|services\.ai)\.azure\.com$/,
    },
  },
  vertex: {
    kinds: ['gcp_service_account', 'ambient'],
    required: ['project', 'location'],
    optional: [],
    needsBaseUrl: false,
    hostSetting: 'location',
    ambient: { cloud: 'gcp', hosts: /^(?:[a-z0-9-]{1,40}-)?aiplatform(?:\.(?:us|eu)\.rep)?\.googleapis\.com$/ },
  },
};

/** The names of settings, as the API, the database and people write them. */
const SETTING_NAMES: Readonly<Record<SettingName, string>> = {
  region: 'region',
  project: 'project',
  location: 'location',
  apiVersion: 'api_version',
};

/**
 * The form of each setting. A region and a location become part of a host name, a project part of a path: nothing else may fit
 * into them.
 */
export const SETTING_FORMS: Readonly<Record<SettingName, { readonly pattern: RegExp; readonly words: string }>> = {
  region: { pattern: /^[a-z]{2,5}(?:-[a-z]{2,10}){1,3}-[0-9]{1,2}$/, words: 'must be a region of AWS, such as eu-central-1' },
  project: {
    pattern: /^(?:[a-z][a-z0-9-]{4,28}[a-z0-9]|[1-9][0-9]{5,19})$/,
    words: 'must be the id or the number of a Google Cloud project',
  },
  location: {
    pattern: /^(?:global|us|eu|[a-z]{2,14}-[a-z]{4,12}[0-9]{1,2})$/,
    words: 'must be a location of Vertex AI, such as europe-west4, eu or global',
  },
  apiVersion: {
    pattern: /^20[0-9]{2}-[0-9]{2}-[0-9]{2}(?:-preview)?$/,
    words: 'must be a version of the API, such as 2024-10-21',
  },
};

/** A credential without its secret. */
export interface CredentialFacts {
  readonly provider: string;
  readonly kind: CredentialKind;
  readonly settings: CredentialSettings;
  readonly baseUrl: string | null;
}

/** A fault of a credential: the field at fault and the reason. */
export interface CredentialFault {
  readonly field: 'kind' | 'base_url' | 'settings' | `settings/${string}`;
  readonly words: string;
}

/** Returns the first fault of a credential's kind, settings and address; null if there is none. Does not judge the base URL's form. */
export function credentialFault({ provider, kind, settings, baseUrl }: CredentialFacts): CredentialFault | null {
  const rules = rulesOf(provider);
  if (rules === null) return { field: 'kind', words: `there is no provider ${provider}` };
  if (!rules.kinds.includes(kind)) return { field: 'kind', words: `must be ${listed(rules.kinds)} for ${provider}` };
  const given = Object.keys(settings).filter((name) => settings[name as SettingName] !== undefined);
  const unknown = given.find((name) => !isSettingOf(rules, name));
  if (unknown !== undefined)
    return { field: fieldOf(unknown as SettingName), words: `is not a setting of credentials for ${provider}` };
  const missing = rules.required.find((name) => settings[name] === undefined);
  if (missing !== undefined) return { field: fieldOf(missing), words: `is required for ${provider}` };
  const wrong = (given as SettingName[]).find((name) => !SETTING_FORMS[name].pattern.test(settings[name] as string));
  if (wrong !== undefined) return { field: fieldOf(wrong), words: SETTING_FORMS[wrong].words };
  if (rules.needsBaseUrl && baseUrl === null) return { field: 'base_url', words: baseUrlWords(provider) };
  return null;
}

function baseUrlWords(provider: string): string {
  return `is required for ${provider}${provider === 'azure' ? ': https://{resource}.openai.azure.com, or a compatible host' : ''}`;
}

/**
 * Returns the rules of a provider; null if it takes no credentials or cannot be one. A name that could be a preset's has the rules
 * of presets: whoever knows the presets says whether there is one.
 */
export function rulesOf(provider: string): CredentialRules | null {
  if (Object.hasOwn(CREDENTIAL_RULES, provider)) return CREDENTIAL_RULES[provider as CredentialProvider];
  return isPresetId(provider) ? PRESET_RULES : null;
}

/** Reports whether a base URL is an address of the cloud whose machine identity the credential presents. Null is the cloud's own. */
export function isOwnAddress(provider: string, baseUrl: string | null): boolean {
  const hosts = rulesOf(provider)?.ambient?.hosts;
  if (hosts === undefined) return false;
  if (baseUrl === null) return true;
  if (!URL.canParse(baseUrl)) return false;
  const { protocol, hostname, port } = new URL(baseUrl);
  return protocol === 'https:' && port === '' && hosts.test(hostname);
}

function isSettingOf({ required, optional }: CredentialRules, name: string): boolean {
  return [...required, ...optional].some((one) => one === name);
}

function fieldOf(name: SettingName): `settings/${string}` {
  return `settings/${SETTING_NAMES[name] ?? name}`;
}

function listed(names: readonly string[]): string {
  return names.length === 1 ? `${names[0]}` : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
