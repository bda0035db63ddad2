import { sql } from 'drizzle-orm';
import { check, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { bytes, createdAt, instant } from './columns.ts';

/** The most sealed bytes of a stored response: its input and its output together. */
export const RESPONSE_BYTES_MAX = 4 * 1024 * 1024;

/**
 * A response of the Responses API that its organization keeps. Input and output are sealed under the organization's content key.
 * A row ends when it expires, or after its team or its organization was deleted; never because its key ended.
 */
export const storedResponses = pgTable(
  'stored_responses',
  {
    organizationId: text('organization_id').notNull(),
    /** An id of ours, `resp_…`. Ids of providers are never stored here, so none of them finds a row. */
    id: text('id').notNull(),
    teamId: text('team_id').notNull(),
    keyId: text('key_id').notNull(),
    createdAt: createdAt(),
    expiresAt: instant('expires_at').notNull(),
    /** `in_progress` only for a response in the background, until it ends. */
    status: text('status').notNull(),
    /** The time until which a process vouches for a response in progress. Past it, that process is gone, and the response failed. */
    runningUntil: instant('running_until'),
    /** The called name. */
    model: text('model').notNull(),
    /** The response that it continues. Null: it begins a chain. */
    previousId: text('previous_id'),
    /** The items that its own request added, as a JSON array. */
    sealedInput: bytes('sealed_input').notNull(),
    /** The whole response as it was answered, as a JSON object. */
    sealedOutput: bytes('sealed_output').notNull(),
    /** The length of both sealed values. */
    bytes: integer('bytes').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    // For the job that deletes the responses of teams and organizations that ended, and for counting those of an organization.
    index('stored_responses_team').on(table.organizationId, table.teamId),
    index('stored_responses_expires_at').on(table.expiresAt),
    check('stored_responses_bytes', sql`${table.bytes} between 0 and ${sql.raw(String(RESPONSE_BYTES_MAX))}`),
  ],
);
