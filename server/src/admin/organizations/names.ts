import { z } from 'zod';
import { can } from '../../domain/tenancy/permission.ts';
import { placedNamesOf } from '../../store/tenancy/names-of-ids.ts';
import { reachWithin } from '../http/authorize.ts';
import { id } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';
import { commaList, ID_IN_LIST, text } from '../http/schemas.ts';

/** Names for the ids that reports and logs hold. */

const IDS_MAX = 200;

const ids = text(IDS_MAX * 65)
  .transform((text) => [...new Set(text.split(','))])
  .pipe(z.array(id).max(IDS_MAX))
  .meta({
    description: `Ids separated by commas, at most ${IDS_MAX}.`,
    ...commaList(ID_IN_LIST, IDS_MAX),
    examples: ['org_0198c6f2a1b27c3d8e9f0a1b2c3d4e5f'],
  });

export const list = route({
  summary: 'Get names by id',
  description:
    'Takes ids of organizations, teams, keys, members and service accounts, and for platform callers also deployments, accounts and admin tokens. Leaves out unknown ids and those that the caller may not see.',
  permission: 'organization.read',
  query: z.strictObject({ ids }),
  response: z.object({
    names: z.record(z.string(), z.string()),
    organization_names: z
      .record(z.string(), z.string())
      .meta({ description: 'The name of the organization of each id that belongs to one.' }),
  }),
  load: load.everywhere,
  handle: async (call) => {
    const found = await placedNamesOf(call.deps.db, {
      ids: call.query.ids,
      organizations: reachWithin(call.actor, 'organization.read', 'platform'),
      teams: reachWithin(call.actor, 'teams.read', 'platform'),
      mayReadCatalogue: can(call.actor, 'platform.read', { organizationId: null }),
    });
    return {
      names: Object.fromEntries(found.map(({ id, name }) => [id, name])),
      organization_names: Object.fromEntries(
        found.flatMap(({ id, organizationName }) => (organizationName === undefined ? [] : [[id, organizationName]])),
      ),
    };
  },
});
