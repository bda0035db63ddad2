import type { Scope } from '../../domain/tenancy/tenancy.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import type { AdminCall } from '../http/call.ts';
import { idParams } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';
import { memberParams } from '../people/members.ts';
import { type LimitsStatus, limitsStatus, limitsStatusOut, type ScopeOfLimits } from './limits-status.ts';
import { loadPolicy } from './policy.ts';

/** Live use of the limits and budgets of one scope. */

export const ofOrganization = route({
  summary: 'Get live use of an organization’s limits and budgets',
  permission: 'usage.read',
  params: idParams,
  response: limitsStatusOut,
  load: load.organization,
  handle: (call, row) => statusOf(call, 'organization', { ...row, organizationId: row.id }),
});

export const ofTeam = route({
  summary: 'Get live use of a team’s limits and budgets',
  permission: 'usage.read',
  params: idParams,
  response: limitsStatusOut,
  load: load.team,
  handle: (call, row) => statusOf(call, 'team', row),
});

export const ofMember = route({
  summary: 'Get live use of a member’s limits and budgets',
  permission: 'usage.read',
  params: memberParams,
  response: limitsStatusOut,
  load: load.member,
  handle: (call, row) => statusOf(call, 'user', row),
});

export const ofKey = route({
  summary: 'Get live use of a key’s limits and budgets',
  permission: 'usage.read',
  params: idParams,
  response: limitsStatusOut,
  load: load.key,
  handle: (call, { row }) => statusOf(call, 'key', row),
});

async function statusOf(call: AdminCall, scope: Scope, row: PolicyRow): Promise<LimitsStatus> {
  const [status] = await limitsStatus(call.deps, [await limitsOf(call, scope, row)]);
  return status as LimitsStatus;
}

export type PolicyRow = Parameters<typeof loadPolicy>[2];

/** Loads a scope with the limits that are stored now. */
export async function limitsOf(call: AdminCall, scope: Scope, row: PolicyRow): Promise<ScopeOfLimits> {
  const { db } = call.deps;
  const { organizationId, id: scopeId } = row;
  const policy = await loadPolicy(db, scope, row);
  const timeZone = (await organizations.timeZones(db, [organizationId])).get(organizationId) ?? 'UTC';
  return { organizationId, scope, scopeId, policy, timeZone };
}
