import type { z } from 'zod';
import type { Scope } from '../../domain/tenancy/tenancy.ts';
import type { AdminCall } from '../http/call.ts';
import { idParams } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';
import { memberParams } from '../people/members.ts';
import { budgetHistory, budgetHistoryOut, budgetHistoryQuery, narrowedHistory } from './budget-history.ts';
import { limitsOf, type PolicyRow } from './limits-status-route.ts';

/** Routes for the spend of a scope's budgets, period by period. */

export const ofOrganization = route({
  summary: 'Get the budget history of an organization',
  permission: 'usage.read',
  params: idParams,
  query: budgetHistoryQuery,
  response: budgetHistoryOut,
  load: load.organization,
  handle: (call, row) => historyOf(call, 'organization', { ...row, organizationId: row.id }),
});

export const ofTeam = route({
  summary: 'Get the budget history of a team',
  permission: 'usage.read',
  params: idParams,
  query: budgetHistoryQuery,
  response: budgetHistoryOut,
  load: load.team,
  handle: (call, row) => historyOf(call, 'team', row),
});

export const ofMember = route({
  summary: 'Get the budget history of a member',
  permission: 'usage.read',
  params: memberParams,
  query: budgetHistoryQuery,
  response: budgetHistoryOut,
  load: load.member,
  handle: (call, row) => historyOf(call, 'user', row),
});

export const ofKey = route({
  summary: 'Get the budget history of a key',
  permission: 'usage.read',
  params: idParams,
  query: budgetHistoryQuery,
  response: budgetHistoryOut,
  load: load.key,
  handle: (call, { row }) => historyOf(call, 'key', row),
});

type HistoryCall = AdminCall<unknown, z.output<typeof budgetHistoryQuery>, unknown>;

async function historyOf(call: HistoryCall, scope: Scope, row: PolicyRow & { readonly createdAt: Date }) {
  const history = await budgetHistory(call.deps, await limitsOf(call, scope, row), row.createdAt.getTime());
  return narrowedHistory(history, call.query);
}
