/** Moves months of the request log that are past the installation's limit into archives. */
import { ARCHIVED_TABLES } from '../../store/archive/archive-format.ts';
import { archiveMonth } from '../../store/archive/archive-month.ts';
import type { AuditTrail } from '../../store/audit/audit.ts';
import { partitionsOf } from '../../store/partitions.ts';
import { isPastLimit } from '../../store/usage/retention.ts';
import { goOn, type Job } from '../job.ts';
import { dropExpired } from '../retention.ts';

export interface ArchiveJobOptions {
  /** The folder of the archives. */
  readonly folder: string;
  /** The installation's limit for request-log rows, in days. */
  readonly logDaysMax: number;
  readonly audit: AuditTrail;
}

/**
 * Writes each month past the limit to an archive and then drops it. A month that cannot be written stays in the database: the run
 * fails, and the next one tries again.
 */
export function archiveJob({ folder, logDaysMax, audit }: ArchiveJobOptions): Job {
  return {
    name: 'archive',
    about: 'Writes months of the request log past their retention to the archive folder, checks them, and drops them.',
    cron: '41 * * * *',
    run: async (context) => {
      const { db } = context.database;
      const now = () => new Date(context.clock.nowMs());
      const options = { folder, audit, now, goOn: () => goOn(context) };
      let [months, rows] = [0, 0];
      for (const table of ARCHIVED_TABLES) {
        for (const part of await partitionsOf(db, table)) {
          if (!isPastLimit(part, now(), logDaysMax)) break;
          goOn(context);
          // What organizations want deleted does not go to the archive.
          await dropExpired(context, table, part, { at: now(), logDaysMax, archives: true });
          const manifest = await archiveMonth(db, { table, part }, options);
          if (manifest === null) continue;
          months += 1;
          rows += Number(manifest.rows);
        }
      }
      return `Archived ${months} months with ${rows} rows.`;
    },
  };
}
