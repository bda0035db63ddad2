/** Batches as the console lists them: by organization, within what a reader may see, with progress and cost. No content of lines. */
import { and, desc, eq, ilike, or, type SQL } from 'drizzle-orm';
import type { BatchStatus } from '../../domain/batches/batch.ts';
import { type LineError, PackedLines } from '../../domain/batches/line-plan.ts';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { afterCursor, type Keyset, literally, pageLimit, pageOf, type Total, totalOf } from '../paging.ts';
import { batches, batchLines, keys, teams } from '../schema.ts';
import { withinReach } from '../tenancy/reach.ts';
import type { BatchAddress } from './batches.ts';

export interface BatchFilter {
  readonly organizationId: string;
  readonly reach: readonly Reach[];
  readonly teamId?: string | undefined;
  readonly keyId?: string | undefined;
  readonly status?: BatchStatus | undefined;
  /** A part of the called name, or the whole id. */
  readonly search?: string | undefined;
}

/** A batch with the names of its team and its key, and the membership that owns the key. */
export type ListedBatch = Awaited<ReturnType<typeof selected>>[number];

const NEWEST_FIRST: Keyset = { name: 'batches', columns: [batches.id], direction: 'desc' };

/** Returns a page of batches, newest first, and their number. Deleted teams' batches are listed too: their cost stays. */
export async function listForAdmin(
  db: Database,
  filter: BatchFilter,
  { limit, cursor }: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
): Promise<{ readonly rows: readonly ListedBatch[]; readonly nextCursor: string | null; readonly total: Total }> {
  const size = pageLimit(limit);
  const wanted = wantedBy(filter);
  const rows = await selected(db, and(wanted, afterCursor(NEWEST_FIRST, cursor)), size + 1);
  const page = pageOf(NEWEST_FIRST, rows, size, ({ id }) => [id]);
  const all = db.select({ id: batches.id }).from(batches).leftJoin(keys, isItsKey()).where(wanted);
  return { ...page, total: await totalOf(db, all) };
}

/** Returns one batch with its errors; null if the organization has none of this id. */
export async function findForAdmin(db: Database, { organizationId, id }: BatchAddress): Promise<ListedBatch | null> {
  const [row] = await selected(db, and(eq(batches.organizationId, organizationId), eq(batches.id, id)), 1);
  return row ?? null;
}

/** A line that was not sent. */
interface RefusedLine {
  /** From 1. */
  readonly line: number;
  readonly error: LineError;
}

/** Returns the first lines of a batch that were refused before it ran, and the number of all such lines. */
export async function refusedLines(
  db: Database,
  { organizationId, id }: BatchAddress,
  most: number,
): Promise<{ readonly lines: readonly RefusedLine[]; readonly total: number }> {
  const [row] = await db
    .select({ plan: batchLines.plan })
    .from(batchLines)
    .where(and(eq(batchLines.organizationId, organizationId), eq(batchLines.batchId, id)));
  const lines: RefusedLine[] = [];
  let total = 0;
  const packed = new PackedLines(row?.plan ?? Buffer.alloc(0));
  for (let line = 0; line < packed.count; line += 1) {
    const plan = packed.at(line);
    if (plan?.is !== 'refused') continue;
    total += 1;
    if (lines.length < most) lines.push({ line: line + 1, error: plan.error });
  }
  return { lines, total };
}

function selected(db: Database, wanted: SQL | undefined, limit: number) {
  return db
    .select({ ...COLUMNS, ownerMembershipId: keys.ownerMembershipId })
    .from(batches)
    .leftJoin(keys, isItsKey())
    .leftJoin(teams, and(eq(teams.organizationId, batches.organizationId), eq(teams.id, batches.teamId)))
    .where(wanted)
    .orderBy(desc(batches.id))
    .limit(limit);
}

function isItsKey(): SQL | undefined {
  return and(eq(keys.organizationId, batches.organizationId), eq(keys.id, batches.keyId));
}

function wantedBy({ organizationId, reach, teamId, keyId, status, search }: BatchFilter): SQL | undefined {
  const columns = { organizationId: batches.organizationId, teamId: batches.teamId, membershipId: keys.ownerMembershipId };
  return and(
    eq(batches.organizationId, organizationId),
    withinReach(reach, columns),
    teamId === undefined ? undefined : eq(batches.teamId, teamId),
    keyId === undefined ? undefined : eq(batches.keyId, keyId),
    status === undefined ? undefined : eq(batches.status, status),
    search === undefined ? undefined : or(eq(batches.id, search), ilike(batches.calledName, `%${literally(search)}%`)),
  );
}

const COLUMNS = {
  organizationId: batches.organizationId,
  id: batches.id,
  teamId: batches.teamId,
  teamName: teams.name,
  keyId: batches.keyId,
  keyName: keys.name,
  calledName: batches.calledName,
  endpoint: batches.endpoint,
  status: batches.status,
  createdAt: batches.createdAt,
  cancellingAt: batches.cancellingAt,
  endedAt: batches.endedAt,
  expiresAt: batches.expiresAt,
  provider: batches.provider,
  total: batches.total,
  refused: batches.refused,
  failed: batches.failed,
  completed: batches.completed,
  heldNanoUsd: batches.heldNanoUsd,
  spentTokens: batches.spentTokens,
  spentNanoUsd: batches.spentNanoUsd,
  trouble: batches.trouble,
  inputFileId: batches.inputFileId,
  outputFileId: batches.outputFileId,
  errorFileId: batches.errorFileId,
  errors: batches.errors,
};
