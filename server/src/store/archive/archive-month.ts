/**
 * Moves a month of the request log from the database into an archive. The month is dropped in the transaction that writes the
 * archive's hash to the audit log, and only if its rows and sums are then exactly those of the archive.
 */
import { and, eq, sql } from 'drizzle-orm';
import {
  type AppendedEvent,
  type AuditTrail,
  appendAuditEvent,
  listAuditEvents,
  PLATFORM_CHAIN,
  rememberAppended,
} from '../audit/audit.ts';
import type { Database } from '../database.ts';
import { dropPartition } from '../partitions.ts';
import { auditEvents } from '../schema.ts';
import { deleteArchive, faultOf, prepareFolder, readManifest, writeArchive } from './archive-files.ts';
import { type ArchiveSums, type Manifest, sameSums } from './archive-format.ts';
import { archiveLines, type LogMonth, sumsInDatabase } from './archive-rows.ts';

export interface ArchiveOptions {
  readonly folder: string;
  readonly audit: AuditTrail;
  readonly now: () => Date;
  /** Throws if the work must stop. */
  readonly goOn: () => void;
}

const ACTION = 'request_log.archive';
const OBJECT_TYPE = 'request_archive';

/**
 * Archives a month and drops it. Returns the manifest; null if the month had no rows. If it throws, the month is unchanged in the
 * database, and a later run starts over. An archive that an interrupted run completed is used again.
 */
export async function archiveMonth(db: Database, month: LogMonth, options: ArchiveOptions): Promise<Manifest | null> {
  await prepareFolder(options.folder);
  const present = await sumsInDatabase(db, month);
  if (present.rows === '0') {
    await recordAndDrop(db, month, { manifest: null, sums: present }, options);
    return null;
  }
  const { name, manifest: whole } = await placeFor(db, month, present, options.folder);
  const about = { name, table: month.table, month: monthOf(month) };
  const manifest = whole ?? (await writeArchive(options.folder, about, archiveLines(db, month, options.goOn)));
  options.goOn();
  try {
    await recordAndDrop(db, month, { manifest, sums: manifest }, options);
  } catch (error) {
    if (error instanceof MonthChanged) await deleteArchive(options.folder, manifest);
    throw error;
  }
  return manifest;
}

/** Yields the name and the hash of every archive that the audit log names, the newest first. */
export async function* recordedArchives(db: Database): AsyncGenerator<{ readonly name: string; readonly sha256: string }> {
  for (let cursor: string | null = null; ; ) {
    const filter = { organizationId: null, action: ACTION, objectType: OBJECT_TYPE };
    const page = await listAuditEvents(db, filter, { limit: 200, cursor });
    for (const { objectId, after } of page.rows) {
      yield { name: objectId, sha256: String((after as { sha256?: unknown } | null)?.sha256) };
    }
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}

/** Reports whether any month of the request log was archived. */
export async function hasArchives(db: Database): Promise<boolean> {
  for await (const _ of recordedArchives(db)) return true;
  return false;
}

class MonthChanged extends Error {
  constructor(name: string) {
    super(`rows of ${name} came while it was archived; the next run archives it again`);
  }
}

/**
 * Returns the name for a month's archive, and its manifest if it is already written and holds what the database has. Never the
 * name of an archive that the audit log knows, nor of a whole one with other rows, as after a database was restored.
 */
async function placeFor(
  db: Database,
  month: LogMonth,
  present: ArchiveSums,
  folder: string,
): Promise<{ readonly name: string; readonly manifest: Manifest | null }> {
  const first = `${month.table}-${monthOf(month)}`;
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? first : `${first}.${number}`;
    if (await isRecorded(db, name)) continue;
    const manifest = await readManifest(folder, name);
    if (manifest === null) return { name, manifest };
    if (sameSums(manifest, present) && (await faultOf(folder, manifest)) === null) return { name, manifest };
  }
}

async function isRecorded(db: Database, name: string): Promise<boolean> {
  const rows = await db
    .select({ seq: auditEvents.seq })
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.chain, PLATFORM_CHAIN),
        eq(auditEvents.objectType, OBJECT_TYPE),
        eq(auditEvents.objectId, name),
        eq(auditEvents.action, ACTION),
      ),
    )
    .limit(1);
  return rows.length > 0;
}

async function recordAndDrop(
  db: Database,
  month: LogMonth,
  { manifest, sums }: { readonly manifest: Manifest | null; readonly sums: ArchiveSums },
  { audit, now }: ArchiveOptions,
): Promise<void> {
  const appended = await db.transaction(async (tx) => {
    await tx.execute(sql`set local lock_timeout = '2s'`);
    // Nobody can add a row to the month from here on. Readers go on.
    await tx.execute(sql`lock table ${sql.identifier(month.part.name)} in share mode`);
    if (!sameSums(await sumsInDatabase(tx, month), sums)) throw new MonthChanged(month.part.name);
    const events: AppendedEvent[] = [];
    if (manifest !== null) events.push(await appendAuditEvent(tx, audit, eventOf(manifest, now())));
    await dropPartition(tx, month.part);
    return events;
  });
  await rememberAppended(audit, appended);
}

function eventOf({ name, file, bytes, sha256, rows, sums, format }: Manifest, at: Date) {
  return {
    organizationId: null,
    at,
    actorKind: 'system',
    actorId: 'archive',
    actorName: 'Headgate',
    action: ACTION,
    objectType: OBJECT_TYPE,
    objectId: name,
    objectName: name,
    before: null,
    after: { file, format, bytes, sha256, rows, sums },
    reason: null,
    ip: null,
    requestId: null,
  };
}

function monthOf({ part }: LogMonth): string {
  return new Date(part.startMs).toISOString().slice(0, 7);
}
