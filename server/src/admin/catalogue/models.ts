import { z } from 'zod';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import * as groups from '../../store/access/access-groups.ts';
import * as targets from '../../store/catalogue/callable-targets.ts';
import * as deployments from '../../store/catalogue/deployments.ts';
import type { ModelRow } from '../../store/catalogue/models.ts';
import * as models from '../../store/catalogue/models.ts';
import { dryRunQuery, effectOut } from '../access/effect.ts';
import { namedListQuery } from '../access/target-lists.ts';
import { FALLBACKS_MAX, requireFallbacks } from '../access/target-names.ts';
import { cacheSeconds, sticky, strategy } from '../access/target-view.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, isUnchanged } from '../http/change.ts';
import { instantOut, isoOf, mergedMetadata, metadata, metadataOut, modelName } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { pageOut, renderPage, searchOf, unpricedAt, unpricedFlag } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { capabilities } from '../organizations/organization-view.ts';
import { changeCatalogue } from './catalogue-change.ts';
import { mode } from './deployment-view.ts';
import { detourFields, detoursOut, patchedDetours, renderDetours, requireDetours } from './detour-fields.ts';

/** Public model names and their routing. A model's first deployment creates its name; deleting the last one removes it. */

const params = z.object({ name: text(200, 1) });

const patchBody = z.strictObject({
  fallbacks: z.array(modelName).max(FALLBACKS_MAX).nullish(),
  ...detourFields,
  strategy: strategy.optional(),
  sticky: sticky.optional(),
  cache_seconds: cacheSeconds.optional(),
  metadata: metadata.nullish(),
});
type PatchBody = z.output<typeof patchBody>;

const modelOut = z
  .object({
    name: z.string(),
    mode,
    strategy,
    sticky,
    cache_seconds: cacheSeconds,
    fallbacks: z.array(z.string()),
    ...detoursOut,
    access_groups: z.array(z.string()),
    deployment_ids: z.array(z.string()),
    metadata: metadataOut,
    capabilities,
    version: z.int(),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'Model' });

export const list = route({
  summary: 'List models',
  description: 'Returns the names that deployments serve, with their fallbacks.',
  permission: 'platform.read',
  query: z.strictObject({
    ...namedListQuery,
    access_group: text(64).optional(),
    unpriced: unpricedFlag.meta({
      description:
        'If true, returns only models with a deployment that has no price in force, or whose price lacks a unit that was used without a price in the last 30 days.',
    }),
  }),
  response: pageOut(modelOut),
  load: load.platform,
  handle: async (call) => {
    const { query } = call;
    const narrowed = { accessGroup: query.access_group, unpriced: unpricedAt(query.unpriced, call) };
    const filter = { kind: 'model', ...narrowed, search: searchOf({ search: query.search }) } as const;
    const page = { limit: query.limit, cursor: query.cursor, direction: query.sort === '-name' ? 'desc' : 'asc' } as const;
    const found = await targets.list(call.deps.db, filter, page);
    const rows = new Map((await models.findMany(call.deps.db, found.rows)).map((row) => [row.name, row]));
    const inOrder = found.rows.flatMap((name) => rows.get(name) ?? []);
    return renderPage(found, await viewMany(call, inOrder));
  },
});

export const read = route({
  summary: 'Get a model',
  description: 'The name in the path is percent-encoded.',
  permission: 'platform.read',
  params,
  response: modelOut,
  load: loadModel,
  handle: (call, row) => view(call, row),
});

export const update = route({
  summary: 'Change the routing of a model',
  description: 'Fallbacks are tried in order, and only if the caller may call them. Returns 400 for a circular chain.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params,
  query: dryRunQuery,
  body: patchBody,
  response: modelOut,
  rehearsal: effectOut,
  load: loadModel,
  handle: async (call, { name }) => view(call, await changeCatalogue(call, (made) => applyPatch(call, made, name))),
});

async function applyPatch(call: AdminCall<unknown, unknown, PatchBody>, made: Change, name: string): Promise<ModelRow> {
  const { tx, now, record, touch } = made;
  const { body } = call;
  const row = await models.find(tx, name);
  if (row === null) throw notFound('model');
  requireVersion(call, row.version);
  if (body.fallbacks !== undefined) await requireFallbacks(made, { name, mode: row.mode }, body.fallbacks ?? []);
  const detours = patchedDetours(row, body);
  const deploymentIds = (await deployments.idsOfModels(tx, [name])).get(name) ?? [];
  // A deployment that was deleted since has no canary. What does not touch it may be changed all the same.
  const canary = body.canary === undefined ? null : detours.canary;
  await requireDetours(made, { name, mode: row.mode }, body, { canary, deploymentIds });
  const columns = {
    ...detours,
    fallbacks: body.fallbacks === undefined ? row.fallbacks : (body.fallbacks ?? []),
    strategy: body.strategy ?? row.strategy,
    sticky: body.sticky ?? row.sticky,
    cacheSeconds: body.cache_seconds === undefined ? row.cacheSeconds : body.cache_seconds,
    metadata: mergedMetadata(row.metadata, body.metadata),
  };
  const before = facts(row);
  const after = facts({ ...row, ...columns });
  if (isUnchanged(before, after)) return row;
  const updated = await models.update(tx, name, columns, now);
  await record({
    organizationId: null,
    action: 'model.update',
    objectType: 'model',
    objectId: name,
    objectName: name,
    before,
    after,
  });
  touch({ catalogue: true });
  return updated;
}

async function loadModel(call: AdminCall<{ readonly name: string }, unknown, unknown>): Promise<Loaded<ModelRow>> {
  const row = await models.find(call.deps.db, call.params.name);
  if (row === null) throw notFound('model');
  return { place: { organizationId: null }, object: row };
}

function facts(row: ModelRow) {
  const { mode, strategy, sticky, cacheSeconds, fallbacks, metadata } = row;
  return { mode, strategy, sticky, cache_seconds: cacheSeconds, fallbacks, ...renderDetours(row), metadata };
}

async function view(call: AdminCall, row: ModelRow): Promise<z.output<typeof modelOut>> {
  const [shown] = await viewMany(call, [row]);
  if (shown === undefined) throw new Error('the view of the row is missing');
  return shown;
}

async function viewMany(call: AdminCall, rows: readonly ModelRow[]) {
  const names = rows.map((row) => row.name);
  const labels = await groups.labelsOf(call.deps.db, names);
  const ids = await deployments.idsOfModels(call.deps.db, names);
  return rows.map((row) => ({
    name: row.name,
    ...facts(row),
    access_groups: [...(labels.get(row.name) ?? [])],
    deployment_ids: [...(ids.get(row.name) ?? [])],
    capabilities: [...capabilitiesOf(call.actor, { organizationId: null })],
    version: row.version,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  }));
}
