/** Deletes request-log rows and stored content past their retention. A month of which nothing is kept is dropped whole. */
import { setTimeout as sleep } from 'node:timers/promises';
import { dropPartition, newPartitions, partitionsOf } from '../store/partitions.ts';
import { dropNamedSums, dropPastNames } from '../store/usage/name-retention.ts';
import { dropRows, isSpent, RETAINED_TABLES, type Retention } from '../store/usage/retention.ts';
import { goOn, type Job, type JobContext } from './job.ts';

const ROWS_AT_ONCE = 5_000;
/** The pause between two batches, so that other work on the database proceeds. */
const PAUSE_MS = 50;
const MONTHS_AHEAD = 2;

/** Creates the tables of coming months long before their first row. */
export function partitionsJob(): Job {
  return {
    name: 'partitions',
    about: 'Creates the database partitions of the next two months.',
    cron: '7 * * * *',
    run: async ({ database: { db, kind }, clock }) => {
      const now = new Date(clock.nowMs());
      const months = Array.from({ length: MONTHS_AHEAD + 1 }, (_, ahead) =>
        Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead),
      );
      await newPartitions(db, kind).ensure(months);
      return `Partitions exist until the end of ${new Date(months.at(-1) as number).toISOString().slice(0, 7)}.`;
    },
  };
}

/**
 * Deletes rows past their retention. `logDaysMax`: the installation's limit in days; null if organizations alone decide. If it
 * archives, the archive job drops the months of the request log.
 */
export function retentionJob({ logDaysMax, archives = false }: Omit<Retention, 'at'>): Job {
  return {
    name: 'retention',
    about:
      'Deletes request-log rows, stored content, and sums by end user and session past their retention. Keeps the ledger and the audit log.',
    cron: '23 * * * *',
    run: async (context) => {
      const retention = { at: new Date(context.clock.nowMs()), logDaysMax, archives };
      let [months, rows] = [0, 0];
      for (const table of RETAINED_TABLES) {
        for (const part of await partitionsOf(context.database.db, table)) {
          if (part.startMs >= retention.at.getTime()) break;
          goOn(context);
          const isArchived = archives && table !== 'request_content';
          if (!isArchived && (await isSpent(context.database.db, table, part, retention))) {
            await dropPartition(context.database.db, part);
            months += 1;
          } else {
            rows += await dropExpired(context, table, part, retention);
          }
        }
      }
      const names = await dropNames(context, retention);
      return `Deleted ${months} whole months and ${rows} rows, and ${names} rows of names.`;
    },
  };
}

/** Deletes names of callers past their retention, some thousands at a time. Returns the number of rows. */
async function dropNames(context: JobContext, retention: Retention): Promise<number> {
  const { db } = context.database;
  let total = 0;
  for (const drop of [() => dropNamedSums(db, retention, ROWS_AT_ONCE), () => dropPastNames(db, retention.at, ROWS_AT_ONCE)]) {
    for (let gone = await drop(); gone > 0; gone = await drop()) {
      total += gone;
      goOn(context);
      await sleep(PAUSE_MS);
    }
  }
  return total;
}

/** Deletes the expired rows of one month, some thousands at a time. Returns their number. */
export async function dropExpired(
  context: JobContext,
  table: Parameters<typeof dropRows>[1],
  part: Parameters<typeof dropRows>[2],
  retention: Retention,
): Promise<number> {
  let total = 0;
  for (;;) {
    const gone = await dropRows(context.database.db, table, part, retention, ROWS_AT_ONCE);
    total += gone;
    if (gone < ROWS_AT_ONCE) return total;
    goOn(context);
    await sleep(PAUSE_MS);
  }
}
