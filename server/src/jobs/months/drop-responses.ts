/** Deletes stored responses and conversations that ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import { dropEnded, dropExpired, ENDING_TABLES, endedPlaces } from '../../store/responses/ended.ts';
import { goOn, type Job, type JobContext } from '../job.ts';

/** Rows of a batch. A row has up to 4 MB outside of the table, and deleting it marks each piece. */
const ROWS_AT_ONCE = 500;
const PLACES_AT_ONCE = 200;
/** The pause between two batches, so that other work on the database proceeds. */
const PAUSE_MS = 50;

/** Deletes what expired, and what is of deleted teams and organizations. None of it can be found any more. */
export function dropResponsesJob(): Job {
  return {
    name: 'stored-responses',
    about: 'Deletes stored responses and conversations that expired or whose team or organization was deleted.',
    cron: '*/10 * * * *',
    run: async (context) => {
      const { db } = context.database;
      const at = new Date(context.clock.nowMs());
      let [expired, ended] = [0, 0];
      for (const table of ENDING_TABLES) {
        expired += await inBatches(context, () => dropExpired(db, table, at, ROWS_AT_ONCE));
        for (const place of await endedPlaces(db, table, PLACES_AT_ONCE)) {
          ended += await inBatches(context, () => dropEnded(db, table, place, ROWS_AT_ONCE));
        }
      }
      return `Deleted ${expired} expired responses and conversations, and ${ended} of deleted teams and organizations.`;
    },
  };
}

async function inBatches(context: JobContext, drop: () => Promise<number>): Promise<number> {
  let total = 0;
  for (;;) {
    goOn(context);
    const gone = await drop();
    total += gone;
    if (gone < ROWS_AT_ONCE) return total;
    await sleep(PAUSE_MS);
  }
}
