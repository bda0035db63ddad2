import { z } from 'zod';
import { can } from '../../domain/tenancy/permission.ts';
import { namesOf } from '../../store/tenancy/names-of-ids.ts';
import { reachWithin } from '../http/authorize.ts';
import { id } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';

/** Names for the ids that reports and logs hold. */

const IDS_MAX = 200;

const ids = z
  .string()
  .max(IDS_MAX * 65)
  .transform((text) => [...new Set(text.split(',').filter((one) => one !== ''))])
  .pipe(z.array(id).max(IDS_MAX))
  .meta({ description: `Ids separated by commas, at most ${IDS_MAX}.` });

export const list = route({
  summary: 'Get names by id',
  description:
    'Takes ids of organizations, teams, keys, members and service accounts, and for platform callers also deployments, accounts and admin tokens. Leaves out unknown ids and those that the caller may not see.',
  permission: 'organization.read',
  query: z.strictObject({ ids }),
  response: z.object({ names: z.record(z.string(), z.string()) }),
  load: load.everywhere,
  handle: async (call) => ({
    names: await namesOf(call.deps.db, {
      ids: call.query.ids,
      organizations: reachWithin(call.actor, 'organization.read', 'platform'),
      teams: reachWithin(call.actor, 'teams.read', 'platform'),
      mayReadCatalogue: can(call.actor, 'platform.read', { organizationId: null }),
    }),
  }),
});
