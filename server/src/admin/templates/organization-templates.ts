import { z } from 'zod';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import type { TemplateRow } from '../../store/tenancy/organization-templates.ts';
import * as templates from '../../store/tenancy/organization-templates.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, isUnchanged } from '../http/change.ts';
import { capabilities, id, idParams, instantOut, isoOf, name } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { never, text } from '../http/schemas.ts';
import { requireBuilt, type SettingsBody, settingsBody, settingsOf } from '../organizations/organization-settings.ts';

/** Templates of organizations: settings by name. An organization that was made from one is independent of it afterwards. */

const TEMPLATES_MAX = 200;
const description = text(1_000);

const createBody = z
  .strictObject({
    name,
    description: description.optional(),
    settings: settingsBody.optional(),
    organization_id: id.optional().meta({
      description:
        'Takes the settings of this organization: budgets, limits, access, tags, time zone and audit settings. Never people, keys or spend.',
    }),
  })
  .refine((body) => body.settings === undefined || body.organization_id === undefined, {
    message: 'must have `settings` or `organization_id`, not both',
  })
  .meta(never({ required: ['settings', 'organization_id'] }));
const patchBody = z.strictObject({
  name: name.optional(),
  description: description.optional(),
  settings: settingsBody.optional().meta({ description: 'Replaces all settings of the template.' }),
});
type CreateBody = z.output<typeof createBody>;
type PatchBody = z.output<typeof patchBody>;

const templateOut = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    settings: z.record(z.string(), z.unknown()).meta({
      description: 'The settings, as `POST /organizations` takes them. Absent ones have their defaults.',
    }),
    capabilities,
    version: z.int(),
    created_by: z.string(),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'OrganizationTemplate' });

export const list = route({
  summary: 'List organization templates',
  description: 'Returns the templates by name, with the settings that each gives to a new organization.',
  permission: 'platform.read',
  query: z.strictObject(listQuery),
  response: pageOut(templateOut),
  load: load.platform,
  handle: async (call) => {
    const listed = await templates.list(call.deps.db, searchOf(call.query), pageRequest(call.query));
    return renderPage(
      listed,
      listed.rows.map((row) => view(call, row)),
    );
  },
});

export const read = route({
  summary: 'Get an organization template',
  description: 'Returns the settings that the template gives to a new organization.',
  permission: 'platform.read',
  params: idParams,
  response: templateOut,
  load: loadTemplate,
  handle: async (call, row) => view(call, row),
});

export const create = route({
  summary: 'Create an organization template',
  description: 'From settings, or from those of an organization. Returns 409 if the name is taken.',
  permission: 'organizations.create',
  body: createBody,
  status: 201,
  response: templateOut,
  load: load.platform,
  handle: async (call) => {
    const settings = await settingsFor(call);
    const row = await change(call, async ({ tx, now, record }) => {
      if ((await templates.total(tx)) >= TEMPLATES_MAX)
        throw conflict(`There are ${TEMPLATES_MAX} templates already, the most allowed. Delete one first.`);
      const { name, description = '' } = call.body;
      const made = { id: newId('tpl', now.getTime()), name, description, settings, createdBy: call.actor.id };
      const row = await templates.insert(tx, { ...made, createdAt: now, updatedAt: now });
      await record({ ...eventOf(row), action: 'organization_template.create', before: null, after: facts(row) });
      return row;
    });
    return view(call, row);
  },
});

export const update = route({
  summary: 'Change an organization template',
  description: 'Organizations that were made from it do not change.',
  permission: 'organizations.create',
  takesIfMatch: true,
  params: idParams,
  body: patchBody,
  response: templateOut,
  load: loadTemplate,
  handle: async (call, { id }) => view(call, await change(call, (made) => applyPatch(call, made, id))),
});

export const remove = route({
  summary: 'Delete an organization template',
  description: 'Organizations that were made from it do not change.',
  permission: 'organizations.create',
  takesIfMatch: true,
  params: idParams,
  status: 204,
  response: z.void(),
  load: loadTemplate,
  handle: async (call, { id }) => {
    await change(call, async ({ tx, record }) => {
      const row = await lockOne(tx, id);
      requireVersion(call, row.version);
      await templates.remove(tx, id);
      await record({ ...eventOf(row), action: 'organization_template.delete', before: facts(row), after: null });
    });
    return undefined;
  },
});

async function settingsFor(call: AdminCall<unknown, unknown, CreateBody>): Promise<SettingsBody> {
  const { settings = {}, organization_id: organizationId } = call.body;
  requireBuilt(settings, '/settings');
  if (organizationId === undefined) return stored(settings);
  return stored(await settingsOf(call.deps.db, await load.readableOrganization(call, organizationId)));
}

/** Returns the settings as they are stored: without the ids of budgets, which belong to one organization. */
function stored({ budgets, ...settings }: SettingsBody): SettingsBody {
  return budgets == null ? settings : { ...settings, budgets: budgets.map(({ id: _, ...budget }) => budget) };
}

async function applyPatch(
  call: AdminCall<unknown, unknown, PatchBody>,
  { tx, now, record }: Change,
  id: string,
): Promise<TemplateRow> {
  const { body } = call;
  if (body.settings !== undefined) requireBuilt(body.settings, '/settings');
  const row = await lockOne(tx, id);
  requireVersion(call, row.version);
  const columns = {
    name: body.name ?? row.name,
    description: body.description ?? row.description,
    settings: body.settings === undefined ? row.settings : stored(body.settings),
  };
  if (isUnchanged(facts(row), facts({ ...row, ...columns }))) return row;
  const updated = await templates.update(tx, id, columns, now);
  await record({ ...eventOf(updated), action: 'organization_template.update', before: facts(row), after: facts(updated) });
  return updated;
}

async function loadTemplate(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<TemplateRow>> {
  const row = await templates.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('organization template');
  return { place: { organizationId: null }, object: row };
}

async function lockOne(tx: Change['tx'], id: string): Promise<TemplateRow> {
  const row = await templates.lock(tx, id);
  if (row === null) throw notFound('organization template');
  return row;
}

function facts({ name, description, settings }: Pick<TemplateRow, 'name' | 'description' | 'settings'>) {
  return { name, description, settings };
}

function view({ actor }: AdminCall<unknown, unknown, unknown>, row: TemplateRow): z.output<typeof templateOut> {
  return {
    id: row.id,
    ...facts(row),
    capabilities: [...capabilitiesOf(actor, { organizationId: null })],
    version: row.version,
    created_by: row.createdBy,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  };
}

function eventOf(row: TemplateRow) {
  return { organizationId: null, objectType: 'organization_template', objectId: row.id, objectName: row.name };
}
