import { z } from 'zod';
import * as organizations from '../../store/tenancy/organizations.ts';
import { change } from '../http/change.ts';
import { idParams } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';
import { eventOf, lockLiving } from './organizations.ts';

export const clear = route({
  summary: 'Forget the cached answers of an organization',
  description:
    'No answer that the exact cache kept for this organization before is given again, on any replica. The setting `cache_scope` stays as it is.',
  permission: 'audit_policy.change',
  params: idParams,
  status: 204,
  response: z.undefined(),
  load: load.organization,
  handle: async (call, { id }) => {
    await change(call, async ({ tx, now, record, touch }) => {
      const row = await lockLiving(tx, id);
      // Names of answers are made with this number, so those with another one are never sought again.
      const updated = await organizations.update(tx, id, { cacheEpoch: row.cacheEpoch + 1 }, now);
      await record({ ...eventOf(updated), action: 'organization.clear_cache', before: null, after: null });
      touch({ organizationIds: [id] });
    });
    return undefined;
  },
});
