/** File systems in memory, small enough to be filled by a test. Only root may mount them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { temporaryDirectory } from './journals.ts';

/** True if this process may mount a file system. Says in one line that tests are skipped if not. */
export function mayMount(): boolean {
  const can = process.getuid?.() === 0 && mounts();
  if (!can) console.warn('Not root here: the tests that mount a small file system to fill it are skipped.');
  return can;
}

const mounted: string[] = [];
afterEach(() => {
  for (const directory of mounted.splice(0)) execFileSync('umount', ['--lazy', directory]);
});

/** A file system in memory of that many kilobytes, until the test ends. */
export function smallDisk(kilobytes: number): string {
  const directory = temporaryDirectory();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', directory]);
  mounted.push(directory);
  return directory;
}

/** Takes all the room there is left, byte by byte, in the file `filling`. */
export function fill(disk: string): void {
  for (const chunk of [64 * 1024, 4 * 1024]) {
    try {
      for (;;) writeFileSync(join(disk, 'filling'), Buffer.alloc(chunk), { flag: 'a' });
    } catch {}
  }
}

function mounts(): boolean {
  const directory = '/tmp/headgate-can-mount';
  try {
    mkdirSync(directory, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory], { stdio: 'ignore' });
    execFileSync('umount', [directory]);
    return true;
  } catch {
    return false;
  }
}
