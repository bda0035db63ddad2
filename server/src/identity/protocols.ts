import type { Protocol, ProviderToAsk } from './protocol.ts';

/** A sign-out that an identity provider tells of, from its server to ours. */
export type ProviderLogout =
  | { readonly is: 'signed_out'; readonly sid: string | null; readonly subject: string | null }
  | { readonly is: 'refused'; readonly words: string };

/** OpenID Connect. */
export interface OidcProtocol extends Protocol {
  /** Reads the form of a back-channel logout. Each token counts once. Throws only ProviderUnreachable. */
  readLogout?(provider: ProviderToAsk, form: URLSearchParams): Promise<ProviderLogout>;
  /**
   * Returns the address that ends a browser's session at the provider; null if it has none that takes our request. Throws only
   * ProviderUnreachable.
   */
  logoutAddress?(provider: ProviderToAsk): Promise<string | null>;
}

/** SAML 2.0. */
export interface SamlProtocol extends Protocol {
  /** Returns our own metadata for a provider, as XML. */
  metadata(provider: Pick<ProviderToAsk, 'id' | 'config' | 'secret'>): string;
  /** Returns new keys of our own, as the text that is kept as the provider's secret. */
  newSecret(): Promise<string>;
  /** Returns a secret with the next key beside the present one, which still signs. A next key that is there is replaced. */
  withNextKey(secret: string | null): Promise<string>;
  /** Returns a secret without its present key, so that the next one signs. Null: there is no next one. */
  withoutOldKey(secret: string | null): string | null;
  /** Returns the certificates of our keys, the one that signs first. */
  ownCertificates(secret: string | null): readonly OwnCertificate[];
}

/** A certificate by which we sign requests. */
export interface OwnCertificate {
  /** The SHA-256 fingerprint in lower-case hex. */
  readonly id: string;
  readonly pem: string;
  readonly madeAt: string;
}

/** The protocols by which identity providers are asked. */
export interface Protocols {
  readonly oidc?: OidcProtocol;
  readonly saml?: SamlProtocol;
}
