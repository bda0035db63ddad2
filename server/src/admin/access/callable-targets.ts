import { z } from 'zod';
import { can } from '../../domain/tenancy/permission.ts';
import * as groups from '../../store/access/access-groups.ts';
import * as targets from '../../store/catalogue/callable-targets.ts';
import * as deployments from '../../store/catalogue/deployments.ts';
import { changeCatalogue } from '../catalogue/catalogue-change.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, isUnchanged } from '../http/change.ts';
import { id } from '../http/fields.ts';
import { pageOut, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { accessGroupKey } from '../limits/rate-limit-fields.ts';
import { accessCatalogue } from './access-fields.ts';
import { dryRunQuery, effectOut } from './effect.ts';
import { tagWarning } from './group-view.ts';
import { namedListQuery } from './target-lists.ts';
import { renderTarget, targetOut, targetType } from './target-view.ts';
import { visibleNames } from './visible-targets.ts';

/** Callable targets, and the access groups that authorize calls to them. */

const LABELS_MAX = 100;

export const list = route({
  summary: 'List callable targets',
  description:
    'Lists models and route groups. Callers without platform.read see only targets granted to their organizations, and only those fallbacks.',
  permission: 'organization.read',
  query: z.strictObject({
    ...namedListQuery,
    type: targetType.optional(),
    access_group: text(64).optional(),
    organization_id: id.optional(),
  }),
  response: pageOut(targetOut),
  load: load.anywhere,
  handle: async (call) => {
    const { query, deps } = call;
    const catalogue = await accessCatalogue(deps.db);
    const among = await visibleNames(call, catalogue, query.organization_id);
    const seen = can(call.actor, 'platform.read', { organizationId: null }) ? undefined : new Set(among);
    const filter = { kind: query.type, accessGroup: query.access_group, search: searchOf({ search: query.search }), among };
    const page = { limit: query.limit, cursor: query.cursor, direction: query.sort === '-name' ? 'desc' : 'asc' } as const;
    const found = await targets.list(deps.db, filter, page);
    const shown = found.rows.flatMap((name) => catalogue.targets.get(name) ?? []);
    return renderPage(
      found,
      shown.map((target) => renderTarget(target, (name) => seen?.has(name) ?? true, deps.clock.nowMs())),
    );
  },
});

export const replaceAccessGroups = route({
  summary: 'Label a target with access groups',
  description:
    'Replaces all labels of the target and creates groups that do not exist yet. Every holder of a group can call the target at once.',
  permission: 'catalogue.manage',
  params: z.object({ name: text(200, 1) }),
  query: dryRunQuery,
  body: z.strictObject({ access_groups: z.array(accessGroupKey).max(LABELS_MAX) }),
  response: z.object({
    name: z.string(),
    type: targetType,
    access_groups: z.array(z.string()),
    created_access_groups: z.array(z.string()),
    warnings: z.array(z.string()),
  }),
  rehearsal: effectOut,
  load: loadTarget,
  handle: async (call, type) => {
    const { name } = call.params;
    const keys = [...new Set(call.body.access_groups)].sort();
    const created = await changeCatalogue(call, (made) => label(made, name, keys));
    const tags = await deployments.tagsAmong(call.deps.db, keys);
    const warnings = keys.flatMap((key) => tagWarning(key, tags) ?? []);
    return { name, type, access_groups: keys, created_access_groups: [...created], warnings };
  },
});

/** Replaces a target's labels and creates groups that do not exist yet. Returns the keys of the created groups. */
async function label({ tx, now, record, touch }: Change, name: string, keys: readonly string[]): Promise<readonly string[]> {
  const kind = await targets.kindOf(tx, name);
  if (kind === null) throw notFound('callable target');
  const before = { access_groups: (await groups.labelsOf(tx, [name])).get(name) ?? [] };
  const after = { access_groups: keys };
  if (isUnchanged(before, after)) return [];
  const created = await groups.insertMissing(tx, keys, now);
  for (const group of created) {
    const event = { organizationId: null, objectType: 'access_group', objectId: group.key, objectName: group.name };
    await record({ ...event, action: 'access_group.create', before: null, after: { key: group.key, name: group.name } });
  }
  await groups.replaceLabels(tx, name, keys);
  await record({
    organizationId: null,
    action: 'callable_target.label',
    objectType: kind,
    objectId: name,
    objectName: name,
    before,
    after,
  });
  touch({ catalogue: true });
  return created.map((group) => group.key);
}

async function loadTarget(call: AdminCall<{ readonly name: string }, unknown, unknown>): Promise<Loaded<targets.TargetKind>> {
  const kind = await targets.kindOf(call.deps.db, call.params.name);
  if (kind === null) throw notFound('callable target');
  return { place: { organizationId: null }, object: kind };
}
