/**
 * Imported before a program: every other sync of its files fails, and loses what it was to keep. What is lost is gone a moment after the failure
 * was told: a process that is killed meanwhile has a disk that lost nothing yet.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const sync = fs.fdatasync;
const kept = new Map<number, number>();
let syncs = 0;
const failing = (fd: number, done: (error: NodeJS.ErrnoException | null) => void) => {
  const { ino, size } = fs.fstatSync(fd);
  syncs += 1;
  if (syncs % 2 === 0) {
    done(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }));
    fs.ftruncateSync(fd, Math.min(size, kept.get(ino) ?? 0));
    console.log('lost');
    return;
  }
  sync(fd, (error) => {
    kept.set(ino, size);
    done(error);
  });
};
fs.fdatasync = Object.assign(failing, { __promisify__: sync.__promisify__ });
syncBuiltinESMExports();
