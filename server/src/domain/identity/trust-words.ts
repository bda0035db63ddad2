/** The closed lists of words, and the bounds, about trusted issuers and trust rules. Code, API, database and console use the same. */

/** `discovery`: the issuer's own configuration names its keys. `url`: an address of a key set. `pasted`: the key set itself. */
export const KEY_SOURCES = ['discovery', 'url', 'pasted'] as const;
export type KeySource = (typeof KEY_SOURCES)[number];

/** The signatures that may be trusted. None of them uses a shared secret. */
export const TOKEN_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

/** The switch of an issuer or a rule. */
export const TRUST_STATUSES = ['active', 'disabled'] as const;
export type TrustStatus = (typeof TRUST_STATUSES)[number];

/** The comparison of a claim with the values of a condition. */
export const CONDITION_MATCHES = ['equals', 'one_of', 'prefix'] as const;
export type ConditionMatch = (typeof CONDITION_MATCHES)[number];

export const ISSUERS_MAX = 20;
export const RULES_MAX = 100;
/** The most keys that one rule makes. */
export const KEYS_OF_RULE_MAX = 1_000;
export const CONDITIONS_MAX = 20;
export const VALUES_MAX = 50;
export const VALUE_CHARS_MAX = 512;
export const CLAIM_CHARS_MAX = 256;
export const KEY_BY_MAX = 4;
/** The longest value of a claim by which a rule makes keys. */
export const KEY_VALUE_CHARS_MAX = 256;
/** The longest token, in characters. Anthropic's SDK has the same bound. */
export const TOKEN_CHARS_MAX = 16_384;
/** The longest life of a token, from its issue to its expiry. */
export const LIFE_SECONDS_MAX = 3_600;
/** The life of a secret that a token is exchanged for. */
export const SECRET_SECONDS = 900;
