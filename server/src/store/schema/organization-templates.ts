/** Templates of organizations: settings by name, from which new organizations are made. */
import { sql } from 'drizzle-orm';
import { bigint, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { createdAt, updatedAt } from './columns.ts';

/**
 * A template. `settings` has the fields of `POST /organizations` without name, slug and metadata. An organization that was made
 * from it keeps no reference to it.
 */
export const organizationTemplates = pgTable(
  'organization_templates',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    description: text('description').notNull().default(''),
    settings: jsonb('settings').$type<Readonly<Record<string, unknown>>>().notNull(),
    version: bigint('version', { mode: 'number' }).notNull().default(1),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [uniqueIndex('organization_templates_name').on(sql`lower(${table.name})`)],
);
