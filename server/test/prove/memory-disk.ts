/** A file system in memory, which only root may mount. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface MemoryDisk {
  readonly directory: string;
  unmount(): void;
}

/** Mounts one of so many megabytes. It takes only what is stored on it. */
export function mountMemory(megabytes: number): MemoryDisk {
  const directory = mkdtempSync(path.join(tmpdir(), 'headgate-memory-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory]);
  const unmount = () => {
    execFileSync('umount', ['--lazy', directory]);
    rmdirSync(directory);
  };
  return { directory, unmount };
}
