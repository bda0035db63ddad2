import { z } from 'zod';
import { PROVIDER_KEY_STATES, PROVIDER_PROTOCOLS, PROVIDER_STATES } from '../../domain/identity/words.ts';
import { ORGANIZATION_ROLES } from '../../domain/tenancy/permission.ts';
import { redirectUriOf } from '../../identity/oidc/oidc.ts';
import { placesOf } from '../../identity/saml/places.ts';
import type { ProviderKeyRow, ProviderRow } from '../../store/identity/identity-providers.ts';
import { instantOut, isoOf, isoOrNull } from '../http/fields.ts';

/** Identity providers as the API and the audit log show them: never a secret. */

const config = z.record(z.string(), z.unknown());

export const providerOut = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    name: z.string(),
    protocol: z.enum(PROVIDER_PROTOCOLS),
    state: z.enum(PROVIDER_STATES).meta({
      description:
        '`draft`: never tested as it is configured now. `tested`: a test passed. `active`: people sign in by it. `off`: switched off.',
    }),
    config: config.meta({ description: 'The configuration of the protocol. No secret is in it.' }),
    has_client_secret: z.boolean(),
    next_config: config.nullable().meta({
      description:
        'A new configuration of an active provider. People sign in by the present one until a test of the new one passes. Null: none waits.',
    }),
    creates_accounts: z.boolean(),
    default_role: z.enum(ORGANIZATION_ROLES),
    groups_claim: z.string().nullable(),
    second_factor_values: z.array(z.string()),
    position: z.int(),
    redirect_url: z.string().nullable().meta({
      description: 'The address to enter at the provider, where it sends people back. Null without HEADGATE_PUBLIC_URL.',
    }),
    entity_id: z.string().nullable().meta({
      description: 'Our name at a SAML provider, which is the address of our metadata. Null for other protocols.',
    }),
    start_url: z
      .string()
      .nullable()
      .meta({ description: 'The address that starts a sign-in. Null without HEADGATE_PUBLIC_URL.' }),
    tested_at: instantOut.nullable(),
    last_sign_in_at: instantOut.nullable(),
    created_at: instantOut,
    updated_at: instantOut,
    version: z.int(),
  })
  .meta({ id: 'IdentityProvider', description: 'An identity provider of an organization.' });

export function viewProvider(row: ProviderRow, publicUrl: string | null): z.output<typeof providerOut> {
  const isSaml = row.protocol === 'saml';
  const places = publicUrl === null ? null : { ...placesOf(publicUrl, row.id), callback: redirectUriOf(publicUrl, row.id) };
  return {
    ...providerFacts(row),
    id: row.id,
    organization_id: row.organizationId,
    has_client_secret: !isSaml && row.sealed !== null,
    next_config: row.nextConfig === null ? null : shownConfig(row.nextConfig),
    redirect_url: places?.[isSaml ? 'acs' : 'callback'] ?? null,
    entity_id: isSaml ? (places?.entityId ?? null) : null,
    start_url: publicUrl === null ? null : `${publicUrl}/api/v1/sso/${row.id}/start`,
    tested_at: isoOrNull(row.testedAt),
    last_sign_in_at: isoOrNull(row.lastSignInAt),
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
    version: row.version,
  };
}

/** The facts that people set. */
function providerFacts(row: ProviderRow) {
  return {
    name: row.name,
    protocol: row.protocol,
    state: row.state,
    config: shownConfig(row.config),
    creates_accounts: row.createsAccounts,
    default_role: row.defaultRole,
    groups_claim: row.groupsClaim,
    second_factor_values: [...row.secondFactorValues],
    position: row.position,
  };
}

/** Returns a configuration without what the provider said of itself, which the protocol reads anew at each save. */
function shownConfig({ metadata: _, ...config }: ProviderRow['config']): Record<string, unknown> {
  return config;
}

/** The facts for the audit log. Of a secret, only that there is one; a new one is told by the action's own event. */
export function auditedProvider(row: ProviderRow) {
  const { protocol, ...facts } = providerFacts(row);
  return {
    ...facts,
    protocol,
    has_secret: row.sealed !== null,
    next_config: row.nextConfig === null ? null : shownConfig(row.nextConfig),
    tested_at: isoOrNull(row.testedAt),
  };
}

/** Returns the fields that identify a provider in an audit event. */
export function providerEvent(row: Pick<ProviderRow, 'organizationId' | 'id' | 'name'>) {
  return { organizationId: row.organizationId, objectType: 'identity_provider', objectId: row.id, objectName: row.name };
}

export const providerKeyOut = z
  .object({
    id: z.string().meta({ description: 'The `kid` of a key, or the SHA-256 fingerprint of a certificate.' }),
    value: z.string().meta({ description: 'The key as JSON, or the certificate in PEM. Public.' }),
    state: z.enum(PROVIDER_KEY_STATES),
    not_after: instantOut.nullable(),
    seen_at: instantOut,
    created_at: instantOut,
  })
  .meta({ id: 'IdentityProviderKey', description: 'A key by which an identity provider signs.' });

export function viewKey(row: ProviderKeyRow): z.output<typeof providerKeyOut> {
  return {
    id: row.id,
    value: row.value,
    state: row.state,
    not_after: isoOrNull(row.notAfter),
    seen_at: isoOf(row.seenAt),
    created_at: isoOf(row.createdAt),
  };
}
