import { z } from 'zod';
import { LOGIN_POLICIES } from '../../domain/logins/words.ts';
import * as loginPolicies from '../../store/logins/login-policies.ts';
import { change } from '../http/change.ts';
import { idParams } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';

/** The logins that an organization allows. */

const policyOut = z
  .object({
    logins: z.enum(LOGIN_POLICIES).meta({
      description:
        '`any`: all. `loopback`: only in a browser on the same machine, so no codes. `off`: none. Logins that were made stay.',
    }),
    version: z.int(),
  })
  .meta({ id: 'LoginPolicy' });

export const read = route({
  summary: 'Get the logins that an organization allows',
  description: 'Teams decide in their self-service policy whether members may make keys, and so log in.',
  permission: 'organization.read',
  params: idParams,
  response: policyOut,
  load: load.organization,
  handle: (call, { id }) => loginPolicies.find(call.deps.db, id),
});

export const replace = route({
  summary: 'Set the logins that an organization allows',
  description: 'Applies to logins that begin later. End the others in the list of logins.',
  permission: 'identity.manage',
  takesIfMatch: true,
  params: idParams,
  body: z.strictObject({ logins: z.enum(LOGIN_POLICIES) }),
  response: policyOut,
  load: load.organization,
  handle: (call, { id, name }) =>
    change(call, async ({ tx, now, record }) => {
      const before = await loginPolicies.find(tx, id);
      requireVersion(call, before.version);
      const { logins } = call.body;
      if (logins === before.logins) return before;
      const after = await loginPolicies.put(tx, id, logins, now);
      await record({
        ...{ organizationId: id, action: 'login_policy.change', objectType: 'login_policy', objectId: id, objectName: name },
        before: { logins: before.logins },
        after: { logins },
      });
      return after;
    }),
});
