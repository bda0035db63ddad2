import { createHash } from 'node:crypto';
import { z } from 'zod';
import { audienceOf } from '../../domain/identity/trust.ts';
import {
  CLAIM_CHARS_MAX,
  CONDITION_MATCHES,
  CONDITIONS_MAX,
  KEY_BY_MAX,
  KEY_SOURCES,
  LIFE_SECONDS_MAX,
  TOKEN_ALGORITHMS,
  TRUST_STATUSES,
  VALUE_CHARS_MAX,
  VALUES_MAX,
} from '../../domain/identity/trust-words.ts';
import type { IssuerRow } from '../../store/workload/trust.ts';
import { instantOut, isoOf } from '../http/fields.ts';
import { text, URL_PATTERN } from '../http/schemas.ts';

/** Trusted issuers and conditions of trust rules, as the API shows and accepts them. */

const LIFE_SECONDS_MIN = 60;
export const DEFAULT_ALGORITHMS = ['RS256', 'ES256'] as const;
export const DEFAULT_TOKEN_TYPES = ['jwt', 'at+jwt'] as const;

export const status = z.enum(TRUST_STATUSES);

export const issuerText = z
  .string()
  .max(512)
  .regex(/^[\x21-\x7e]+$/, 'must be the claim iss of the tokens: up to 512 visible ASCII characters without spaces')
  .meta({ examples: ['https://token.actions.githubusercontent.com'] });

export const issuerSettings = {
  keys_url: text(2_048)
    .meta({ pattern: URL_PATTERN })
    .nullish()
    .meta({ description: 'The address of the key set. Only with `key_source` `url`; must begin with `https://`.' }),
  pasted_keys: text(65_536)
    .nullish()
    .meta({ description: 'The key set (JWKS) as JSON, with public keys only. Only with `key_source` `pasted`.' }),
  algorithms: z.array(z.enum(TOKEN_ALGORITHMS)).min(1).max(TOKEN_ALGORITHMS.length).optional(),
  token_types: z
    .array(z.string().regex(/^[A-Za-z0-9+.-]{1,60}$/, 'must be a type such as JWT or at+jwt'))
    .min(1)
    .max(10)
    .optional()
    .meta({ description: 'The accepted values of the header `typ`. A token without that header counts as `jwt`.' }),
  life_seconds_max: z
    .int()
    .min(LIFE_SECONDS_MIN)
    .max(LIFE_SECONDS_MAX)
    .optional()
    .meta({ description: 'The longest life of a token, from `iat` to `exp`. Default: 3600.' }),
  direct: z
    .boolean()
    .optional()
    .meta({ description: 'If true, a token is also accepted in place of a key’s secret, without an exchange. Default: false.' }),
};

export const keySource = z.enum(KEY_SOURCES).meta({
  description:
    '`discovery`: from `<issuer>/.well-known/openid-configuration`. `url`: from `keys_url`. `pasted`: from `pasted_keys`, for issuers that cannot be reached.',
});

export const issuerOut = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    name: z.string(),
    issuer: z.string(),
    key_source: keySource,
    keys_url: z.string().nullable(),
    pasted_keys: z.string().nullable(),
    algorithms: z.array(z.string()),
    token_types: z.array(z.string()),
    life_seconds_max: z.int(),
    direct: z.boolean(),
    status,
    audience: z.string().nullable().meta({
      description: 'The audience (`aud`) that tokens must have. Null while HEADGATE_PUBLIC_URL is not set: no token is accepted.',
    }),
    version: z.int(),
    created_at: instantOut,
    created_by: z.string(),
    updated_at: instantOut,
  })
  .meta({ id: 'TrustedIssuer', description: 'An issuer of tokens that the organization trusts.' });

export function viewIssuer(
  row: IssuerRow,
  place: { readonly publicUrl: string | null; readonly slug: string },
): z.output<typeof issuerOut> {
  return {
    id: row.id,
    organization_id: row.organizationId,
    ...issuerFacts(row),
    pasted_keys: row.pastedKeys,
    audience: place.publicUrl === null ? null : audienceOf(place.publicUrl, place.slug),
    version: row.version,
    created_at: isoOf(row.createdAt),
    created_by: row.createdBy,
    updated_at: isoOf(row.updatedAt),
  };
}

function issuerFacts(row: IssuerRow) {
  return {
    name: row.name,
    issuer: row.issuer,
    key_source: row.keySource,
    keys_url: row.keysUrl,
    algorithms: [...row.algorithms],
    token_types: [...row.tokenTypes],
    life_seconds_max: row.lifeSecondsMax,
    direct: row.isDirect,
    status: row.status,
  };
}

/** The facts of an issuer for the audit log. A pasted key set is long, so its hash stands for it. */
export function auditedIssuer(row: IssuerRow) {
  const { pastedKeys } = row;
  const hash = pastedKeys === null ? null : createHash('sha256').update(pastedKeys).digest('hex');
  return { ...issuerFacts(row), pasted_keys_sha256: hash };
}

/** The name of a claim, or a JSON pointer to an inner one. */
const claim = text(CLAIM_CHARS_MAX, 1)
  .refine(
    (value) => !value.startsWith('/') || /^(?:\/(?:[^~/]|~[01])+){1,5}$/.test(value),
    'must be a JSON pointer to a claim of at most five levels, such as /kubernetes.io/namespace, if it begins with a slash',
  )
  .meta({ examples: ['repository_id', '/kubernetes.io/namespace'] });

export const conditions = z
  .array(
    z
      .strictObject({
        claim,
        match: z.enum(CONDITION_MATCHES),
        values: z.array(text(VALUE_CHARS_MAX, 1)).min(1).max(VALUES_MAX),
      })
      .refine(({ match, values }) => match === 'one_of' || values.length === 1, {
        path: ['values'],
        message: 'must have exactly one value, unless `match` is `one_of`',
      }),
  )
  .min(1)
  .max(CONDITIONS_MAX)
  .meta({
    description:
      'All must hold. Values are compared exactly, with case. A claim that is a whole number or true or false counts as its text in JSON. `claim` is a name, or a JSON pointer to an inner claim.',
  });

export const conditionsOut = z.array(
  z.object({ claim: z.string(), match: z.enum(CONDITION_MATCHES), values: z.array(z.string()) }),
);

export const keyBy = z.array(claim).max(KEY_BY_MAX).meta({
  description:
    'The claims of whose values each combination gets a key of its own, at most 1,000 keys for a rule. Empty: the rule has one key.',
});
