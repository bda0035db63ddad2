/** The closed lists of words about sign-in through identity providers. Code, API, database and console use the same. */

/** The protocols of identity providers. */
export const PROVIDER_PROTOCOLS = ['oidc', 'saml'] as const;
export type ProviderProtocol = (typeof PROVIDER_PROTOCOLS)[number];

/** `draft`: never tested as it is configured now. `tested`: a test passed. `active`: people sign in by it. `off`: switched off. */
export const PROVIDER_STATES = ['draft', 'tested', 'active', 'off'] as const;

/** `waiting`: a person must accept the key first. `gone`: a person removed it, or the provider no longer lists the certificate. */
export const PROVIDER_KEY_STATES = ['trusted', 'waiting', 'gone'] as const;
export type ProviderKeyState = (typeof PROVIDER_KEY_STATES)[number];

/** `missing`: verified, but the last checks did not find the record. `lost`: it was missing for longer than the grace. */
export const DOMAIN_STATES = ['pending', 'verified', 'missing', 'lost'] as const;
export type DomainState = (typeof DOMAIN_STATES)[number];

/** The choices of an organization for signing in: in any way, or only through its identity providers. */
export const SIGN_IN_POLICIES = ['any', 'sso'] as const;
export type SignInPolicyMode = (typeof SIGN_IN_POLICIES)[number];

/** The choices for a second factor: nobody must show one; the identity provider or the person here; the person here. */
export const SECOND_FACTOR_POLICIES = ['off', 'idp_or_own', 'own'] as const;
export type SecondFactorPolicy = (typeof SECOND_FACTOR_POLICIES)[number];

/** The purposes for which a browser goes to an identity provider. `test` makes no session; `link` joins it to the account that is signed in. */
export const FLOW_PURPOSES = ['sign_in', 'test', 'link'] as const;
export type FlowPurpose = (typeof FLOW_PURPOSES)[number];

/**
 * The ends of a way through an identity provider other than a sign-in. The sign-in page gets the code in `?sso=` and
 * shows a sentence of its own. `signed_in_first` comes with the provider's id, so that the page can offer to link.
 */
export const SSO_CODES = [
  'provider_off', // not active, deleted, or the organization is archived
  'provider_unreachable',
  'provider_refused', // the person or the provider ended it there
  'answer_refused', // the answer failed a check; `reason` has the protocol's code
  'flow_unknown', // started in another browser, used before, or never
  'flow_expired',
  'no_email',
  'email_unverified',
  'domain_not_verified',
  'no_account',
  'account_disabled',
  'membership_disabled', // by an admin or the directory; it can be enabled again
  'membership_ended', // removed
  'signed_in_first', // the account exists: sign in your own way once, then link
  'linked_elsewhere', // the person at the provider is another account
  'linked_other_address', // the provider names another address than the person who links
  'too_many_attempts',
  'linked', // done: the account and the person at the provider are linked
  'tested', // done: the test has a result
] as const;
export type SsoCode = (typeof SSO_CODES)[number];

/**
 * The ways into an account that the first link to a provider removes, if nobody proved the account's address before. The page that
 * opens afterwards gets those that there were in `?link_removed=`, with dots between them.
 */
export const REMOVED_WAYS = ['password', 'passkeys', 'second_factor', 'sessions', 'links'] as const;
export type RemovedWay = (typeof REMOVED_WAYS)[number];
