/** The disk of the data directory: its free space, and whether it takes the journal. */
import { statfs } from 'node:fs/promises';
import type { Journal } from '../ledger/journal.ts';
import type { VolumeReading } from '../observe/metrics.ts';

const EVERY_MS = 10_000;
/** With less free space than this the journal's next segments will not fit. */
const FREE_BYTES_MIN = 1_048_576;

export interface Volume {
  /** Returns the last reading, at most some 10 s old; null before the first, and if the system does not tell. */
  read(): VolumeReading | null;
  stop(): void;
}

/** Reads the free space of a directory's disk at once and then every 10 s. */
export function watchVolume(directory: string): Volume {
  let last: VolumeReading | null = null;
  const look = async () => {
    const { bsize, blocks, bavail } = await statfs(directory);
    last = { bytes: bsize * blocks, freeBytes: bsize * bavail };
  };
  // Some network disks do not tell; then there is no reading.
  const quietly = () => void look().catch(() => {});
  quietly();
  const timer = setInterval(quietly, EVERY_MS).unref();
  return { read: () => last, stop: () => clearInterval(timer) };
}

/** Returns why the disk makes this process unfit for new requests: `journal_not_writable` or `disk_full`. Null if it does not. */
export function diskTrouble({ journal, volume }: { readonly journal: Journal; readonly volume: Volume }): string | null {
  if (journal.stats().health === 'faulty') return 'journal_not_writable';
  const reading = volume.read();
  return reading !== null && reading.bytes > 0 && reading.freeBytes < FREE_BYTES_MIN ? 'disk_full' : null;
}
