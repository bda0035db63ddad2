import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/**
 * The tags that a limit names or named. Usage under them is told apart however many tags a month has, because their counters read it
 * after a restart.
 */
export const limitedTags = pgTable(
  'limited_tags',
  { organizationId: text('organization_id').notNull(), tag: text('tag').notNull() },
  (table) => [primaryKey({ name: 'limited_tags_pk', columns: [table.organizationId, table.tag] })],
);
