import { z } from 'zod';
import type { Permission } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import { newDataKey } from '../../lib/secrets.ts';
import { organizationAccessFrom, organizationAccessToColumns } from '../../store/configuration/policy-columns.ts';
import { wrapContentKey } from '../../store/sealing/content-keys.ts';
import * as templates from '../../store/tenancy/organization-templates.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { accessCatalogue, NOTHING_GRANTED, patchedGrants, requireGrantable } from '../access/access-fields.ts';
import { dryRunQuery, effectOut, rehearsed } from '../access/effect.ts';
import { authorizeFields } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, isUnchanged } from '../http/change.ts';
import { id, idParams, mergedMetadata, metadata, name, slug } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import * as load from '../http/load.ts';
import { invalid, notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { never } from '../http/schemas.ts';
import { requireLabels } from '../limits/label-rules.ts';
import { NO_TAGS, patchedTags } from '../limits/tag-fields.ts';
import { organizationSettings, requireBuilt, settingsBody, settingsOf, withLivingTargets } from './organization-settings.ts';
import { organizationFacts, organizationOut, viewOrganization } from './organization-view.ts';
import { loadPolicy, NO_POLICY, patchedPolicy, policyColumns, storeBudgets } from './policy.ts';

const settings = { ...organizationSettings, metadata: metadata.nullish() };
const createBody = z
  .strictObject({
    slug,
    name,
    ...settings,
    template_id: id.optional().meta({ description: 'Takes absent settings from this template.' }),
    like_organization_id: id.optional().meta({
      description: 'Takes absent settings from this organization. Never its people, keys, spend and metadata.',
    }),
  })
  .refine((body) => body.template_id === undefined || body.like_organization_id === undefined, {
    message: 'must have `template_id` or `like_organization_id`, not both',
  })
  .meta(never({ required: ['template_id', 'like_organization_id'] }));
type CreateBody = z.output<typeof createBody>;
const patchBody = z.strictObject({ slug: slug.optional(), name: name.optional(), ...settings });
type PatchBody = z.output<typeof patchBody>;
/** The facts that a PATCH compares. A PATCH of a field that is missing here would count as no change, and store nothing. */
type Facts = Readonly<Record<keyof PatchBody, unknown>>;

export const read = route({
  summary: 'Get an organization',
  description: 'Returns its settings, limits, budgets and version. Fields that the caller may not read are null.',
  permission: 'organization.read',
  params: idParams,
  response: organizationOut,
  load: load.organization,
  handle: (call, row) => viewOrganization(call, row),
});

export const create = route({
  summary: 'Create an organization',
  description:
    'Stores identity, limits, budgets, audit policy and grants in one transaction. Returns 409 if the slug is taken. Settings can come from a template or from another organization; what the body says wins. The new organization is independent of both afterwards.',
  permission: 'organizations.create',
  body: createBody,
  status: 201,
  response: organizationOut,
  load: load.platform,
  handle: async (call) => {
    const { body, from } = await bodyWithSource(call);
    requireBuilt(body);
    const access = patchedGrants(NOTHING_GRANTED, body.asset_access);
    requireGrantable(access, await accessCatalogue(call.deps.db));
    const policy = patchedPolicy(NO_POLICY, body);
    const created = await change(call, async ({ tx, now, record, touch }) => {
      const id = newId('org', now.getTime());
      const contentKey = await wrapContentKey(tx, call.deps.keys.content, id, newDataKey(call.deps.random));
      const row = await organizations.insert(tx, {
        id,
        slug: body.slug,
        name: body.name,
        timeZone: body.time_zone ?? 'UTC',
        ...policyColumns(policy),
        ...organizationAccessToColumns(access),
        ...patchedTags(NO_TAGS, body),
        ...auditColumns(body),
        ...responsesColumns(body),
        batches: body.batches ?? 'on',
        filesScope: body.files_scope ?? 'team',
        ...cacheColumns(body),
        ...(body.end_users === undefined ? {} : { endUsers: body.end_users }),
        ...(body.mirroring === undefined ? {} : { mirroring: body.mirroring }),
        metadata: mergedMetadata({}, body.metadata),
        contentKey: Buffer.from(contentKey.bytes),
        contentKeyBy: contentKey.by,
        createdAt: now,
        updatedAt: now,
      });
      await requireLabels(tx, 'organization', id, row, body);
      await storeBudgets(tx, { organizationId: id, scope: 'organization', scopeId: id }, policy, body, now);
      await record({
        ...eventOf(row),
        action: 'organization.create',
        before: null,
        after: { ...organizationFacts(row, policy), ...from },
      });
      touch({ organizationIds: [id] });
      return row;
    });
    return viewOrganization(call, created);
  },
});

export const update = route({
  summary: 'Change an organization',
  description:
    'Keeps absent fields, clears null ones, and replaces whole lists. Only the platform may change limits, budgets, grants, tags and the time zone, which sets when a day begins. Only owners may change the audit policy, the storage of responses, files and batches, and the exact cache.',
  permission: ['organization.profile', 'organizations.cap', 'audit_policy.change'],
  takesIfMatch: true,
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
  await requireLabels(tx, 'organization', id, { ...row, ...columns }, call.body);
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
    responsesStorage: row.responsesStorage,
    responsesScope: row.responsesScope,
    ...responsesColumns(body),
    batches: body.batches ?? row.batches,
    filesScope: body.files_scope ?? row.filesScope,
    cacheScope: row.cacheScope,
    ...cacheColumns(body),
    mirroring: body.mirroring ?? row.mirroring,
    endUsers: body.end_users ?? row.endUsers,
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

function responsesColumns({
  responses_storage: storage,
  responses_scope: scope,
}: Pick<PatchBody, 'responses_storage' | 'responses_scope'>) {
  return {
    ...(storage === undefined ? {} : { responsesStorage: storage }),
    ...(scope === undefined ? {} : { responsesScope: scope }),
  };
}

function cacheColumns({ cache_scope: scope }: Pick<PatchBody, 'cache_scope'>) {
  return scope === undefined ? {} : { cacheScope: scope === 'off' ? null : scope };
}

/** Returns the body with the settings of the template or the organization that it names, and where they came from. */
async function bodyWithSource(call: AdminCall<unknown, unknown, CreateBody>) {
  const { template_id: templateId, like_organization_id: likeId, ...body } = call.body;
  const { db } = call.deps;
  if (likeId !== undefined) {
    const like = await load.readableOrganization(call, likeId);
    const settings = await withLivingTargets(db, await settingsOf(db, like));
    return { body: { ...settings, ...body }, from: { made_like: { id: like.id, name: like.name } } };
  }
  if (templateId === undefined) return { body, from: {} };
  const template = await templates.find(db, templateId);
  if (template === null) throw invalid('/template_id', 'there is no such template');
  const settings = await withLivingTargets(db, settingsBody.parse(template.settings));
  return { body: { ...settings, ...body }, from: { template: { id: template.id, name: template.name } } };
}

/** The permission for each field of a PATCH. A tenant cannot raise its own limits. */
const PERMISSION_OF: Readonly<Record<keyof PatchBody, Permission>> = {
  rate_limits: 'organizations.cap',
  model_limits: 'organizations.cap',
  budgets: 'organizations.cap',
  default_tags: 'organizations.cap',
  required_tags: 'organizations.cap',
  require_end_user: 'organizations.cap',
  label_limits: 'organizations.cap',
  asset_access: 'organizations.cap',
  time_zone: 'organizations.cap',
  audit: 'audit_policy.change',
  responses_storage: 'audit_policy.change',
  responses_scope: 'audit_policy.change',
  batches: 'audit_policy.change',
  files_scope: 'audit_policy.change',
  cache_scope: 'audit_policy.change',
  mirroring: 'audit_policy.change',
  end_users: 'audit_policy.change',
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
