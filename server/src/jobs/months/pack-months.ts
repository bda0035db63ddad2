import { monthsToPack, packMonth } from '../../store/packed-months.ts';
import { goOn, type Job } from '../job.ts';

/** Packs the indexes of the request log and the ledger for months that are over. */
export function packMonthsJob(): Job {
  return {
    name: 'pack-months',
    about: 'Rebuilds the indexes of the request log and the ledger for months that are over, so that they take less disk.',
    cron: '11 2 * * *',
    run: async (context) => {
      const { db, kind } = context.database;
      if (kind === 'embedded') return 'The embedded database has few rows, so its indexes stay as they are.';
      let [months, saved] = [0, 0];
      const skipped: string[] = [];
      for (const month of await monthsToPack(db, context.clock.nowMs())) {
        const { before, after, tooLarge } = await packMonth(db, month, () => goOn(context));
        months += 1;
        saved += before - after;
        skipped.push(...tooLarge);
      }
      const left = skipped.length === 0 ? '' : ` Too large for a job: ${skipped.join(', ')}.`;
      return `Packed ${months} months of log and ledger: ${Math.round(saved / 1e6)} MB less.${left}`;
    },
  };
}
