import { foreignKey, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { bytes, createdAt, instant } from './columns.ts';

/**
 * A conversation of the Responses API. Its metadata and items are sealed under the organization's content key. It ends when it expires,
 * or after its team or its organization was deleted; never because its key ended.
 */
export const conversations = pgTable(
  'conversations',
  {
    organizationId: text('organization_id').notNull(),
    /** An id of ours, `conv_…`. */
    id: text('id').notNull(),
    teamId: text('team_id').notNull(),
    keyId: text('key_id').notNull(),
    createdAt: createdAt(),
    /** Moves on with each item that is added. */
    expiresAt: instant('expires_at').notNull(),
    sealedMetadata: bytes('sealed_metadata').notNull(),
    /** The position of the next item. It never falls, so that items keep their order. */
    nextPosition: integer('next_position').notNull().default(0),
    /** The number of items, and the length of their sealed values. */
    items: integer('items').notNull().default(0),
    bytes: integer('bytes').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    index('conversations_team').on(table.organizationId, table.teamId),
    index('conversations_expires_at').on(table.expiresAt),
  ],
);

/** One item of a conversation, sealed by itself. */
export const conversationItems = pgTable(
  'conversation_items',
  {
    organizationId: text('organization_id').notNull(),
    conversationId: text('conversation_id').notNull(),
    position: integer('position').notNull(),
    /** An id of ours. Ids of providers and of clients are not stored. */
    id: text('id').notNull(),
    sealed: bytes('sealed').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.conversationId, table.position] }),
    foreignKey({
      name: 'conversation_items_conversation',
      columns: [table.organizationId, table.conversationId],
      foreignColumns: [conversations.organizationId, conversations.id],
    }).onDelete('cascade'),
  ],
);
