import { z } from 'zod';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import type { TokenAccountRow } from '../../store/accounts/token-accounts.ts';
import type { ServiceAccountRow } from '../../store/tenancy/service-accounts.ts';
import * as serviceAccounts from '../../store/tenancy/service-accounts.ts';
import { dryRunQuery, effectOut, rehearsed } from '../access/effect.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, changeOrRehearse, isUnchanged } from '../http/change.ts';
import {
  capabilities,
  flag,
  id,
  idParams,
  instantOut,
  isoOf,
  mergedMetadata,
  metadata,
  metadataOut,
  name,
} from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { invalid, notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { type KeysTaken, refuseOwnKeys, takeKeys } from '../people/reassign.ts';
import { removeTokenAccount, tokenAccountOut, updateTokenAccount, viewTokenAccount } from '../tokens/token-accounts.ts';

const serviceAccountOut = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    team_id: z.string(),
    name: z.string(),
    is_default: z.boolean(),
    status: z.enum(['active', 'disabled']),
    metadata: metadataOut,
    capabilities,
    version: z.int(),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'ServiceAccount', description: 'A service account of a team. It owns keys and never signs in.' });

const patchBody = z.strictObject({
  name: name.optional(),
  status: z.enum(['active', 'disabled']).optional(),
  metadata: metadata.nullish(),
  responsible_account_id: id.optional(),
});

export const list = route({
  summary: 'List service accounts',
  description: 'Returns the service accounts of teams that the caller may see.',
  permission: 'teams.read',
  query: z.strictObject({ ...listQuery, organization_id: id.optional(), team_id: id.optional() }),
  response: pageOut(serviceAccountOut),
  load: load.anywhere,
  handle: (call) => listOf(call, { organizationId: call.query.organization_id, teamId: call.query.team_id }),
});

export const listOfTeam = route({
  summary: 'List the service accounts of a team',
  description: 'Returns the service accounts that own keys of the team.',
  permission: 'teams.read',
  params: idParams,
  query: z.strictObject(listQuery),
  response: pageOut(serviceAccountOut),
  load: load.team,
  handle: (call, team) => listOf(call, { organizationId: team.organizationId, teamId: team.id }),
});

export const read = route({
  summary: 'Get a service account',
  description: 'Returns a service account of a team, of an organization or of the platform.',
  permission: 'teams.read',
  params: idParams,
  response: z.union([serviceAccountOut, tokenAccountOut]),
  load: load.anyServiceAccount,
  handle: async (call, row) => (isOfTeam(row) ? view(call, row) : viewTokenAccount(call, row)),
});

export const create = route({
  summary: 'Create a service account in a team',
  description: 'It owns keys of the team that belong to no person.',
  permission: 'service_accounts.manage',
  params: idParams,
  body: z.strictObject({ name, metadata: metadata.nullish() }),
  status: 201,
  response: serviceAccountOut,
  load: load.team,
  handle: (call, team) =>
    change(call, async ({ tx, now, record, touch }) => {
      const row = await serviceAccounts.insert(tx, {
        organizationId: team.organizationId,
        id: newId('svc', now.getTime()),
        teamId: team.id,
        name: call.body.name,
        metadata: mergedMetadata({}, call.body.metadata),
        createdAt: now,
        updatedAt: now,
      });
      if (row === null) throw new Error('the service account was not stored');
      await record({
        ...eventOf(row),
        action: 'service_account.create',
        before: null,
        after: { team_id: team.id, ...facts(row) },
      });
      touch({ organizationIds: [row.organizationId] });
      return view(call, row);
    }),
});

export const update = route({
  summary: 'Change a service account',
  description:
    'The keys and admin tokens of a disabled service account stop working until it is active again. Metadata applies only to those of a team, a responsible person only to the others.',
  permission: 'service_accounts.manage',
  takesIfMatch: true,
  params: idParams,
  query: dryRunQuery,
  body: patchBody,
  response: z.union([serviceAccountOut, tokenAccountOut]),
  rehearsal: effectOut,
  load: load.anyServiceAccount,
  handle: async (call, row) => {
    const { metadata, responsible_account_id: responsible } = call.body;
    if (!isOfTeam(row)) {
      if (metadata !== undefined) throw invalid('/metadata', 'is only for service accounts of a team');
      return viewTokenAccount(call, await updateTokenAccount(call, row));
    }
    if (responsible !== undefined) throw invalid('/responsible_account_id', 'is only for service accounts that own admin tokens');
    return view(call, await applyPatch(call, row));
  },
});

function applyPatch(
  call: AdminCall<unknown, z.output<typeof dryRunQuery>, z.output<typeof patchBody>>,
  { organizationId, id }: ServiceAccountRow,
): Promise<ServiceAccountRow> {
  const work = async ({ tx, now, record, touch }: Change) => {
    const row = await serviceAccounts.lock(tx, { organizationId, id });
    if (row === null) throw notFound('service account');
    requireVersion(call, row.version);
    const columns = {
      name: call.body.name ?? row.name,
      status: call.body.status ?? row.status,
      metadata: mergedMetadata(row.metadata, call.body.metadata),
    };
    const before = facts(row);
    const after = facts({ ...row, ...columns });
    if (isUnchanged(before, after)) return row;
    const updated = await serviceAccounts.update(tx, row, columns, now);
    await record({ ...eventOf(updated), action: 'service_account.update', before, after });
    touch({ organizationIds: [organizationId] });
    return updated;
  };
  return change(call, rehearsed(call, { level: 'service_account', organizationId, id }, work));
}

export const remove = route({
  summary: 'Delete a service account',
  description:
    'Revokes its keys unless the same request reassigns them. Always revokes its admin tokens. `dry_run` only reports the result.',
  permission: 'service_accounts.manage',
  takesIfMatch: true,
  params: idParams,
  query: z.strictObject({ dry_run: flag, reassign_keys_to: id.optional() }),
  response: z.object({
    service_account_id: z.string(),
    dry_run: z.boolean(),
    keys_revoked: z.array(z.string()),
    keys_reassigned: z.array(z.string()),
    admin_tokens_revoked: z.array(z.string()),
  }),
  load: load.anyServiceAccount,
  handle: async (call, row) => {
    const isDryRun = call.query.dry_run === true;
    const report = { service_account_id: row.id, dry_run: isDryRun };
    if (!isOfTeam(row)) {
      const revoked = await removeTokenAccount(call, row, { isDryRun });
      return { ...report, keys_revoked: [], keys_reassigned: [], admin_tokens_revoked: [...revoked] };
    }
    await refuseOwnKeys(call, row.organizationId, null);
    const taken = await changeOrRehearse(call, { isDryRun }, (change) => destroy(call, change, row));
    const keys = { keys_revoked: [...taken.revoked], keys_reassigned: [...taken.reassigned] };
    return { ...report, ...keys, admin_tokens_revoked: [] };
  },
});

/** Reports whether a service account belongs to a team. Such accounts own keys; the others own admin tokens. */
function isOfTeam(row: ServiceAccountRow | TokenAccountRow): row is ServiceAccountRow {
  return 'teamId' in row;
}

async function destroy(
  call: AdminCall<unknown, { readonly reassign_keys_to?: string | undefined }, unknown>,
  change: Change,
  { organizationId, id }: ServiceAccountRow,
): Promise<KeysTaken> {
  const { tx, now, record, touch } = change;
  const row = await serviceAccounts.lock(tx, { organizationId, id });
  if (row === null) throw notFound('service account');
  requireVersion(call, row.version);
  // Deleted first, so that reassigning keys to the team's default account does not find this one.
  await serviceAccounts.update(tx, row, { deletedAt: now }, now);
  const taken = await takeKeys(change, { organizationId, serviceAccountId: id }, call.query.reassign_keys_to);
  const before = { ...facts(row), keys_revoked: taken.revoked, keys_reassigned: taken.reassigned };
  await record({ ...eventOf(row), action: 'service_account.delete', before, after: null });
  touch({ organizationIds: [organizationId] });
  return taken;
}

async function listOf(
  call: AdminCall<unknown, z.output<z.ZodObject<typeof listQuery>>>,
  where: { readonly organizationId: string | undefined; readonly teamId: string | undefined },
) {
  const place = where.organizationId === undefined ? 'platform' : { organizationId: where.organizationId };
  const filter = { reach: reachWithin(call.actor, 'teams.read', place), ...where, search: searchOf(call.query) };
  const listed = await serviceAccounts.list(call.deps.db, filter, pageRequest(call.query));
  return renderPage(
    listed,
    listed.rows.map((row) => view(call, row)),
  );
}

function view(call: AdminCall<unknown, unknown, unknown>, row: ServiceAccountRow): z.output<typeof serviceAccountOut> {
  return {
    id: row.id,
    organization_id: row.organizationId,
    team_id: row.teamId,
    is_default: row.isDefault,
    ...facts(row),
    capabilities: [...capabilitiesOf(call.actor, { organizationId: row.organizationId, teamId: row.teamId })],
    version: row.version,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  };
}

function facts(row: ServiceAccountRow) {
  return { name: row.name, status: row.status, metadata: row.metadata };
}

function eventOf(row: ServiceAccountRow) {
  return { organizationId: row.organizationId, objectType: 'service_account', objectId: row.id, objectName: row.name };
}
