import { z } from 'zod';
import { can } from '../../domain/tenancy/permission.ts';
import type { AdminCall } from '../http/call.ts';
import type { Change } from '../http/change.ts';
import { flag } from '../http/fields.ts';
import { accessCatalogue } from './access-fields.ts';
import { accessEffect, type Changed, readAccess } from './effect-access.ts';
import { limitsEffect, readPolicy } from './effect-limits.ts';

/**
 * Computes a change's effect before it is saved. With `dry_run=true` the change's own code runs in its transaction, the tree is
 * compared before and after, and the transaction is rolled back. So a dry run makes every check of the change and stores nothing.
 */

export const dryRunQuery = z.strictObject({
  dry_run: flag.meta({
    description:
      'If true, stores nothing and returns `{"effect": …}`: who would lose which access, and which keys and scopes exceed a new limit already.',
  }),
});

const names = z.array(z.string()).meta({ description: 'Names, at most 200. The count beside the list is exact.' });
const ineffective = {
  name: z.string(),
  narrowed_to: z.array(z.string()).meta({ description: 'The parts of its choice that would have no effect.' }),
};

const NEEDS_TEAMS = 'Null if the caller lacks teams.read at the place of the change.';

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
      keys_over_new_limit: z
        .array(
          z.object({
            key_id: z
              .string()
              .optional()
              .meta({ description: 'The key over the limit. Absent if the changed scope itself is over it.' }),
            scope: z.enum(['organization', 'team', 'user', 'key']),
            limit: z.string(),
            value: z.union([z.int(), z.string()]),
            used: z.union([z.int(), z.string()]),
          }),
        )
        .nullable()
        .meta({ description: 'Null if the caller lacks usage.read at the place of the change.' }),
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
    }),
  })
  .meta({ id: 'Effect' });

type Effect = z.output<typeof effectOut>;

/** The error that ends a dry run. It rolls back the transaction of the change and carries the answer. */
export class Rehearsed extends Error {
  readonly answer: Effect;

  constructor(answer: Effect) {
    super('a dry run stores nothing');
    this.name = 'Rehearsed';
    this.answer = answer;
  }
}

type Work<T> = (change: Change) => Promise<T>;

/** Returns the work of a change unchanged or, for a dry run, work that ends by throwing Rehearsed. */
export async function rehearsed<T>(
  call: AdminCall<unknown, { readonly dry_run?: boolean | undefined } | undefined, unknown>,
  changed: Changed,
  work: Work<T>,
): Promise<Work<T>> {
  if (call.query?.dry_run !== true) return work;
  const catalogue = await accessCatalogue(call.deps.db);
  return async (change) => {
    const before = { access: await readAccess(change.tx, changed), policy: await readPolicy(change.tx, changed) };
    await work(change);
    const after = { access: await readAccess(change.tx, changed), policy: await readPolicy(change.tx, changed) };
    const access = await accessEffect(change.tx, changed, { before: before.access, after: after.access, catalogue });
    const limits = { before: before.policy, after: after.policy, catalogue };
    const place = { organizationId: changed.organizationId, teamId: before.access.teamId };
    throw new Rehearsed({
      effect: {
        ...access,
        ...(can(call.actor, 'teams.read', place) ? {} : NOBODY_NAMED),
        // Needs usage.read. Otherwise a caller who may only set limits could find out the use by trying low limits in dry runs.
        keys_over_new_limit: can(call.actor, 'usage.read', place) ? await limitsEffect(call, change.tx, changed, limits) : null,
      },
    });
  };
}

const NOBODY_NAMED = { key_examples: null, members_ineffective: null, teams_ineffective: null };
