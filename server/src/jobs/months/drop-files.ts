/** Deletes files that ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import { dropPieces, endedFiles } from '../../store/files/ended-files.ts';
import { remove } from '../../store/files/files.ts';
import { goOn, type Job } from '../job.ts';

const FILES_AT_ONCE = 200;
/** Pieces of 1 MB that one statement deletes. */
const PIECES_AT_ONCE = 16;
/** The pause between two statements, so that other work on the database proceeds. */
const PAUSE_MS = 50;

/** Deletes what expired, what did not arrive whole, and what is of deleted teams and organizations. None of it can be found any more. */
export function dropFilesJob(): Job {
  return {
    name: 'files',
    about: 'Deletes files for batches that expired, did not arrive whole, or whose team or organization was deleted.',
    cron: '*/10 * * * *',
    run: async (context) => {
      const { db } = context.database;
      let dropped = 0;
      for (;;) {
        const ended = await endedFiles(db, new Date(context.clock.nowMs()), FILES_AT_ONCE);
        for (const file of ended) {
          // A reader that began before finds the file gone, instead of a part of it.
          await remove(db, file);
          while (!(await dropPieces(db, file, PIECES_AT_ONCE))) {
            goOn(context);
            await sleep(PAUSE_MS);
          }
          dropped += 1;
        }
        goOn(context);
        if (ended.length < FILES_AT_ONCE) return `Deleted ${dropped} files.`;
      }
    },
  };
}
