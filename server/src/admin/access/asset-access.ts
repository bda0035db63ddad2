import { z } from 'zod';
import { type AccessLevels, explainTarget } from '../../domain/access/access.ts';
import type { Catalogue } from '../../domain/routing/catalogue.ts';
import { organizationAccessFrom, organizationAccessToColumns } from '../../store/configuration/policy-columns.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { change, isUnchanged } from '../http/change.ts';
import type { AdminDeps } from '../http/deps.ts';
import { idParams } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';
import { eventOf, lockLiving } from '../organizations/organizations.ts';
import {
  accessCatalogue,
  grants,
  grantsOut,
  patchedGrants,
  renderGrants,
  renderIneffective,
  requireGrantable,
} from './access-fields.ts';
import { dryRunQuery, effectOut, rehearsed } from './effect.ts';
import { levelsAbove } from './parent-access.ts';

const accessOut = z.object({ ...grantsOut.shape, version: z.int() }).meta({ id: 'AssetAccess' });

export const read = route({
  summary: 'Get the grants of an organization',
  description: 'Returns the targets and access groups that the platform granted to the organization.',
  permission: 'organization.read',
  params: idParams,
  response: accessOut,
  load: load.organization,
  handle: async (call, row) => ({ ...(await viewAccess(call.deps, row)), version: row.version }),
});

export const replace = route({
  summary: 'Replace the grants of an organization',
  description: 'Returns 400 for unknown targets. An access group may be granted before it has members.',
  permission: 'organizations.cap',
  takesIfMatch: true,
  params: idParams,
  query: dryRunQuery,
  body: z.strictObject({ ...grants.shape, mode: z.enum(['all', 'selected']) }),
  response: accessOut,
  rehearsal: effectOut,
  load: load.organization,
  handle: async (call, { id }) => {
    const catalogue = await accessCatalogue(call.deps.db);
    const changed = { level: 'organization', organizationId: id, id } as const;
    const work = rehearsed(call, changed, async ({ tx, now, record, touch }) => {
      const row = await lockLiving(tx, id);
      requireVersion(call, row.version);
      const stored = organizationAccessFrom(row);
      const wanted = patchedGrants(stored, { targets: [], access_groups: [], ...call.body });
      requireGrantable(wanted, catalogue, stored);
      const before = { asset_access: renderGrants(stored) };
      const after = { asset_access: renderGrants(wanted) };
      if (isUnchanged(before, after)) return row;
      const updated = await organizations.update(tx, id, organizationAccessToColumns(wanted), now);
      await record({ ...eventOf(updated), action: 'organization.update', before, after });
      touch({ organizationIds: [id] });
      return updated;
    });
    const updated = await change(call, work);
    return { ...(await viewAccess(call.deps, updated)), version: updated.version };
  },
});

const effectiveOut = z
  .object({
    data: z.array(
      z.object({
        target: z.string(),
        kind: z.enum(['model', 'route_group']),
        access_groups: z.array(z.string()),
        through: z.object({ grant: z.enum(['all', 'target', 'access_group']), access_group: z.string().nullable() }),
      }),
    ),
  })
  .meta({ id: 'EffectiveAccess', description: 'The targets that may be called, each with the grant that gives it.' });

export const effective = route({
  summary: 'List the targets that an organization may call',
  description: 'Returns each target with the grant that gives it, as requests see it now.',
  permission: 'organization.read',
  params: idParams,
  response: effectiveOut,
  load: load.organization,
  handle: async (call, row) => {
    const levels = await levelsAbove(call.deps.db, { organizationId: row.id });
    return { data: effectiveTargets(levels, await accessCatalogue(call.deps.db)) };
  },
});

async function viewAccess({ db }: AdminDeps, row: organizations.OrganizationRow) {
  const access = organizationAccessFrom(row);
  return { ...renderGrants(access), ineffective: renderIneffective(null, access, await accessCatalogue(db)) };
}

function effectiveTargets(levels: AccessLevels, catalogue: Catalogue): z.output<typeof effectiveOut>['data'] {
  return [...catalogue.targets.values()]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((target) => {
      const through = explainTarget(levels, target.name, catalogue).steps[0]?.through ?? null;
      if (through === null || through.is === 'inherited') return [];
      const access_group = through.is === 'access_group' ? through.key : null;
      return [
        {
          target: target.name,
          kind: target.kind,
          access_groups: [...target.accessGroups],
          through: { grant: through.is, access_group },
        },
      ];
    });
}
