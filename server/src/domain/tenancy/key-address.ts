/** The rule for sending a provider key: only to the address it was given for. */

/**
 * Returns the provider and the origin that a key is for, as one text. A base URL of null is the vendor's own address. Never
 * throws.
 */
export function keyAddress(provider: string, baseUrl: string | null): string {
  return `${provider} ${originOf(baseUrl)}`;
}

/** Reports whether a key for one address may be sent to the other: provider and origin are the same. */
export function isSameAddress(a: KeyPlace, b: KeyPlace): boolean {
  return keyAddress(a.provider, a.baseUrl) === keyAddress(b.provider, b.baseUrl);
}

export interface KeyPlace {
  readonly provider: string;
  readonly baseUrl: string | null;
}

function originOf(baseUrl: string | null): string {
  if (baseUrl === null) return 'vendor';
  return URL.canParse(baseUrl) ? new URL(baseUrl).origin : baseUrl;
}
