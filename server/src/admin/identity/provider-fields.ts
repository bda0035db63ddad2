import { z } from 'zod';
import { PROVIDER_PROTOCOLS } from '../../domain/identity/words.ts';
import { ORGANIZATION_ROLES } from '../../domain/tenancy/permission.ts';
import { ConfigProblem, ProviderUnreachable } from '../../identity/protocol-problems.ts';
import type { ProviderRow } from '../../store/identity/identity-providers.ts';
import type { AdminCall } from '../http/call.ts';
import { shortName } from '../http/fields.ts';
import { invalid } from '../http/problem.ts';
import { text } from '../http/schemas.ts';
import { protocolOf } from '../sso/provider-to-ask.ts';

/** The fields of an identity provider that people set. */

const NAME_CHARS_MAX = 100;

const settings = {
  client_secret: text(4_096, 1)
    .nullish()
    .meta({ description: 'The client secret of OpenID Connect. Never shown again. Null: a public client.' }),
  creates_accounts: z.boolean().optional().meta({
    description: 'True if a person with an address of a verified domain and without an account gets one at the first sign-in.',
  }),
  default_role: z.enum(ORGANIZATION_ROLES).optional().meta({
    description: 'The role of people whom the provider makes members and whose groups give none. You must be able to give it.',
  }),
  groups_claim: text(200, 1).nullish().meta({ description: 'The claim or attribute that lists groups. Null: none is read.' }),
  second_factor_values: z.array(text(200, 1)).max(20).optional().meta({
    description: 'The values of `amr` or `acr`, or of a SAML authentication context, that show a second factor.',
  }),
  position: z.int().min(0).max(1_000).optional().meta({ description: 'The place in the list that people choose from.' }),
};

const givenConfig = z.record(text(100), z.unknown()).meta({
  description:
    'The configuration of the protocol. OpenID Connect: `issuer`, `client_id`, `scopes`, `prompt`, `client_authentication`. A draft may be without `client_id`: the provider gives it for the redirect URI of the draft.',
  examples: [{ issuer: 'https://login.acme.test', client_id: 'headgate' }],
});

export const createBody = z.strictObject({
  name: shortName(NAME_CHARS_MAX),
  protocol: z.enum(PROVIDER_PROTOCOLS),
  config: givenConfig,
  ...settings,
});

export const patchBody = z.strictObject({
  name: shortName(NAME_CHARS_MAX).optional(),
  config: givenConfig.optional(),
  ...settings,
});
export type PatchBody = z.output<typeof patchBody>;

/** Reads a configuration by its protocol. Throws 400 at the field that is wrong, or if the provider does not answer. */
export async function readConfig(
  { deps }: AdminCall<unknown, unknown, unknown>,
  { protocol }: Pick<ProviderRow, 'protocol'>,
  config: unknown,
  secret: string | null,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await protocolOf(deps, { protocol }).readConfig(config, secret);
  } catch (error) {
    if (error instanceof ConfigProblem) throw invalid(`/config${error.pointer === '/' ? '' : error.pointer}`, error.message);
    if (error instanceof ProviderUnreachable) throw invalid('/config', error.message);
    throw error;
  }
}
