/** Folds usage into days and months, fills in usage from before the fold existed, and checks both against the rollups. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  databaseNowMs,
  nextToFill,
  recentDrifts,
  recentFromMs,
  recentMarksAfter,
  toFoldAfter,
  wholeDrifts,
  wholeMarksAfter,
} from '../store/folds/fold-proof.ts';
import { correctFold, dropOldFolds, FOLD_BEHIND_MS, foldAnew, foldBack, foldForward } from '../store/folds/folds.ts';
import { DamagedRows } from './damaged-rows.ts';
import { goOn, type Job, type JobContext } from './job.ts';

const ORGANIZATIONS_AT_ONCE = 500;
const OLD_ROWS_AT_ONCE = 5_000;
/** The fill sleeps four times as long as it works: a fifth of a core at most. */
const PAUSE_RATIO = 4;
const FILL_MS_MAX = 10 * 60_000;

/** Folds usage that is an hour old, and corrects recent days to which rows were added after they were folded. */
export function foldJob(): Job {
  return {
    name: 'fold',
    about: 'Adds usage that is an hour old to totals by day and month, from which counters read earlier usage.',
    cron: '2-59/15 * * * *',
    run: async (context) => {
      const { db } = context.database;
      const nowMs = await databaseNowMs(db);
      const passedOver = new DamagedRows();
      const folded = await foldAll(context, nowMs, passedOver);
      const corrected = await eachBatch(
        context,
        (after) => recentMarksAfter(db, { nowMs, after, most: ORGANIZATIONS_AT_ONCE }),
        async (marks) => {
          const wrong = await recentDrifts(db, marks, nowMs);
          let count = 0;
          for (const mark of wrong) {
            const span = { fromMs: recentFromMs(mark, nowMs), toMs: nowMs };
            const corrected = await passedOver.unlessDamaged(mark.organizationId, () =>
              correctFold(db, mark.organizationId, span),
            );
            if (corrected !== null) count += 1;
          }
          return count;
        },
      );
      return `Updated the totals of ${folded} organizations; corrected days of ${corrected}.${passedOver.tell(context)}`;
    },
  };
}

/** Returns how many organizations were folded to the end. */
function foldAll(context: JobContext, nowMs: number, passedOver: DamagedRows): Promise<number> {
  const { db } = context.database;
  return eachBatch(
    context,
    async (after) => {
      const ids = await toFoldAfter(db, { beforeMs: nowMs - FOLD_BEHIND_MS, after, most: ORGANIZATIONS_AT_ONCE });
      return ids.map((organizationId) => ({ organizationId }));
    },
    async (due) => {
      let count = 0;
      for (const { organizationId } of due) {
        let step: 'more' | 'done' | null;
        do {
          goOn(context);
          step = await passedOver.unlessDamaged(organizationId, () => foldForward(db, { organizationId, nowMs }));
        } while (step === 'more');
        if (step === 'done') count += 1;
      }
      return count;
    },
  );
}

/** Folds usage from before the fold began, newest days of all organizations first. */
export function fillJob(): Job {
  return {
    name: 'fold-past',
    about: 'After an upgrade or a change of time zone: adds earlier usage to totals by day and month, the newest first.',
    cron: '*/5 * * * *',
    run: async (context) => {
      const { db } = context.database;
      const endMs = context.clock.monotonicMs() + FILL_MS_MAX;
      const passedOver = new DamagedRows();
      let steps = 0;
      for (;;) {
        const organizationId = await nextToFill(db, passedOver.names);
        if (organizationId === null) break;
        if (context.clock.monotonicMs() > endMs) {
          return `Added ${steps} spans of earlier usage. More remain for the next run.${passedOver.tell(context)}`;
        }
        const step = await gently(context, () =>
          passedOver.unlessDamaged(organizationId, () => foldBack(db, { organizationId })),
        );
        if (step !== null) steps += 1;
      }
      let [dropped, last] = [0, 0];
      do {
        last = await gently(context, () => dropOldFolds(db, OLD_ROWS_AT_ONCE));
        dropped += last;
      } while (last > 0);
      const left = passedOver.names.length === 0 ? 'None remain' : 'None remain for other organizations';
      return `Added ${steps} spans of earlier usage. ${left}. Deleted ${dropped} outdated rows.${passedOver.tell(context)}`;
    },
  };
}

/** Does the work, then sleeps four times as long, so that requests get most of the database's time. */
async function gently<T>(context: JobContext, work: () => Promise<T>): Promise<T> {
  goOn(context);
  const startedMs = context.clock.monotonicMs();
  const result = await work();
  await sleep((context.clock.monotonicMs() - startedMs) * PAUSE_RATIO);
  return result;
}

/** Refolds each organization whose months differ from its past. Until that is done its past is read from quarter hours. */
export function foldProofJob(): Job {
  return {
    name: 'fold-proof',
    about: 'Compares each organization’s monthly totals with its whole usage, and computes them again if they differ.',
    cron: '53 3 * * *',
    run: async (context) => {
      const { db } = context.database;
      const passedOver = new DamagedRows();
      let compared = 0;
      const anew = await eachBatch(
        context,
        (after) => wholeMarksAfter(db, after, ORGANIZATIONS_AT_ONCE),
        async (marks) => {
          compared += marks.length;
          const wrong = await wholeDrifts(db, marks);
          let count = 0;
          for (const { organizationId } of wrong) {
            const foldedAnew = async () => foldAnew(db, organizationId, await databaseNowMs(db));
            if ((await passedOver.unlessDamaged(organizationId, foldedAnew)) !== null) count += 1;
          }
          return count;
        },
      );
      return `Compared ${compared} organizations; the totals of ${anew} are computed again.${passedOver.tell(context)}`;
    },
  };
}

/** Calls `work` for organizations in batches, in the order of their ids. Returns the sum of its results. */
async function eachBatch<Of extends { readonly organizationId: string }>(
  context: JobContext,
  next: (after: string) => Promise<readonly Of[]>,
  work: (batch: readonly Of[]) => Promise<number>,
): Promise<number> {
  let [sum, after] = [0, ''];
  for (;;) {
    goOn(context);
    const batch = await next(after);
    sum += await work(batch);
    if (batch.length < ORGANIZATIONS_AT_ONCE) return sum;
    after = (batch.at(-1) as Of).organizationId;
  }
}
