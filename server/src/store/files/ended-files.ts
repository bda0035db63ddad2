/** The end of files: those that expired, were deleted, did not arrive whole, or are of teams and organizations that were deleted. */
import { and, asc, eq, gt, inArray, isNotNull, isNull, lte, or, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { filePieces, files, organizations, teams } from '../schema.ts';

/** The address of one file. */
export interface FileAddress {
  readonly organizationId: string;
  readonly id: string;
}

/** Returns the condition for files that are ready, have not expired and whose team exists. The job deletes the others a little later. */
export function isLivingFile(at: Date): SQL {
  const team = sql`exists (select 1 from ${teams} where ${teams.organizationId} = ${files.organizationId}
    and ${teams.id} = ${files.teamId} and ${isNull(teams.deletedAt)})`;
  return sql`${files.status} = 'ready' and ${gt(files.expiresAt, at)} and ${team}`;
}

/** Returns up to `filesMax` files that nobody finds any more. */
export async function endedFiles(db: Database, at: Date, filesMax: number): Promise<readonly FileAddress[]> {
  const address = { organizationId: files.organizationId, id: files.id };
  const isOver = or(
    eq(files.status, 'deleting'),
    and(eq(files.status, 'uploading'), lte(files.uploadingUntil, at)),
    lte(files.expiresAt, at),
  );
  const over = await db.select(address).from(files).where(isOver).orderBy(asc(files.expiresAt)).limit(filesMax);
  if (over.length === filesMax) return over;
  const ofPlaces = await db
    .select(address)
    .from(files)
    .innerJoin(organizations, eq(organizations.id, files.organizationId))
    .leftJoin(teams, and(eq(teams.organizationId, files.organizationId), eq(teams.id, files.teamId)))
    .where(or(eq(organizations.status, 'deleted'), isNotNull(teams.deletedAt)))
    .limit(filesMax - over.length);
  return [...over, ...ofPlaces];
}

/**
 * Deletes pieces of a file that nobody finds, at most `piecesMax`, and the file's row after its last piece. Returns true when nothing
 * is left. Call `remove` first: a reader of a file in use would miss pieces.
 */
export async function dropPieces(db: Database, { organizationId, id }: FileAddress, piecesMax: number): Promise<boolean> {
  const isOfFile = and(eq(filePieces.organizationId, organizationId), eq(filePieces.fileId, id));
  const wanted = db.select({ number: filePieces.number }).from(filePieces).where(isOfFile).limit(piecesMax);
  const { rowCount } = await db.delete(filePieces).where(and(isOfFile, inArray(filePieces.number, wanted)));
  if ((rowCount ?? 0) === piecesMax) return false;
  await db.delete(files).where(and(eq(files.organizationId, organizationId), eq(files.id, id)));
  return true;
}
