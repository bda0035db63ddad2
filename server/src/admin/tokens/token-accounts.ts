import { z } from 'zod';
import { capabilitiesOf, grantAboveTeams } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import type { AdminTokenRow } from '../../store/accounts/admin-tokens.ts';
import * as adminTokens from '../../store/accounts/admin-tokens.ts';
import type { TokenAccountRow } from '../../store/accounts/token-accounts.ts';
import * as tokenAccounts from '../../store/accounts/token-accounts.ts';
import { peopleOf } from '../../store/accounts/token-people.ts';
import type { Database } from '../../store/database.ts';
import { type dryRunQuery, rehearsed } from '../access/effect.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, changeOrRehearse, isUnchanged } from '../http/change.ts';
import { capabilities, id, idParams, instantOut, isoOf, name } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { forbidden, invalid, notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { requireGrantableRole } from '../people/grant-role.ts';
import { tokenEvent } from '../people/take-back.ts';
import { withdrawInvitationsOf } from '../people/withdraw-invitations.ts';
import { mayConsent, personBehind, refuseNarrowed, requireMayHold } from './token-owner.ts';

/** Service accounts of an organization and of the platform, which own admin tokens. Those of a team own keys. */

export const tokenAccountOut = z
  .object({
    id: z.string(),
    organization_id: z.string().nullable().meta({ description: 'The organization. Null for a service account of the platform.' }),
    name: z.string(),
    status: z.enum(['active', 'disabled']),
    responsible_account_id: z.string(),
    responsible_name: z.string().nullable(),
    capabilities,
    version: z.int(),
    created_by: z.string(),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({
    id: 'TokenServiceAccount',
    description: 'A service account that owns admin tokens of an organization or of the platform. It never signs in.',
  });

const createBody = z.strictObject({
  name,
  responsible_account_id: id.optional().meta({
    description: 'The person responsible for its tokens, whose own permissions are their upper bound. Default: the caller.',
  }),
});

export const listOfPlatform = route({
  summary: 'List the service accounts of the platform',
  description: 'Returns the service accounts that own admin tokens of the platform.',
  permission: 'admin_tokens.manage',
  query: z.strictObject(listQuery),
  response: pageOut(tokenAccountOut),
  load: load.platform,
  handle: (call) => listOf(call, null),
});

export const listOfOrganization = route({
  summary: 'List the service accounts of an organization',
  description: 'Lists those that own admin tokens. Service accounts of its teams own keys and are listed elsewhere.',
  permission: 'admin_tokens.manage',
  params: idParams,
  query: z.strictObject(listQuery),
  response: pageOut(tokenAccountOut),
  load: load.organization,
  handle: (call, organization) => listOf(call, organization.id),
});

export const createOfPlatform = route({
  summary: 'Create a service account of the platform',
  description: 'It owns admin tokens of the platform. A person is responsible for it.',
  permission: 'admin_tokens.manage',
  body: createBody,
  status: 201,
  response: tokenAccountOut,
  load: load.platform,
  handle: (call) => create(call, null),
});

export const createOfOrganization = route({
  summary: 'Create a service account of an organization',
  description: 'For a program that calls the admin API. Create its token with `service_account_id`.',
  permission: 'admin_tokens.manage',
  params: idParams,
  body: createBody,
  status: 201,
  response: tokenAccountOut,
  load: load.organization,
  handle: (call, organization) => create(call, organization.id),
});

async function listOf(call: AdminCall<unknown, z.output<z.ZodObject<typeof listQuery>>>, organizationId: string | null) {
  const reach = reachWithin(call.actor, 'admin_tokens.manage', organizationId === null ? 'platform' : { organizationId });
  const filter = { reach, organizationId, search: searchOf(call.query) };
  const listed = await tokenAccounts.list(call.deps.db, filter, pageRequest(call.query));
  return renderPage(listed, await views(call, listed.rows));
}

async function create(call: AdminCall<unknown, unknown, z.output<typeof createBody>>, organizationId: string | null) {
  refuseNarrowed(call.actor);
  const responsible = call.body.responsible_account_id ?? personBehind(call.actor);
  if (responsible === null) throw invalid('/responsible_account_id', 'is required, because no person is behind this admin token');
  const row = await change(call, async ({ tx, now, record }) => {
    await requireBelongs(tx, responsible, organizationId);
    const row = await tokenAccounts.insert(tx, {
      id: newId('svc', now.getTime()),
      organizationId,
      name: call.body.name,
      responsibleAccountId: responsible,
      createdBy: call.actor.id,
      createdAt: now,
      updatedAt: now,
    });
    await record({ ...eventOf(row), action: 'service_account.create', before: null, after: facts(row) });
    return row;
  });
  return viewTokenAccount(call, row);
}

/** Throws 400 for a person without a role in the place: tokens for which they answer could do nothing. */
async function requireBelongs(tx: Change['tx'], accountId: string, organizationId: string | null): Promise<void> {
  const person = (await peopleOf(tx, [accountId])).get(accountId);
  const isHere = (grant: object) => !('organizationId' in grant) || grant.organizationId === organizationId;
  if (person?.isActive === true && person.roles.some(isHere)) return;
  const where =
    organizationId === null ? 'must be a person with a platform role' : 'must be an active member of this organization';
  throw invalid('/responsible_account_id', where);
}

export interface TokenAccountPatch {
  readonly name?: string | undefined;
  readonly status?: 'active' | 'disabled' | undefined;
  readonly responsible_account_id?: string | undefined;
}

/**
 * Changes a service account. Only an owner of the organization, or a platform admin, may name another responsible person, who
 * then takes over its tokens.
 */
export async function updateTokenAccount(
  call: AdminCall<unknown, z.output<typeof dryRunQuery>, TokenAccountPatch>,
  { id, organizationId }: TokenAccountRow,
): Promise<TokenAccountRow> {
  refuseNarrowed(call.actor);
  const work = async ({ tx, now, record }: Change) => {
    const row = await tokenAccounts.lock(tx, id);
    if (row === null) throw notFound('service account');
    requireVersion(call, row.version);
    const { name = row.name, status = row.status, responsible_account_id: responsible = row.responsibleAccountId } = call.body;
    // Disabling ends the roles of its tokens, and enabling restores them.
    if (status !== row.status) await lockGrantableTokens(call, tx, id);
    if (responsible !== row.responsibleAccountId) await requireMayTakeOver(call, tx, row, responsible);
    const columns = { name, status, responsibleAccountId: responsible };
    const [before, after] = [facts(row), facts({ ...row, ...columns })];
    if (isUnchanged(before, after)) return row;
    const updated = await tokenAccounts.update(tx, id, columns, now);
    await record({ ...eventOf(updated), action: 'service_account.update', before, after });
    return updated;
  };
  return change(call, rehearsed(call, { level: 'service_account', organizationId, id }, work));
}

async function requireMayTakeOver(
  call: AdminCall<unknown, unknown, unknown>,
  tx: Change['tx'],
  row: TokenAccountRow,
  responsible: string,
): Promise<void> {
  const { organizationId } = row;
  const place = organizationId === null ? { role: 'platform_admin' as const } : { role: 'org_owner' as const, organizationId };
  if (!mayConsent(call.actor, place)) {
    throw forbidden('Only an owner or a platform admin can name another responsible person.');
  }
  await requireBelongs(tx, responsible, organizationId);
  for (const token of await adminTokens.lockOfServiceAccounts(tx, [row.id])) {
    await requireMayHold(tx, responsible, grantAboveTeams(token), '/responsible_account_id');
  }
}

/**
 * Locks the account's tokens. Throws 403 if one has a role above the caller's: a caller who may not revoke a token may not end it
 * in another way.
 */
async function lockGrantableTokens(
  call: AdminCall<unknown, unknown, unknown>,
  db: Database,
  id: string,
): Promise<readonly AdminTokenRow[]> {
  const tokens = await adminTokens.lockOfServiceAccounts(db, [id]);
  for (const token of tokens) requireGrantableRole(call, grantAboveTeams(token), '');
  return tokens;
}

/** Deletes a service account with its tokens, and returns the tokens' ids. A dry run only returns the ids. */
export function removeTokenAccount(
  call: AdminCall<unknown, unknown, unknown>,
  { id }: TokenAccountRow,
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<readonly string[]> {
  return changeOrRehearse(call, { isDryRun }, async (change) => {
    const { tx, now, record } = change;
    const row = await tokenAccounts.lock(tx, id);
    if (row === null) throw notFound('service account');
    requireVersion(call, row.version);
    const revoked: string[] = [];
    for (const token of await lockGrantableTokens(call, tx, id)) {
      await adminTokens.revoke(tx, { id: token.id, at: now });
      const [before, after] = [{ revoked_at: null }, { revoked_at: isoOf(now) }];
      await record({ ...tokenEvent(token), action: 'admin_token.revoke', before, after });
      await withdrawInvitationsOf(change, token.id);
      revoked.push(token.id);
    }
    await tokenAccounts.update(tx, id, { deletedAt: now }, now);
    const before = { ...facts(row), admin_tokens_revoked: revoked };
    await record({ ...eventOf(row), action: 'service_account.delete', before, after: null });
    return revoked;
  });
}

export async function viewTokenAccount(call: AdminCall<unknown, unknown, unknown>, row: TokenAccountRow) {
  const [view] = await views(call, [row]);
  return view as z.output<typeof tokenAccountOut>;
}

async function views(
  call: AdminCall<unknown, unknown, unknown>,
  rows: readonly TokenAccountRow[],
): Promise<readonly z.output<typeof tokenAccountOut>[]> {
  const ids = rows.map((row) => row.responsibleAccountId);
  const people = await peopleOf(call.deps.db, ids);
  return rows.map((row) => ({
    id: row.id,
    organization_id: row.organizationId,
    ...facts(row),
    responsible_name: people.get(row.responsibleAccountId)?.name ?? null,
    capabilities: [...capabilitiesOf(call.actor, { organizationId: row.organizationId })],
    version: row.version,
    created_by: row.createdBy,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  }));
}

function facts(row: TokenAccountRow) {
  return { name: row.name, status: row.status, responsible_account_id: row.responsibleAccountId };
}

function eventOf(row: TokenAccountRow) {
  return { organizationId: row.organizationId, objectType: 'service_account', objectId: row.id, objectName: row.name };
}
