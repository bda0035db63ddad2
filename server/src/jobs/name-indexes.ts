import { createNameIndex, createTrigrams, missingNameIndexes } from '../store/installation/name-indexes.ts';
import { goOn, type Job } from './job.ts';

/** Makes the indexes with which the search finds parts of names. */
export function nameIndexesJob(): Job {
  return {
    name: 'name-indexes',
    about: 'Makes the indexes with which the search finds parts of names and small typos, once. Otherwise does nothing.',
    cron: '* * * * *',
    run: async (context) => {
      const { database } = context;
      const why = await createTrigrams(database.db);
      if (why !== null) {
        return `The extension pg_trgm is missing, because ${why}. The search finds no typos, and parts of names slowly.`;
      }
      // An earlier version could not write to an embedded database with such indexes. It has few rows, so it needs none.
      if (database.kind === 'embedded') return 'The embedded database needs no indexes of names.';
      const missing = await missingNameIndexes(database.db);
      for (const name of missing) {
        goOn(context);
        await createNameIndex(database, name);
      }
      return missing.length === 0 ? 'All indexes of names are there.' : `Made the indexes ${missing.join(', ')}.`;
    },
  };
}
