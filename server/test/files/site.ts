/** The store of files as a process opens it: with the real seals, over the tenants of ../responses/site.ts. */
import { systemClock } from '../../src/lib/timing/clock.ts';
import { createContentOpener, createContentSealer } from '../../src/proxy/content/content-sealer.ts';
import { createFileStore, type FileStore, type FileStoreOptions } from '../../src/proxy/files/file-store.ts';
import type { Database } from '../../src/store/database.ts';
import { wrappers } from '../responses/site.ts';

export function openFiles(db: Database, more: Partial<FileStoreOptions> = {}): FileStore {
  const [seal, open] = [createContentSealer(wrappers), createContentOpener(wrappers)];
  return createFileStore({
    db,
    clock: systemClock,
    seal,
    open,
    filesMax: 10_000,
    bytesMax: 1024 ** 3,
    keptMs: 30 * 86_400_000,
    ...more,
  });
}
