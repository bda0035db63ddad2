import { z } from 'zod';
import type { Permission } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import { newDataKey } from '../../lib/secrets.ts';
import { organizationAccessFrom, organizationAccessToColumns } from '../../store/configuration/policy-columns.ts';
import { wrapContentKey } from '../../store/sealing/content-keys.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { accessCatalogue, grants, NOTHING_GRANTED, patchedGrants, requireGrantable } from '../access/access-fields.ts';
import { dryRunQuery, effectOut, rehearsed } from '../access/effect.ts';
import { authorizeFields } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, isUnchanged } from '../http/change.ts';
import { idParams, mergedMetadata, metadata, name, slug, timeZone } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import * as load from '../http/load.ts';
import { invalid, notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { NO_TAGS, patchedTags, tagFields } from '../limits/tag-fields.ts';
import { organizationFacts, organizationOut, viewOrganization } from './organization-view.ts';
import { loadPolicy, NO_POLICY, patchedPolicy, policyColumns, policyFields, storeBudgets } from './policy.ts';

const RETENTION_DAYS_MAX = 3_650;
const retentionDays = z.int().min(1).max(RETENTION_DAYS_MAX).nullish();

const audit = z.strictObject({
  content: z.enum(['off', 'metadata', 'redacted', 'full']).optional(),
  content_retention_days: retentionDays,
  event_retention_days: retentionDays,
});

const settings = {
  time_zone: timeZone.optional(),
  ...policyFields,
  ...tagFields,
  asset_access: grants.nullish(),
  audit: audit.optional(),
  metadata: metadata.nullish(),
};
const createBody = z.strictObject({ slug, name, ...settings });
const patchBody = z.strictObject({ slug: slug.optional(), name: name.optional(), ...settings });
type PatchBody = z.output<typeof patchBody>;
/** The facts that a PATCH compares. A PATCH of a field that is missing here would count as no change, and store nothing. */
type Facts = Readonly<Record<keyof PatchBody, unknown>>;

export const read = route({
  summary: 'Get an organization',
  permission: 'organization.read',
  params: idParams,
  response: organizationOut,
  load: load.organization,
  handle: (call, row) => viewOrganization(call, row),
});

export const create = route({
  summary: 'Create an organization',
  description: 'Stores identity, limits, budgets, audit policy and grants in one transaction. Returns 409 if the slug is taken.',
  permission: 'organizations.create',
  body: createBody,
  status: 201,
  response: organizationOut,
  load: load.platform,
  handle: async (call) => {
    requireBuilt(call.body);
    const access = patchedGrants(NOTHING_GRANTED, call.body.asset_access);
    requireGrantable(access, await accessCatalogue(call.deps.db));
    const policy = patchedPolicy(NO_POLICY, call.body);
    const created = await change(call, async ({ tx, now, record, touch }) => {
      const id = newId('org', now.getTime());
      const contentKey = await wrapContentKey(tx, call.deps.keys.content, id, newDataKey(call.deps.random));
      const row = await organizations.insert(tx, {
        id,
        slug: call.body.slug,
        name: call.body.name,
        timeZone: call.body.time_zone ?? 'UTC',
        ...policyColumns(policy),
        ...organizationAccessToColumns(access),
        ...patchedTags(NO_TAGS, call.body),
        ...auditColumns(call.body),
        metadata: mergedMetadata({}, call.body.metadata),
        contentKey: Buffer.from(contentKey.bytes),
        contentKeyBy: contentKey.by,
        createdAt: now,
        updatedAt: now,
      });
      await storeBudgets(tx, { organizationId: id, scope: 'organization', scopeId: id }, policy, call.body, now);
      await record({ ...eventOf(row), action: 'organization.create', before: null, after: organizationFacts(row, policy) });
      touch({ organizationIds: [id] });
      return row;
    });
    return viewOrganization(call, created);
  },
});

export const update = route({
  summary: 'Change an organization',
  description:
    'Keeps absent fields, clears null ones, and replaces whole lists. Only the platform may change limits, budgets, grants, tags and the time zone, which sets when a day begins. Only owners may change the audit policy.',
  permission: ['organization.profile', 'organizations.cap', 'audit_policy.change'],
  params: idParams,
  query: dryRunQuery,
  body: patchBody,
  response: organizationOut,
  rehearsal: effectOut,
  load: load.organization,
  handle: async (call, { id }) => {
    authorizeFields(call, PERMISSION_OF, { organizationId: id });
    requireBuilt(call.body);
    const catalogue = call.body.asset_access === undefined ? null : await accessCatalogue(call.deps.db);
    const changed = { level: 'organization', organizationId: id, id } as const;
    const work = rehearsed(call, changed, (change) => applyPatch(call, change, id, catalogue));
    const updated = await change(call, work);
    return viewOrganization(call, updated);
  },
});

async function applyPatch(
  call: AdminCall<unknown, unknown, PatchBody>,
  { tx, now, record, touch }: Change,
  id: string,
  catalogue: Awaited<ReturnType<typeof accessCatalogue>> | null,
): Promise<OrganizationRow> {
  const row = await lockLiving(tx, id);
  requireVersion(call, row.version);
  const stored = await loadPolicy(tx, 'organization', { ...row, organizationId: id });
  const policy = patchedPolicy(stored, call.body);
  const storedAccess = organizationAccessFrom(row);
  const access = patchedGrants(storedAccess, call.body.asset_access);
  if (catalogue !== null) requireGrantable(access, catalogue, storedAccess);
  const columns = { ...columnsOf(call.body, row), ...policyColumns(policy), ...organizationAccessToColumns(access) };
  const before: Facts = organizationFacts(row, stored);
  const after: Facts = organizationFacts({ ...row, ...columns }, policy);
  if (isUnchanged(before, after)) return row;
  const updated = await organizations.update(tx, id, columns, now);
  await storeBudgets(tx, { organizationId: id, scope: 'organization', scopeId: id }, policy, call.body, now);
  await record({ ...eventOf(updated), action: 'organization.update', before, after });
  touch({ organizationIds: [id] });
  return updated;
}

/** Returns the columns of identity, tags, audit policy and metadata after a PATCH. */
function columnsOf(body: PatchBody, row: OrganizationRow) {
  return {
    slug: body.slug ?? row.slug,
    name: body.name ?? row.name,
    timeZone: body.time_zone ?? row.timeZone,
    ...patchedTags(row, body),
    auditContent: row.auditContent,
    contentRetentionDays: row.contentRetentionDays,
    eventRetentionDays: row.eventRetentionDays,
    ...auditColumns(body),
    metadata: mergedMetadata(row.metadata, body.metadata),
  };
}

function auditColumns({ audit }: Pick<PatchBody, 'audit'>) {
  return {
    ...(audit?.content === undefined ? {} : { auditContent: audit.content }),
    ...(audit?.content_retention_days === undefined ? {} : { contentRetentionDays: audit.content_retention_days }),
    ...(audit?.event_retention_days === undefined ? {} : { eventRetentionDays: audit.event_retention_days }),
  };
}

/** Throws 400 for the audit mode `redacted`, which this release does not implement. */
function requireBuilt({ audit }: Pick<PatchBody, 'audit'>): void {
  if (audit?.content === 'redacted') {
    throw invalid('/audit/content', 'must be "off", "metadata" or "full": this release does not support "redacted"');
  }
}

/** The permission for each field of a PATCH. A tenant cannot raise its own limits. */
const PERMISSION_OF: Readonly<Record<keyof PatchBody, Permission>> = {
  rate_limits: 'organizations.cap',
  model_limits: 'organizations.cap',
  budgets: 'organizations.cap',
  default_tags: 'organizations.cap',
  required_tags: 'organizations.cap',
  asset_access: 'organizations.cap',
  time_zone: 'organizations.cap',
  audit: 'audit_policy.change',
  slug: 'organization.profile',
  name: 'organization.profile',
  metadata: 'organization.profile',
};

export async function lockLiving(tx: Change['tx'], id: string): Promise<OrganizationRow> {
  const row = await organizations.lock(tx, id);
  if (row === null || row.status === 'deleted') throw notFound('organization');
  return row;
}

/** Returns the fields that identify an organization in an audit event. */
export function eventOf(row: OrganizationRow) {
  return { organizationId: row.id, objectType: 'organization', objectId: row.id, objectName: row.name };
}
