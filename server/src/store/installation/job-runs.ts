/** The runs of the recurring jobs. */
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import { newId } from '../../lib/id.ts';
import type { Database } from '../database.ts';
import { jobRuns } from '../schema.ts';

export type JobRunRow = typeof jobRuns.$inferSelect;

/** The number of runs of one job that are kept. */
const KEPT = 50;

/** Records the start of a run. Returns its id. */
export async function begin(
  db: Database,
  { job, askedBy, at }: { readonly job: string; readonly askedBy: string | null; readonly at: Date },
): Promise<string> {
  const id = newId('run', at.getTime());
  await db.insert(jobRuns).values({ id, job, askedBy, startedAt: at });
  return id;
}

export async function end(
  db: Database,
  id: string,
  ended: { readonly outcome: 'done' | 'failed'; readonly summary: string; readonly at: Date },
): Promise<void> {
  const { at: finishedAt, outcome, summary } = ended;
  await db.update(jobRuns).set({ finishedAt, outcome, summary }).where(eq(jobRuns.id, id));
}

/** Returns up to `most` runs of each job, newest first. */
export async function newest(
  db: Database,
  jobs: readonly string[],
  most: number,
): Promise<ReadonlyMap<string, readonly JobRunRow[]>> {
  const ranked = db
    .select({
      id: jobRuns.id,
      rank: sql<number>`row_number() over (partition by ${jobRuns.job} order by ${jobRuns.id} desc)`.as('rank'),
    })
    .from(jobRuns)
    .where(inArray(jobRuns.job, [...jobs]))
    .as('ranked');
  const rows = await db
    .select({ run: jobRuns })
    .from(jobRuns)
    .innerJoin(ranked, and(eq(ranked.id, jobRuns.id), sql`${ranked.rank} <= ${most}`))
    .orderBy(desc(jobRuns.id));
  return Map.groupBy(
    rows.map(({ run }) => run),
    ({ job }) => job,
  );
}

/** Deletes all but the newest 50 runs of each job. */
export async function forgetOld(db: Database): Promise<void> {
  await db.execute(sql`delete from ${jobRuns} where id in (
    select id from (select id, row_number() over (partition by job order by id desc) as rank from ${jobRuns}) as ranked where rank > ${KEPT})`);
}
