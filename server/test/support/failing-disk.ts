/**
 * A disk that fails on command under the journal. The journal's modules are loaded anew over it, for the test file that asks for it alone,
 * because test files share processes.
 */
import type * as FileSystem from 'node:fs';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import type { openJournal } from '../../src/boot/open-journal.ts';
import type { Journal, JournalOptions } from '../../src/ledger/journal.ts';

export interface FailingDisk {
  /** Takes nothing more, as when it is full. */
  isFull: boolean;
  /** So many syncs fail from now on. */
  failing: number;
  /** What a failed sync was to keep is gone from the file as well, as where the system drops what it could not write. */
  losesBytes: boolean;
  /** When each sync was asked for. */
  readonly synced: number[];
  /** Syncs that kept what they were to keep. */
  kept: number;
  readonly openJournal: typeof openJournal;
}

/** Registers its making and its end with the suite that is being described. */
export function withFailingDisk(): () => FailingDisk {
  let disk: FailingDisk | null = null;
  const opened: Journal[] = [];
  beforeAll(async () => {
    vi.resetModules();
    const made = { isFull: false, failing: 0, losesBytes: true, synced: [] as number[], kept: 0 };
    vi.doMock('node:fs', async (original) => failingOn(made, await original<typeof FileSystem>()));
    const { openJournal } = await import('../../src/boot/open-journal.ts');
    disk = Object.assign(made, {
      openJournal: async (options: JournalOptions) => {
        const journal = await openJournal(options);
        opened.push(journal);
        return journal;
      },
    });
  });
  afterEach(async () => {
    if (disk !== null) Object.assign(disk, { isFull: false, failing: 0, losesBytes: true });
    // One that is left open would meet what the next test makes the disk do.
    for (const journal of opened.splice(0)) await journal.close();
    disk?.synced.splice(0);
    if (disk !== null) disk.kept = 0;
  });
  afterAll(() => {
    vi.doUnmock('node:fs');
    vi.resetModules();
  });
  return () => {
    if (disk === null) throw new Error('the disk is made in beforeAll: ask for it inside a test');
    return disk;
  };
}

type State = Omit<FailingDisk, 'openJournal'>;

function failingOn(disk: State, real: typeof FileSystem): typeof FileSystem {
  /** Bytes of each file that a sync has kept, by inode. */
  const kept = new Map<number, number>();
  const fail = (fd: number): NodeJS.ErrnoException => {
    disk.failing -= 1;
    if (disk.losesBytes) real.ftruncateSync(fd, kept.get(real.fstatSync(fd).ino) ?? 0);
    return Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
  };
  const keep = (fd: number, size: number) => {
    kept.set(real.fstatSync(fd).ino, size);
    disk.kept += 1;
  };
  const fdatasync: typeof real.fdatasync = Object.assign((fd: number, done: (error: NodeJS.ErrnoException | null) => void) => {
    disk.synced.push(performance.now());
    const { size } = real.fstatSync(fd);
    real.fdatasync(fd, (error) => {
      if (disk.failing > 0) return done(fail(fd));
      keep(fd, size);
      done(error);
    });
  }, real.fdatasync);
  const fdatasyncSync: typeof real.fdatasyncSync = (fd) => {
    disk.synced.push(performance.now());
    if (disk.failing > 0) throw fail(fd);
    real.fdatasyncSync(fd);
    keep(fd, real.fstatSync(fd).size);
  };
  const writeSync = ((...args: Parameters<typeof real.writeSync>) => {
    if (disk.isFull) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    return real.writeSync(...args);
  }) as typeof real.writeSync;
  const openSync: typeof real.openSync = (path, flags, mode) => {
    const fd = real.openSync(path, flags, mode);
    // The inode may have been another file's.
    if (flags === 'wx+') kept.delete(real.fstatSync(fd).ino);
    return fd;
  };
  return { ...real, fdatasync, fdatasyncSync, openSync, writeSync };
}
