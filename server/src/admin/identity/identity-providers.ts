import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { OrganizationRole } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import * as mappings from '../../store/identity/group-mappings.ts';
import type { ProviderRow } from '../../store/identity/identity-providers.ts';
import * as providers from '../../store/identity/identity-providers.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change } from '../http/change.ts';
import { idParams } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import * as load from '../http/load.ts';
import { conflict } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { lockLiving } from '../organizations/organizations.ts';
import { requireGrantableRole } from '../people/grant-role.ts';
import { openSecret, sealSecret } from '../sso/provider-to-ask.ts';
import { storeCertificates } from './certificates.ts';
import { loadProvider, lockOne, providerParams } from './load-provider.ts';
import { createBody, type PatchBody, patchBody, readConfig } from './provider-fields.ts';
import { requireNotRequired, stopEffectOut, stopping, stopQuery } from './provider-state.ts';
import { auditedProvider, providerEvent, providerOut, viewProvider } from './provider-view.ts';

/** The identity providers of an organization. */

/** The most identity providers of one organization. */
const PROVIDERS_MAX = 20;

export const list = route({
  summary: 'List the identity providers of an organization',
  description: `Returns all of them in the order in which people choose, at most ${PROVIDERS_MAX}.`,
  permission: 'identity.manage',
  params: idParams,
  response: z.object({ data: z.array(providerOut) }),
  load: load.organization,
  handle: async ({ deps }, { id }) => {
    const rows = await providers.list(deps.db, id);
    return { data: rows.map((row) => viewProvider(row, deps.publicUrl)) };
  },
});

export const read = route({
  summary: 'Get an identity provider',
  description: 'Returns its configuration and its state. The client secret is never shown.',
  permission: 'identity.manage',
  params: providerParams,
  response: providerOut,
  load: loadProvider,
  handle: async ({ deps }, row) => viewProvider(row, deps.publicUrl),
});

export const create = route({
  summary: 'Add an identity provider',
  description:
    'Reads the discovery document or the metadata of the provider. It is a draft until a test passes, and people sign in by it once it is active.',
  permission: 'identity.manage',
  params: idParams,
  body: createBody,
  status: 201,
  response: providerOut,
  load: load.organization,
  handle: async (call, { id: organizationId }) => {
    const { body, deps } = call;
    requireDefaultRole(call, organizationId, body.default_role);
    const secret = body.protocol === 'saml' ? ((await deps.protocols.saml?.newSecret()) ?? null) : (body.client_secret ?? null);
    const config = await readConfig(call, body, body.config, secret);
    const row = await change(call, async (change) => {
      const { tx, now, record } = change;
      await lockLiving(tx, organizationId);
      if ((await providers.countOf(tx, organizationId)) >= PROVIDERS_MAX)
        throw conflict(`This organization has ${PROVIDERS_MAX} identity providers, the most allowed. Delete one first.`);
      const key = { organizationId, id: newId('idp', now.getTime()) };
      const row = await providers.insert(tx, {
        ...key,
        ...{ name: body.name, protocol: body.protocol, config },
        sealed: secret === null ? null : sealSecret(deps, key, secret),
        ...columnsOf(body),
        createdBy: call.actor.id,
        createdAt: now,
        updatedAt: now,
      });
      await storeCertificates(change, row, config);
      await record({ ...providerEvent(row), action: 'identity_provider.create', before: null, after: auditedProvider(row) });
      return row;
    });
    return viewProvider(row, deps.publicUrl);
  },
});

export const update = route({
  summary: 'Change an identity provider',
  description:
    'Absent fields keep their value. A new configuration or client secret of an active provider waits: people sign in by the present one until a test of the new one passes. Any other provider becomes a draft by it.',
  permission: 'identity.manage',
  takesIfMatch: true,
  params: providerParams,
  body: patchBody,
  response: providerOut,
  load: loadProvider,
  handle: async (call, found) => {
    requireDefaultRole(call, found.organizationId, call.body.default_role);
    const connection = await newConnection(call, found);
    const row = await change(call, async (change) => {
      const row = await lockOne(change, found);
      requireVersion(call, row.version);
      return applyPatch(
        change,
        row,
        { ...columnsOf(call.body), ...nameOf(call.body), ...connectionColumns(row, connection) },
        connection,
      );
    });
    return viewProvider(row, call.deps.publicUrl);
  },
});

export const remove = route({
  summary: 'Delete an identity provider',
  description:
    'Nobody can sign in by it any more, and its links and mappings end. The last active provider cannot be deleted while a sign-in through one is required.',
  permission: 'identity.manage',
  takesIfMatch: true,
  params: providerParams,
  query: stopQuery,
  status: 204,
  response: z.void(),
  rehearsal: stopEffectOut,
  load: loadProvider,
  handle: async (call, key) => {
    await stopping(call, async (change) => {
      const row = await lockOne(change, key);
      requireVersion(call, row.version);
      await requireNotRequired(change, row);
      const none = { sealed: null, nextConfig: null, nextSealed: null };
      await providers.update(change.tx, row, { ...none, state: 'off', deletedAt: change.now }, change.now);
      await mappings.removeOfSource(change.tx, { organizationId: row.organizationId, source: row.id });
      await change.record({
        ...providerEvent(row),
        action: 'identity_provider.delete',
        before: auditedProvider(row),
        after: null,
      });
      return { key };
    });
    return undefined;
  },
});

/** A new configuration, read by its protocol, with its sealed secret. Null: the body names neither. */
type Connection = {
  readonly config: ProviderRow['config'];
  readonly sealed: Buffer | null;
  readonly isNewSecret: boolean;
} | null;

async function newConnection(call: AdminCall<unknown, unknown, PatchBody>, row: ProviderRow): Promise<Connection> {
  const { body, deps } = call;
  if (body.config === undefined && body.client_secret === undefined) return null;
  const present = row.nextConfig === null ? row : { config: row.nextConfig, sealed: row.nextSealed };
  const isNewSecret = body.client_secret !== undefined && row.protocol === 'oidc';
  const secret = isNewSecret ? (body.client_secret ?? null) : openSecret(deps, row, present.sealed);
  const config = await readConfig(call, row, body.config ?? present.config, secret);
  if (!isNewSecret && isDeepStrictEqual(config, present.config)) return null;
  return { config, sealed: secret === null ? null : sealSecret(deps, row, secret), isNewSecret };
}

/** Returns the columns of a new configuration. Beside an active one it waits for a test. */
function connectionColumns(row: ProviderRow, connection: Connection): Partial<ProviderRow> {
  if (connection === null) return {};
  const { config, sealed } = connection;
  if (row.state === 'active') return { nextConfig: config, nextSealed: sealed };
  return { config, sealed, nextConfig: null, nextSealed: null, state: 'draft', testedAt: null };
}

async function applyPatch(
  change: Change,
  row: ProviderRow,
  columns: Partial<ProviderRow>,
  connection: Connection,
): Promise<ProviderRow> {
  const { tx, now, record } = change;
  const after = auditedProvider({ ...row, ...columns });
  if (isDeepStrictEqual(auditedProvider(row), after) && connection?.isNewSecret !== true) return row;
  const updated = await providers.update(tx, row, columns, now);
  if (connection !== null) await storeCertificates(change, row, connection.config);
  const secret = connection?.isNewSecret === true ? { secret: 'replaced' } : {};
  await record({
    ...providerEvent(updated),
    action: 'identity_provider.update',
    before: { ...auditedProvider(row), ...(connection?.isNewSecret === true ? { secret: 'the one before' } : {}) },
    after: { ...after, ...secret },
  });
  return updated;
}

function columnsOf(body: PatchBody): Partial<ProviderRow> {
  return {
    ...(body.creates_accounts === undefined ? {} : { createsAccounts: body.creates_accounts }),
    ...(body.default_role === undefined ? {} : { defaultRole: body.default_role }),
    ...(body.groups_claim === undefined ? {} : { groupsClaim: body.groups_claim }),
    ...(body.second_factor_values === undefined ? {} : { secondFactorValues: [...new Set(body.second_factor_values)] }),
    ...(body.position === undefined ? {} : { position: body.position }),
  };
}

function nameOf({ name }: PatchBody): Partial<ProviderRow> {
  return name === undefined ? {} : { name };
}

/** Throws 403 if the caller may not give the role that the provider would give. */
function requireDefaultRole(
  call: AdminCall<unknown, unknown, unknown>,
  organizationId: string,
  role: OrganizationRole | undefined,
): void {
  if (role !== undefined) requireGrantableRole(call, { role, organizationId }, '/default_role');
}
