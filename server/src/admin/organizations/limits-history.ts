import type { z } from 'zod';
import { route } from '../http/route.ts';
import { budgetHistory, budgetHistoryOut, budgetHistoryQuery, narrowedHistory } from './budget-history.ts';
import { KEY, type LimitedScope, limitsOf, MEMBER, ORGANIZATION, TEAM } from './limited-scopes.ts';

/** Routes for the spend of a scope's budgets, period by period. */

export const ofOrganization = historyOf(ORGANIZATION);
export const ofTeam = historyOf(TEAM);
export const ofMember = historyOf(MEMBER);
export const ofKey = historyOf(KEY);

function historyOf<P extends z.ZodType>({ name, params, load }: LimitedScope<P>) {
  return route({
    summary: `Get the budget history of ${name}`,
    description: 'Returns what was spent of each budget in its last periods, newest first.',
    permission: 'usage.read',
    params,
    query: budgetHistoryQuery,
    response: budgetHistoryOut,
    load,
    handle: async (call, object) => {
      const history = await budgetHistory(call.deps, await limitsOf(call, object), object.row.createdAt.getTime());
      return narrowedHistory(history, call.query);
    },
  });
}
