import { z } from 'zod';
import * as adminTokens from '../../store/accounts/admin-tokens.ts';
import { hasArchives } from '../../store/archive/archive-month.ts';
import * as ownCredentials from '../../store/catalogue/credentials.ts';
import * as ownDeployments from '../../store/catalogue/deployments.ts';
import * as domains from '../../store/identity/domains.ts';
import { removeDirectory } from '../../store/identity/scim-directory.ts';
import * as storedResponses from '../../store/responses/stored-responses.ts';
import * as keys from '../../store/tenancy/keys.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { dryRunQuery, effectOut, rehearsed } from '../access/effect.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change } from '../http/change.ts';
import { flag, idParams } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import * as load from '../http/load.ts';
import { conflict, notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { organizationOut, viewOrganization } from './organization-view.ts';
import { eventOf, lockLiving } from './organizations.ts';

type Status = 'active' | 'suspended' | 'archived';

export const suspend = transition({
  summary: 'Suspend an organization',
  description:
    'Its requests get 403 `organization_suspended`, and its admin tokens get 403. Nothing is deleted, requests in flight finish, and people can sign in.',
  action: 'organization.suspend',
  from: ['active', 'suspended'],
  to: 'suspended',
});

export const reactivate = transition({
  summary: 'Reactivate a suspended or archived organization',
  description: 'Its keys, service accounts and admin tokens work again at once.',
  action: 'organization.reactivate',
  from: ['active', 'suspended', 'archived'],
  to: 'active',
});

export const archive = transition({
  summary: 'Archive an organization',
  description: 'Its requests get 403 `organization_archived`. It can be reactivated, or deleted for good.',
  action: 'organization.archive',
  from: ['active', 'suspended', 'archived'],
  to: 'archived',
});

const deletionReport = z
  .object({
    organization_id: z.string(),
    dry_run: z.boolean(),
    goes: z.object({
      teams: z.int(),
      members: z.int(),
      keys: z.int(),
      admin_tokens: z.int(),
      stored_responses: z.int().meta({ description: 'Stored responses of the Responses API.' }),
      own_credentials: z.int().meta({ description: 'Credentials that the organization brought. Their secrets are erased.' }),
      own_deployments: z.int(),
      stored_content: z.boolean().meta({
        description: 'True if stored content goes too. Its encryption key is deleted, which makes the content unreadable.',
      }),
    }),
    stays: z.array(z.string()),
  })
  .meta({ id: 'DeletionReport' });

export const remove = route({
  summary: 'Delete an archived organization',
  description:
    'Permanent; `dry_run` only reports what would be deleted. Ledger, request metadata, its rows in archives of the request log, and audit events remain. The id and the slug are never used again.',
  permission: 'organizations.lifecycle',
  takesIfMatch: true,
  params: idParams,
  query: z.strictObject({ dry_run: flag }),
  response: deletionReport,
  load: load.organization,
  handle: async (call, organization) => {
    const isDryRun = call.query.dry_run === true;
    const report = await reportOf(call.deps, organization, isDryRun);
    if (isDryRun) requireArchived(organization);
    else await destroy(call, organization.id);
    return report;
  },
});

interface Transition {
  readonly summary: string;
  readonly description: string;
  readonly action: string;
  readonly from: readonly Status[];
  readonly to: Status;
}

/**
 * Creates a route that changes the status. A status that is already set changes nothing. A change that the present status does
 * not allow is 409.
 */
function transition({ summary, description, action, from, to }: Transition) {
  return route({
    summary,
    description,
    permission: 'organizations.lifecycle',
    takesIfMatch: true,
    params: idParams,
    query: dryRunQuery,
    response: organizationOut,
    rehearsal: effectOut,
    load: load.organization,
    handle: async (call, organization) => viewOrganization(call, await setStatus(call, organization.id, { action, from, to })),
  });
}

function setStatus(
  call: AdminCall<unknown, z.output<typeof dryRunQuery>, unknown>,
  id: string,
  { action, from, to }: Pick<Transition, 'action' | 'from' | 'to'>,
): Promise<OrganizationRow> {
  const work = async ({ tx, now, record, touch }: Change) => {
    const row = await lockLiving(tx, id);
    requireVersion(call, row.version);
    if (row.status === to) return row;
    if (!from.some((status) => status === row.status)) {
      throw conflict(`This organization is ${row.status} and cannot become ${to} directly. Reactivate it first.`);
    }
    const changes = { status: to, archivedAt: to === 'archived' ? now : null };
    const updated = await organizations.update(tx, id, changes, now);
    await record({ ...eventOf(updated), action, before: { status: row.status }, after: { status: to } });
    touch({ organizationIds: [id] });
    return updated;
  };
  return change(call, rehearsed(call, { level: 'organization', organizationId: id, id }, work));
}

async function reportOf(
  { db, clock }: Pick<AdminCall['deps'], 'db' | 'clock'>,
  row: OrganizationRow,
  isDryRun: boolean,
): Promise<z.output<typeof deletionReport>> {
  const counts = (await organizations.counts(db, [row.id]))(row.id);
  return {
    organization_id: row.id,
    dry_run: isDryRun,
    goes: {
      teams: counts.teams,
      members: counts.members,
      keys: counts.keys,
      admin_tokens: await adminTokens.countLiving(db, row.id),
      stored_responses: await storedResponses.countLiving(db, row.id, new Date(clock.nowMs())),
      own_credentials: await ownCredentials.countOf(db, row.id),
      own_deployments: await ownDeployments.countOf(db, row.id),
      stored_content: row.contentKey !== null,
    },
    stays: ['ledger', 'request metadata', 'audit events', ...((await hasArchives(db)) ? ['archives of the request log'] : [])],
  };
}

/**
 * Deletes an organization. Its row stays without the content key: ids and slugs are never reused, and history can name the
 * organization.
 */
function destroy(call: AdminCall, id: string): Promise<void> {
  return change(call, async ({ tx, now, record, touch }) => {
    const row = await organizations.lock(tx, id);
    if (row === null || row.status === 'deleted') throw notFound('organization');
    requireVersion(call, row.version);
    requireArchived(row);
    const keyIds = await keys.revokeAll(tx, { organizationId: id }, now);
    await adminTokens.revokeAll(tx, { organizationId: id, at: now });
    await removeDirectory(tx, id, now);
    // Deployments name credentials, so they go first.
    await ownDeployments.removeAllOf(tx, id, now);
    await ownCredentials.removeAllOf(tx, id);
    await domains.removeAllOf(tx, id);
    const deleted = await organizations.update(tx, id, { status: 'deleted', deletedAt: now, contentKey: null }, now);
    await record({
      ...eventOf(deleted),
      action: 'organization.delete',
      before: { slug: row.slug, name: row.name, status: row.status, keys: keyIds.length },
      after: null,
    });
    // The organization's chain ends here. The platform's chain records the deletion too.
    await record({
      ...eventOf(deleted),
      organizationId: null,
      action: 'organization.delete',
      before: { slug: row.slug, name: row.name },
      after: null,
    });
    touch({ organizationIds: [id], keyIds });
  });
}

function requireArchived({ status }: OrganizationRow): void {
  if (status !== 'archived') throw conflict('Only an archived organization can be deleted. Archive it first.');
}
