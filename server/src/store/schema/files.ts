import { sql } from 'drizzle-orm';
import { bigint, check, foreignKey, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { FILE_PURPOSES } from '../../domain/tenancy/files.ts';
import { bytes, createdAt, instant } from './columns.ts';

/**
 * A file of the Files API. Its content is in `file_pieces`, sealed under the organization's content key. It ends when it expires, or
 * after its team or its organization was deleted; never because its key ended.
 */
export const files = pgTable(
  'files',
  {
    organizationId: text('organization_id').notNull(),
    /** An id of ours, `file-…`. Ids of providers are never stored here, so none of them finds a row. */
    id: text('id').notNull(),
    teamId: text('team_id').notNull(),
    keyId: text('key_id').notNull(),
    purpose: text('purpose', { enum: FILE_PURPOSES }).notNull(),
    filename: text('filename').notNull(),
    /** The length of the content, and its lines. While it arrives: of what has arrived. */
    bytes: bigint('bytes', { mode: 'number' }).notNull().default(0),
    lines: integer('lines').notNull().default(0),
    /** The number of pieces, which is the number of the next one. */
    pieces: integer('pieces').notNull().default(0),
    /** Only a `ready` file is found or listed. A job deletes the pieces of a `deleting` one. */
    status: text('status', { enum: ['uploading', 'ready', 'deleting'] }).notNull(),
    /** The time until which the process that takes the content vouches for it. Past it, the upload has failed. Null unless `uploading`. */
    uploadingUntil: instant('uploading_until'),
    createdAt: createdAt(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    // For the job that deletes the files of teams and organizations that ended, and for the bytes of an organization.
    index('files_team').on(table.organizationId, table.teamId),
    index('files_expires_at').on(table.expiresAt),
    index('files_unfinished').on(table.status).where(sql`${table.status} <> 'ready'`),
    check('files_bytes', sql`${table.bytes} >= 0`),
  ],
);

/** One piece of a file's content, sealed by itself for the file and its number. */
export const filePieces = pgTable(
  'file_pieces',
  {
    organizationId: text('organization_id').notNull(),
    fileId: text('file_id').notNull(),
    number: integer('number').notNull(),
    sealed: bytes('sealed').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.fileId, table.number] }),
    foreignKey({
      name: 'file_pieces_file',
      columns: [table.organizationId, table.fileId],
      foreignColumns: [files.organizationId, files.id],
    }).onDelete('cascade'),
  ],
);
