/** Files as the console lists them: by organization, within what a reader may see. No content. */
import { and, desc, eq, ilike, or, type SQL } from 'drizzle-orm';
import type { FilePurpose } from '../../domain/tenancy/files.ts';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { afterCursor, type Keyset, literally, pageLimit, pageOf, type Total, totalOf } from '../paging.ts';
import { files, keys, teams } from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';
import { isLivingFile } from './ended-files.ts';
import type { FileAddress } from './files.ts';

export interface FileFilter {
  readonly organizationId: string;
  readonly reach: readonly Reach[];
  readonly teamId?: string | undefined;
  readonly keyId?: string | undefined;
  readonly purpose?: FilePurpose | undefined;
  /** A part of the file name, or the whole id. */
  readonly search?: string | undefined;
}

const COLUMNS = {
  organizationId: files.organizationId,
  id: files.id,
  teamId: files.teamId,
  teamName: teams.name,
  keyId: files.keyId,
  keyName: keys.name,
  purpose: files.purpose,
  filename: files.filename,
  bytes: files.bytes,
  lines: files.lines,
  createdAt: files.createdAt,
  expiresAt: files.expiresAt,
};

/** A file with the names of its team and its key, and the membership that owns the key. */
export type ListedFile = Awaited<ReturnType<typeof selected>>[number];

const NEWEST_FIRST: Keyset = { name: 'files', columns: [files.id], direction: 'desc' };

/** Returns a page of files, newest first, and their number. */
export async function listForAdmin(
  db: Database,
  filter: FileFilter,
  { limit, cursor }: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
  at: Date,
): Promise<{ readonly rows: readonly ListedFile[]; readonly nextCursor: string | null; readonly total: Total }> {
  const size = pageLimit(limit);
  const wanted = wantedBy(filter, at);
  const rows = await selected(db, and(wanted, afterCursor(NEWEST_FIRST, cursor)), size + 1);
  const page = pageOf(NEWEST_FIRST, rows, size, ({ id }) => [id]);
  const all = db.select({ id: files.id }).from(files).leftJoin(keys, isItsKey()).where(wanted);
  return { ...page, total: await totalOf(db, all) };
}

/** Finds a file of an organization. Returns null if there is none. */
export async function findForAdmin(db: Database, { organizationId, id }: FileAddress, at: Date): Promise<ListedFile | null> {
  const [row] = await selected(db, and(eq(files.organizationId, organizationId), eq(files.id, id), isLivingFile(at)), 1);
  return row ?? null;
}

function selected(db: Database, wanted: SQL | undefined, limit: number) {
  return db
    .select({ ...COLUMNS, ownerMembershipId: keys.ownerMembershipId })
    .from(files)
    .leftJoin(keys, isItsKey())
    .leftJoin(teams, and(eq(teams.organizationId, files.organizationId), eq(teams.id, files.teamId)))
    .where(wanted)
    .orderBy(desc(files.id))
    .limit(limit);
}

function isItsKey(): SQL | undefined {
  return and(eq(keys.organizationId, files.organizationId), eq(keys.id, files.keyId));
}

function wantedBy({ organizationId, reach, teamId, keyId, purpose, search }: FileFilter, at: Date): SQL | undefined {
  const columns = { organizationId: files.organizationId, teamId: files.teamId, membershipId: keys.ownerMembershipId };
  return and(
    eq(files.organizationId, organizationId),
    withinReach(reach, columns),
    teamId === undefined ? undefined : eq(files.teamId, teamId),
    keyId === undefined ? undefined : eq(files.keyId, keyId),
    purpose === undefined ? undefined : eq(files.purpose, purpose),
    search === undefined ? undefined : or(eq(files.id, search), ilike(files.filename, `%${literally(search)}%`)),
    isLivingFile(at),
  );
}
