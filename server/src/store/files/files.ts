/** Files and their sealed pieces. Every query names its organization. proxy/files/file-store.ts seals, opens and cuts. */
import { and, asc, count, desc, eq, gt, lt, type SQL, sql } from 'drizzle-orm';
import type { FilesFilter } from '../../domain/tenancy/files.ts';
import type { Database } from '../database.ts';
import { filePieces, files } from '../schema.ts';
import { type FileAddress, isLivingFile } from './ended-files.ts';

export type { FileAddress };

/** A file without its content. */
export type FileRow = Omit<typeof files.$inferSelect, 'uploadingUntil' | 'status'>;

export type NewFileRow = Pick<
  FileRow,
  'organizationId' | 'id' | 'teamId' | 'keyId' | 'purpose' | 'filename' | 'createdAt' | 'expiresAt'
> & { readonly uploadingUntil: Date };

/** One piece to add. `bytes`: the length of its content. */
export interface NewPiece {
  readonly number: number;
  readonly sealed: Buffer;
  readonly bytes: number;
  readonly uploadingUntil: Date;
  /** The most bytes of all files of the organization. */
  readonly organizationBytesMax: number;
}

/** The outcome of adding a piece. `gone`: the upload was given up or deleted meanwhile. */
export type PieceAdded = 'added' | 'no_room' | 'gone';

/** The use of an organization: its files, those that arrive just now included, and the bytes of their content. */
export interface FilesUse {
  readonly files: number;
  readonly bytes: number;
}

/** Begins a file. Nobody finds it until it is finished. */
export async function begin(db: Database, row: NewFileRow): Promise<void> {
  await db.insert(files).values({ ...row, status: 'uploading' });
}

/** Adds the next piece of a file that is being uploaded, if its organization has room. */
export async function addPiece(db: Database, address: FileAddress, piece: NewPiece): Promise<PieceAdded> {
  const { organizationId, id } = address;
  const { number, bytes } = piece;
  const { rowCount } = await db.execute(sql`
    with room as (select coalesce(sum(bytes), 0)::bigint + ${bytes}::bigint <= ${piece.organizationBytesMax}::bigint as fits
      from ${files} where organization_id = ${organizationId}),
    moved as (update ${files} set pieces = ${number + 1}, bytes = bytes + ${bytes}, uploading_until = ${piece.uploadingUntil.toISOString()}::timestamptz
      from room where organization_id = ${organizationId} and id = ${id} and status = 'uploading' and pieces = ${number} and room.fits
      returning id)
    insert into ${filePieces} (organization_id, file_id, number, sealed)
    select ${organizationId}, moved.id, ${number}, ${piece.sealed}::bytea from moved`);
  if (rowCount === 1) return 'added';
  const use = await useOf(db, organizationId);
  return use.bytes + bytes > piece.organizationBytesMax ? 'no_room' : 'gone';
}

/** Makes a file that arrived whole visible. Returns null if it was given up or deleted meanwhile. */
export async function finish(db: Database, address: FileAddress, lines: number): Promise<FileRow | null> {
  const [row] = await db
    .update(files)
    .set({ status: 'ready', lines, uploadingUntil: null })
    .where(and(isAt(address), eq(files.status, 'uploading')))
    .returning(COLUMNS);
  return row ?? null;
}

/** Finds a file that is ready and has not ended. Returns null if there is none. */
export async function find(db: Database, address: FileAddress, at: Date): Promise<FileRow | null> {
  const [row] = await db
    .select(COLUMNS)
    .from(files)
    .where(and(isAt(address), isLivingFile(at)));
  return row ?? null;
}

/** A page of an organization's files, by age. */
export interface FilesQuestion extends FilesFilter {
  readonly organizationId: string;
  readonly purpose: FileRow['purpose'] | null;
  readonly order: 'asc' | 'desc';
  /** The last file of the page before. It need not exist any more. */
  readonly after: string | null;
  readonly limit: number;
}

/** Returns files that are ready and have not ended. Their ids sort by age. */
export function list(db: Database, question: FilesQuestion, at: Date): Promise<readonly FileRow[]> {
  const { organizationId, teamId, keyId, purpose, order, after, limit } = question;
  return db
    .select(COLUMNS)
    .from(files)
    .where(
      and(
        eq(files.organizationId, organizationId),
        teamId === null ? undefined : eq(files.teamId, teamId),
        keyId === null ? undefined : eq(files.keyId, keyId),
        purpose === null ? undefined : eq(files.purpose, purpose),
        after === null ? undefined : (order === 'asc' ? gt : lt)(files.id, after),
        isLivingFile(at),
      ),
    )
    .orderBy((order === 'asc' ? asc : desc)(files.id))
    .limit(limit);
}

/** Returns one sealed piece; null if there is none, or the file was deleted meanwhile. */
export async function sealedPiece(db: Database, { organizationId, id }: FileAddress, number: number): Promise<Buffer | null> {
  const [row] = await db
    .select({ sealed: filePieces.sealed })
    .from(filePieces)
    .where(and(eq(filePieces.organizationId, organizationId), eq(filePieces.fileId, id), eq(filePieces.number, number)));
  return row?.sealed ?? null;
}

/** Hides a file at once and for good. `dropPieces` and the job `files` delete its content. Returns false if there was none. */
export async function remove(db: Database, address: FileAddress): Promise<boolean> {
  const gone = await db
    .update(files)
    .set({ status: 'deleting', uploadingUntil: null })
    .where(and(isAt(address), sql`${files.status} <> 'deleting'`))
    .returning({ id: files.id });
  return gone.length > 0;
}

/** Returns what an organization uses, files that ended included until the job deletes them. */
export async function useOf(db: Database, organizationId: string): Promise<FilesUse> {
  const [row] = await db
    .select({ files: count(), bytes: sql<string>`coalesce(sum(${files.bytes}), 0)::text` })
    .from(files)
    .where(eq(files.organizationId, organizationId));
  return { files: row?.files ?? 0, bytes: Number(row?.bytes ?? 0) };
}

const COLUMNS = {
  organizationId: files.organizationId,
  id: files.id,
  teamId: files.teamId,
  keyId: files.keyId,
  purpose: files.purpose,
  filename: files.filename,
  bytes: files.bytes,
  lines: files.lines,
  pieces: files.pieces,
  createdAt: files.createdAt,
  expiresAt: files.expiresAt,
};

function isAt({ organizationId, id }: FileAddress): SQL | undefined {
  return and(eq(files.organizationId, organizationId), eq(files.id, id));
}
