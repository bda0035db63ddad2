import type { z } from 'zod';
import { route } from '../http/route.ts';
import { KEY, type LimitedScope, limitsOf, MEMBER, ORGANIZATION, TEAM } from './limited-scopes.ts';
import { type LimitsStatus, limitsStatus, limitsStatusOut } from './limits-status.ts';

/** Live use of the limits and budgets of one scope. */

export const ofOrganization = statusOf(ORGANIZATION);
export const ofTeam = statusOf(TEAM);
export const ofMember = statusOf(MEMBER);
export const ofKey = statusOf(KEY);

function statusOf<P extends z.ZodType>({ name, params, load }: LimitedScope<P>) {
  return route({
    summary: `Get live use of ${name}’s limits and budgets`,
    description:
      'Returns the value, the use and the reset of every limit and budget that applies, as the counters have them now.',
    permission: 'usage.read',
    params,
    response: limitsStatusOut,
    load,
    handle: async (call, object) => {
      const [status] = await limitsStatus(call.deps, [await limitsOf(call, object)]);
      return status as LimitsStatus;
    },
  });
}
