/** The rule for sending a secret: only to the address it was given for. */
import type { CredentialSettings } from '../routing/credential.ts';
import { rulesOf } from '../routing/credential-kinds.ts';

/** The providers that versions without kinds know. Their API keys have addresses in the form that those versions write. */
const OLDER_PROVIDERS: ReadonlySet<string> = new Set(['openai', 'anthropic', 'gemini']);

/**
 * Returns the provider and the origin that a secret is for, as one text. A base URL of null is the vendor's own address, to which
 * a region or location can belong. Never throws.
 *
 * The kind is part of the text, except for what earlier versions know. So such a version cannot open another secret, and never
 * presents it as an API key. The organization that brought a secret is part of it too: beside another owner it does not open.
 */
export function keyAddress(place: KeyPlace): string {
  const { provider, kind = 'api_key' } = place;
  const address = `${provider} ${originOf(place)}`;
  const isOlder = kind === 'api_key' && OLDER_PROVIDERS.has(provider);
  const owned = place.owner ? ` of ${place.owner}` : '';
  return isOlder && owned === '' ? address : `${address} as ${kind}${owned}`;
}

/** Reports whether a secret for one address may be sent to the other: provider and origin are the same. */
export function isSameAddress(a: KeyPlace, b: KeyPlace): boolean {
  return keyAddress(a) === keyAddress(b);
}

export interface KeyPlace {
  readonly provider: string;
  readonly baseUrl: string | null;
  /** Absent: `api_key`. */
  readonly kind?: string;
  readonly settings?: CredentialSettings;
  /** The organization that brought the secret. Empty or absent: the platform. */
  readonly owner?: string;
}

function originOf({ provider, baseUrl, settings = {} }: KeyPlace): string {
  if (baseUrl === null) {
    const part = rulesOf(provider)?.hostSetting ?? null;
    return part === null ? 'vendor' : `vendor ${settings[part] ?? ''}`;
  }
  return URL.canParse(baseUrl) ? new URL(baseUrl).origin : baseUrl;
}
