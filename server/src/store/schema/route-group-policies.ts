/** The versions of each route group's routing policy. Rows never change; the newest version is in force. */
import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { routeGroups } from './catalogue.ts';
import { anyJson, instant } from './columns.ts';
import { strategyChecks, strategyColumns } from './strategy-columns.ts';

/** A member in a version. Its deployment may be deleted since. */
export interface StoredPolicyMember {
  readonly deploymentId: string;
  readonly weight: number;
  readonly priority: number;
}

export const routeGroupPolicies = pgTable(
  'route_group_policies',
  {
    routeGroupId: text('route_group_id')
      .notNull()
      .references(() => routeGroups.id, { onDelete: 'cascade' }),
    version: integer('version').notNull(),
    ...strategyColumns(),
    members: jsonb('members').$type<readonly StoredPolicyMember[]>().notNull(),
    /** Null: the version was made by a version of the gateway that does not know them. */
    contextFallbacks: text('context_fallbacks').array(),
    policyFallbacks: text('policy_fallbacks').array(),
    canary: anyJson('canary'),
    mirror: anyJson('mirror'),
    /** The version that this one restored. Null for a new policy. */
    rolledBackTo: integer('rolled_back_to'),
    publishedAt: instant('published_at').notNull(),
    /** The id of the account (`acct_…`) or admin token (`adm_…`). Null if neither published it. */
    publishedById: text('published_by_id'),
    publishedByName: text('published_by_name').notNull(),
  },
  (table) => [primaryKey({ columns: [table.routeGroupId, table.version] }), ...strategyChecks('route_group_policies', table)],
);
