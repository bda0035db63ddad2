/** The disk of the data directory: its free space, and whether it takes the journal. */
import { statfs } from 'node:fs/promises';
import type { Journal } from '../ledger/journal.ts';
import { type KeptReading, keepReading } from '../lib/timing/kept-reading.ts';
import type { VolumeReading } from '../observe/metrics.ts';

const EVERY_MS = 10_000;
/** With less free space than this the journal's next segments will not fit. */
const FREE_BYTES_MIN = 1_048_576;

export type Volume = KeptReading<VolumeReading>;

/** Reads the free space of a directory's disk every 10 s. Some network disks do not tell; then there is no reading. */
export function watchVolume(directory: string): Volume {
  return keepReading(EVERY_MS, async () => {
    const { bsize, blocks, bavail } = await statfs(directory);
    return { bytes: bsize * blocks, freeBytes: bsize * bavail };
  });
}

/** Returns why the disk makes this process unfit for new requests: `journal_not_writable` or `disk_full`. Null if it does not. */
export function diskTrouble({ journal, volume }: { readonly journal: Journal; readonly volume: Volume }): string | null {
  if (journal.stats().health === 'faulty') return 'journal_not_writable';
  const reading = volume.read();
  return reading !== null && reading.bytes > 0 && reading.freeBytes < FREE_BYTES_MIN ? 'disk_full' : null;
}
