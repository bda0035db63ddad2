import { createLateIndex, createTrigrams, missingLateIndexes } from '../store/installation/late-indexes.ts';
import { goOn, type Job } from './job.ts';

/** Makes the indexes that take longer with more rows. */
export function lateIndexesJob(): Job {
  return {
    name: 'late-indexes',
    about: 'Makes the indexes of parts of names, for the search, and of the audit log by time, once. Otherwise does nothing.',
    cron: '* * * * *',
    run: async (context) => {
      const { database } = context;
      const why = await createTrigrams(database.db);
      // An earlier version could not write to an embedded database with such indexes. It has few rows, so it needs none.
      if (database.kind === 'embedded') return 'The embedded database needs no more indexes.';
      const missing = await missingLateIndexes(database.db);
      for (const name of missing) {
        goOn(context);
        await createLateIndex(database, name);
      }
      const made = missing.length === 0 ? 'All indexes are there.' : `Made the indexes ${missing.join(', ')}.`;
      if (why === null) return made;
      return `${made} The extension pg_trgm is missing, because ${why}. The search finds no typos, and parts of names slowly.`;
    },
  };
}
