/** Deletes the provider's files of a batch that has ended. */
import { ignoreRefused, note, now, type Work } from './work.ts';

/** So often the deletion is tried. The provider deletes its files itself after some time. */
const TRIES_MAX = 10;

export async function cleanUp(work: Work): Promise<void> {
  const { row, parts, vendor, signal } = work;
  await parts.holds.end(row.id);
  if (vendor !== null && row.failures < TRIES_MAX) {
    for (const id of [row.vendorFileId, row.vendorOutputId, row.vendorErrorId])
      if (id !== null) await vendor.remove(id, signal).catch(ignoreRefused);
  }
  await note(work, { isCleaned: true, failures: 0, trouble: null, nextAt: now(parts) });
}
