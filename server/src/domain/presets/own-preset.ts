/** The rule for an own credential of a preset: it counts only while the preset has the origin that its secret was given for. */

interface OwnCredential {
  readonly provider: string;
  readonly baseUrl: string | null;
}

/**
 * Returns the preset's address if its origin is no longer that of an own credential; null if it is. Only presets that people added
 * change: `added` has their ids. One of a version stays with the address that is stored with the credential.
 */
export function movedTo(
  { provider, baseUrl }: OwnCredential,
  preset: { readonly baseUrl: string },
  added: ReadonlySet<string>,
): string | null {
  return added.has(provider) && originOf(baseUrl ?? '') !== originOf(preset.baseUrl) ? preset.baseUrl : null;
}

/** The words for people who meet such a credential. They name no address, because clients and logs may show them. */
export const MOVED_WORDS =
  'the platform changed the address of this preset after the secret was given, so the secret is not sent: give it again with the new address as its base_url';

/** Returns the origin of a base URL, or the text itself if it is none. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}
