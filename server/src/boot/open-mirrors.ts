/** Connects the copies of requests with the rows that the platform keeps of them. */
import type { Logger } from '../lib/log.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import { nowAndThen } from '../lib/timing/now-and-then.ts';
import type { TimerWheel } from '../lib/timing/timer-wheel.ts';
import { type CopyRecord, type CopyState, createCopyState } from '../proxy/mirror/copy-state.ts';
import { type CopyWriter, createCopyWriter } from '../store/mirrors/copy-writer.ts';
import type { NewMirrorCopy } from '../store/mirrors/mirror-copies.ts';
import type { Stores } from './open-stores.ts';

const LOST_EVERY_MS = 60_000;

export function copyWriterFor({ database: { db } }: Stores, wheel: TimerWheel, log: Logger): CopyWriter {
  const isDue = nowAndThen(LOST_EVERY_MS, clock);
  return createCopyWriter(db, {
    after: (ms, callback) => {
      const timer = wheel.add(ms, callback);
      return () => wheel.cancel(timer);
    },
    onLost: () => {
      const more = isDue('rows');
      if (more !== null)
        log.warn(
          { left_out: more },
          'mirrors: the database does not take rows of copies, and a row was lost; its cost is in no report',
        );
    },
  });
}

export function mirrorsFor(copies: CopyWriter): CopyState {
  return createCopyState(clock, (record) => copies.add(rowOf(record)));
}

function rowOf({ atMs, sent, ...record }: CopyRecord): NewMirrorCopy {
  return { ...record, at: new Date(atMs), ...sent };
}
