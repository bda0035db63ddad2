/** Presets that people added: vendors as data, beside those that come with the version. */
import { bigint, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { createdAt, updatedAt } from './columns.ts';

/**
 * A preset. `definition` has the fields of `POST /presets`, `id` included. It is read by the same rules each time: a version that
 * does not know one of its fields does not use the row.
 */
export const presets = pgTable('presets', {
  id: text('id').primaryKey(),
  definition: jsonb('definition').$type<Readonly<Record<string, unknown>>>().notNull(),
  version: bigint('version', { mode: 'number' }).notNull().default(1),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});
