import { Journal } from '../ledger/journal.ts';
import { KeptSegments } from '../ledger/kept-segments.ts';
import type { JournalOptions } from '../ledger/options.ts';
import { RecentLines } from '../ledger/recent.ts';
import { replay } from '../ledger/replay.ts';
import { SegmentLog } from '../ledger/segment-log.ts';

const KEEP_MS = 15 * 60_000;
const KEEP_READABLE_MS = 10_000;
const SEGMENT_BYTES_MAX = 16 * 1024 * 1024;
const SEGMENT_BYTES_MIN = 4 * 1024;
const RESERVE_BYTES_MAX = 4 * 1024 * 1024;
const RESERVE_BYTES_MIN = 64 * 1024;

/**
 * Opens the journal and settles what earlier runs left open: a `begin` without an `end` becomes an estimated end, in the file
 * before this returns. Throws JournalUnusable if the directory or a file in it cannot be used, for example because it is another
 * installation's.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { directory, installationId, onEvent } = options;
  const recent = new RecentLines();
  const found = await replay(directory, installationId, (ids, segment, offset) => {
    for (const id of ids) recent.add(id, segment, offset);
  });
  for (const { is, ...bad } of found.bad) onEvent({ is: 'bad_bytes', bad: is, ...bad });
  const keeping = {
    bytesMax: options.keepBytesMax ?? 0,
    ms: options.keepMs ?? KEEP_MS,
    readableMs: options.keepReadableMs ?? KEEP_READABLE_MS,
    nowMs: Date.now,
  };
  const log = new SegmentLog(found.segments, new KeptSegments(directory, installationId, keeping), {
    directory,
    installationId,
    segmentBytes: clamp(options.bytesMax / 16, SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX),
    reserveBytes: clamp(options.bytesMax / 64, RESERVE_BYTES_MIN, RESERVE_BYTES_MAX),
    syncEveryMs: options.syncEveryMs ?? 100,
    onEvent,
  });
  const report = {
    rows: found.rows,
    estimated: found.unfinished.filter(({ status }) => status === 'estimated').length,
    bad: found.bad,
  };
  const journal = new Journal(log, recent, report, options);
  for (const end of found.unfinished) journal.end(end);
  journal.position();
  return journal;
}

function clamp(value: number, min: number, max: number): number {
  return Math.floor(Math.min(max, Math.max(min, value)));
}
