/** What each route group routed by, version after version. Rows never change: the newest is what is in force. */
import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { routeGroups } from './catalogue.ts';
import { instant } from './columns.ts';

/** A member as a version keeps it; its deployment may be gone since. */
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
    strategy: text('strategy', { enum: ['weighted', 'priority'] }).notNull(),
    members: jsonb('members').$type<readonly StoredPolicyMember[]>().notNull(),
    /** The version this one brought back; null for a new one. */
    rolledBackTo: integer('rolled_back_to'),
    publishedAt: instant('published_at').notNull(),
    /** `acct_…` or `adm_…`; null where nobody in particular did. */
    publishedById: text('published_by_id'),
    publishedByName: text('published_by_name').notNull(),
  },
  (table) => [primaryKey({ columns: [table.routeGroupId, table.version] })],
);
