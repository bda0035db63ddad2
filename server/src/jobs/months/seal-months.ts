/** Seals months of the ledger that are closed. */
import { monthsToSeal, sealMonth, unsealedIn } from '../../store/sealed/sealed-months.ts';
import { goOn, type Job } from '../job.ts';

/** Seals each organization's closed months, and later entries of sealed ones in rows of their own. */
export function sealMonthsJob(): Job {
  return {
    name: 'seal-months',
    about:
      'Stores sums and a hash of each organization’s ledger for months that ended two months ago, and compares them with the rollups.',
    cron: '47 3 * * *',
    run: async (context) => {
      const { db } = context.database;
      const now = new Date(context.clock.nowMs());
      let [sealed, entries] = [0, 0n];
      const differing: string[] = [];
      for (const month of await monthsToSeal(db, now)) {
        for (const organizationId of await unsealedIn(db, month)) {
          goOn(context);
          const added = await sealMonth(db, { organizationId, month, now }, () => goOn(context));
          sealed += added > 0n ? 1 : 0;
          entries += added;
        }
        // Whatever is new is sealed now, so a difference that is left is one of the rollups or of the entries.
        differing.push(...(await unsealedIn(db, month)).map((id) => `${id} ${month.slice(0, 7)}`));
      }
      if (differing.length > 0)
        context.warn(
          { months: differing.slice(0, 20) },
          'jobs: sealed months differ from the rollups; run headgate archive verify --ledger',
        );
      return `Sealed ${sealed} months with ${entries} entries. ${differing.length} sealed months differ from the rollups.`;
    },
  };
}
