import { z } from 'zod';
import type { RouteGroupMember, RouteGroupRow } from '../../store/catalogue/route-groups.ts';
import { FALLBACKS_MAX } from '../access/target-names.ts';
import { cacheSeconds, sticky, strategy } from '../access/target-view.ts';
import { id, metadata, modelName } from '../http/fields.ts';
import { detourFields, renderDetours } from './detour-fields.ts';

/** The fields of a route group that the API accepts and shows. */

const MEMBERS_MAX = 200;

export const members = z
  .array(
    z.strictObject({
      deployment_id: id,
      weight: z.int().min(0).max(1_000_000).default(1),
      priority: z.int().min(0).max(1_000_000).default(0),
    }),
  )
  .max(MEMBERS_MAX);
type MembersBody = z.output<typeof members>;

const settings = {
  strategy: strategy.optional(),
  sticky: sticky.optional(),
  cache_seconds: cacheSeconds.optional(),
  members: members.nullish(),
  fallbacks: z.array(modelName).max(FALLBACKS_MAX).nullish(),
  ...detourFields,
  metadata: metadata.nullish(),
};
export const createBody = z.strictObject({ key: modelName, ...settings, confirm_regained_access: z.boolean().optional() });
export const patchBody = z.strictObject(settings);
export type CreateBody = z.output<typeof createBody>;
export type PatchBody = z.output<typeof patchBody>;

export const membersOut = z.array(z.object({ deployment_id: z.string(), weight: z.int(), priority: z.int() }));

export function membersFrom(body: MembersBody | null | undefined): readonly RouteGroupMember[] {
  return (body ?? []).map(({ deployment_id: deploymentId, weight, priority }) => ({ deploymentId, weight, priority }));
}

/** Renders members sorted by deployment id, so that the audit log does not take a reordering for a change. */
export function renderMembers(stored: readonly RouteGroupMember[]): z.output<typeof membersOut> {
  return stored
    .map(({ deploymentId, weight, priority }) => ({ deployment_id: deploymentId, weight, priority }))
    .sort((a, b) => (a.deployment_id < b.deployment_id ? -1 : 1));
}

/** Returns the fields that people set, which the audit log compares. */
export function routeGroupFacts(row: RouteGroupRow, stored: readonly RouteGroupMember[]) {
  return {
    key: row.key,
    strategy: row.strategy,
    sticky: row.sticky,
    cache_seconds: row.cacheSeconds,
    members: renderMembers(stored),
    fallbacks: row.fallbacks,
    ...renderDetours(row),
    metadata: row.metadata,
  };
}

/** Returns the facts that are a group's policy, which has versions. */
export function policyFacts(facts: ReturnType<typeof routeGroupFacts>) {
  const { strategy, members, context_fallbacks, policy_fallbacks, canary, mirror } = facts;
  return { strategy, members, context_fallbacks, policy_fallbacks, canary, mirror };
}
