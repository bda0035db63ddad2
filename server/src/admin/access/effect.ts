import { z } from 'zod';
import { can } from '../../domain/tenancy/permission.ts';
import { countWorkingKeys, requestsSince, type WhoseKeys } from '../../store/access/working-keys.ts';
import type { Database } from '../../store/database.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, Rehearsed } from '../http/change.ts';
import { flag } from '../http/fields.ts';
import { accessCatalogue } from './access-fields.ts';
import { accessEffect, type Changed, readAccess, type TreeChange } from './effect-access.ts';
import { catalogueEffect } from './effect-catalogue.ts';
import { limitsEffect, limitsRemoved, readPolicy } from './effect-limits.ts';
import { readRights, rightsEffect } from './effect-people.ts';

/**
 * Computes a change's effect before it is saved. With `dry_run=true` the change's own code runs in its transaction, what it
 * changes is compared before and after, and the transaction is rolled back. So a dry run makes every check of the change and
 * stores nothing.
 */

export const dryRunQuery = z.strictObject({
  dry_run: flag.meta({
    description:
      'If true, stores nothing and returns `{"effect": …}`: who would lose what, and which keys and scopes exceed a new limit already.',
  }),
});

const names = z.array(z.string()).meta({ description: 'Names, at most 200. The count beside the list is exact.' });
const ineffective = {
  name: z.string(),
  narrowed_to: z.array(z.string()).meta({ description: 'The parts of its choice that would have no effect.' }),
};

const NEEDS_TEAMS = 'Null if the caller lacks teams.read at the place of the change.';
const NEEDS_USAGE = 'Null if the caller lacks usage.read at the place of the change.';
const scope = z.enum(['organization', 'team', 'user', 'key']);
const limitValue = z.union([z.int(), z.string()]);

export const overLimit = z.object({
  key_id: z.string().optional().meta({ description: 'The key over the limit. Absent if the changed scope itself is over it.' }),
  scope,
  limit: z.string(),
  value: limitValue,
  used: limitValue,
});
export const removedLimit = z.object({ scope, limit: z.string(), value: limitValue });

export const effectOut = z
  .object({
    effect: z.object({
      targets_lost: names,
      targets_lost_count: z.int(),
      targets_gained: names,
      targets_gained_count: z.int(),
      keys_losing_access: z.int(),
      key_examples: z
        .array(z.object({ key_id: z.string(), name: z.string(), team_name: z.string(), lost: z.array(z.string()) }))
        .nullable()
        .meta({ description: NEEDS_TEAMS }),
      keys_refused: z.int().meta({ description: 'Keys that work now, and whose every request would be refused.' }),
      keys_over_new_limit: z.array(overLimit).nullable().meta({ description: NEEDS_USAGE }),
      limits_removed: z.array(removedLimit).meta({ description: 'Limits and budgets that would no longer apply, at most 20.' }),
      members_ineffective: z
        .array(z.object({ member_id: z.string(), ...ineffective }))
        .nullable()
        .meta({ description: NEEDS_TEAMS }),
      members_ineffective_count: z.int(),
      teams_ineffective: z
        .array(z.object({ team_id: z.string(), ...ineffective }))
        .nullable()
        .meta({ description: NEEDS_TEAMS }),
      teams_ineffective_count: z.int(),
      organizations_losing: z
        .array(z.object({ organization_id: z.string(), name: z.string(), keys: z.int(), lost: z.array(z.string()) }))
        .meta({ description: 'Organizations whose keys lose targets by a change of the catalogue, at most 20.' }),
      organizations_losing_count: z.int(),
      people_refused: z.int().meta({ description: 'People who could act at the place of the change, and could not any more.' }),
      permissions_lost: z.array(z.string()).meta({ description: 'Permissions that the changed person would lose there.' }),
      requests_last_30_days: z
        .int()
        .nullable()
        .meta({
          description: `Admitted requests of the changed scope in the last 30 days. ${NEEDS_USAGE} Null for a change of the catalogue or of an account.`,
        }),
    }),
  })
  .meta({ id: 'Effect' });

type Effect = z.output<typeof effectOut>['effect'];

type DryRunCall = AdminCall<unknown, { readonly dry_run?: boolean | undefined } | undefined, unknown>;
type Work<T> = (change: Change) => Promise<T>;
/** Reads one side of a comparison, before the change. The function that it returns is called after it. */
type Measure = (call: DryRunCall, change: Change, changed: Changed) => Promise<(tx: Database) => Promise<Partial<Effect>>>;

/** Returns the work of a change unchanged or, for a dry run, work that ends by throwing Rehearsed. */
export function rehearsed<T>(call: DryRunCall, changed: Changed, work: Work<T>): Work<T> {
  if (call.query?.dry_run !== true) return work;
  return async (change) => {
    const measures = [];
    for (const measure of MEASURES[changed.level]) measures.push(await measure(call, change, changed));
    await work(change);
    const effect: Effect = { ...NO_EFFECT };
    for (const after of measures) Object.assign(effect, await after(change.tx));
    throw new Rehearsed({ effect });
  };
}

const NO_EFFECT: Effect = {
  targets_lost: [],
  targets_lost_count: 0,
  targets_gained: [],
  targets_gained_count: 0,
  keys_losing_access: 0,
  key_examples: [],
  keys_refused: 0,
  keys_over_new_limit: [],
  limits_removed: [],
  members_ineffective: [],
  members_ineffective_count: 0,
  teams_ineffective: [],
  teams_ineffective_count: 0,
  organizations_losing: [],
  organizations_losing_count: 0,
  people_refused: 0,
  permissions_lost: [],
  requests_last_30_days: null,
};

/** Compares the tree of one organization: access, limits and budgets. */
const ofTree: Measure = async (call, { tx }, changed) => {
  const part = changed as TreeChange;
  const catalogue = await accessCatalogue(tx);
  const before = { access: await readAccess(tx, part), policy: await readPolicy(tx, part) };
  return async (tx) => {
    const after = { access: await readAccess(tx, part), policy: await readPolicy(tx, part) };
    const access = await accessEffect(tx, part, { before: before.access, after: after.access, catalogue });
    const limits = { before: before.policy, after: after.policy, catalogue };
    const place = { organizationId: part.organizationId, teamId: before.access.teamId };
    return {
      ...access,
      ...(can(call.actor, 'teams.read', place) ? {} : NOBODY_NAMED),
      // Needs usage.read. Otherwise a caller who may only set limits could find out the use by trying low limits in dry runs.
      keys_over_new_limit: can(call.actor, 'usage.read', place) ? await limitsEffect(call, tx, part, limits) : null,
      limits_removed: limitsRemoved(part, before.policy, after.policy, call.deps.clock.nowMs()),
    };
  };
};

/** Counts the keys that work before and not after. */
const ofKeys: Measure = async (call, { tx, now }, changed) => {
  const whose = whoseKeys(changed);
  const before = await countWorkingKeys(tx, whose, now);
  return async (tx) => ({
    keys_refused: Math.max(0, before - (await countWorkingKeys(tx, whose, now))),
    requests_last_30_days: await requestsOf(call, tx, whose, now),
  });
};

const ofRights: Measure = async (_, { tx }, changed) => {
  const before = await readRights(tx, changed);
  return async (tx) => rightsEffect(before, await readRights(tx, changed));
};

const ofCatalogue: Measure = async (_, { tx, now }) => {
  const before = await accessCatalogue(tx);
  return async (tx) => catalogueEffect(tx, before, await accessCatalogue(tx), now);
};

const MEASURES: Readonly<Record<Changed['level'], readonly Measure[]>> = {
  organization: [ofTree, ofKeys],
  team: [ofTree, ofKeys],
  user: [ofTree, ofKeys, ofRights],
  key: [ofTree, ofKeys],
  team_member: [ofRights],
  service_account: [ofKeys],
  account: [ofKeys, ofRights],
  catalogue: [ofCatalogue],
};

function whoseKeys(changed: Changed): WhoseKeys {
  switch (changed.level) {
    case 'organization':
      return { organizationId: changed.organizationId };
    case 'team':
      return { organizationId: changed.organizationId, teamId: changed.id };
    case 'user':
      return { organizationId: changed.organizationId, membershipId: changed.id };
    case 'key':
      return { organizationId: changed.organizationId, keyId: changed.id };
    case 'service_account':
      return {
        ...(changed.organizationId === null ? {} : { organizationId: changed.organizationId }),
        serviceAccountId: changed.id,
      };
    case 'account':
      return { accountId: changed.id };
    default:
      return {};
  }
}

const REQUESTS_MS = 30 * 86_400_000;

async function requestsOf(call: DryRunCall, tx: Database, whose: WhoseKeys, now: Date): Promise<number | null> {
  const { organizationId, teamId = null } = whose;
  if (organizationId === undefined || !can(call.actor, 'usage.read', { organizationId, teamId })) return null;
  return requestsSince(tx, { ...whose, organizationId }, new Date(now.getTime() - REQUESTS_MS));
}

const NOBODY_NAMED = { key_examples: null, members_ineffective: null, teams_ineffective: null };
