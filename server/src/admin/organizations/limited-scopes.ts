import type { z } from 'zod';
import type { Scope } from '../../domain/tenancy/tenancy.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import type { AdminCall } from '../http/call.ts';
import { idParams } from '../http/fields.ts';
import * as load from '../http/load.ts';
import type { Loaded } from '../http/route.ts';
import { memberParams } from '../people/members.ts';
import type { ScopeOfLimits } from './limits-status.ts';
import { loadPolicy } from './policy.ts';

/** The scopes that have limits and budgets, for routes that are the same for each of them. */

/** A scope of a request, with the row that holds its limits. */
export interface LimitedObject {
  readonly scope: Scope;
  readonly row: Parameters<typeof loadPolicy>[2] & { readonly createdAt: Date };
}

/** The parameters and the loader of one scope. */
export interface LimitedScope<P extends z.ZodType> {
  /** The scope as a summary names it. */
  readonly name: string;
  readonly params: P;
  readonly load: (call: AdminCall<z.output<P>, unknown, unknown>) => Promise<Loaded<LimitedObject>>;
}

export const ORGANIZATION: LimitedScope<typeof idParams> = {
  name: 'an organization',
  params: idParams,
  load: async (call) => {
    const { place, object } = await load.organization(call);
    return { place, object: { scope: 'organization', row: { ...object, organizationId: object.id } } };
  },
};

export const TEAM: LimitedScope<typeof idParams> = {
  name: 'a team',
  params: idParams,
  load: async (call) => {
    const { place, object } = await load.team(call);
    return { place, object: { scope: 'team', row: object } };
  },
};

export const MEMBER: LimitedScope<typeof memberParams> = {
  name: 'a member',
  params: memberParams,
  load: async (call) => {
    const { place, object } = await load.member(call);
    return { place, object: { scope: 'user', row: object } };
  },
};

export const KEY: LimitedScope<typeof idParams> = {
  name: 'a key',
  params: idParams,
  load: async (call) => {
    const { place, object } = await load.key(call);
    return { place, object: { scope: 'key', row: object.row } };
  },
};

/** Reads the limits of a scope that are stored now. */
export async function limitsOf(
  call: AdminCall<unknown, unknown, unknown>,
  { scope, row }: LimitedObject,
): Promise<ScopeOfLimits> {
  const { db } = call.deps;
  const { organizationId, id: scopeId } = row;
  const policy = await loadPolicy(db, scope, row);
  const timeZone = (await organizations.timeZones(db, [organizationId])).get(organizationId) ?? 'UTC';
  return { organizationId, scope, scopeId, policy, timeZone };
}
