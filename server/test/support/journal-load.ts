/**
 * A process to be killed: settles requests as fast as it can and says on its output what it was told is written. Arguments: the directory, and
 * `failing-disk` where every other sync fails and loses what it was to keep.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { givenBegin, givenEnd, givenRefusal } from './records.ts';

if (process.argv[3] === 'failing-disk') failEveryOtherSync();
const { openJournal } = await import('../../src/journal/journal.ts');
const journal = await openJournal({
  directory: process.argv[2] as string,
  installationId: 'installation-1',
  bytesMax: 1024 * 1024 * 1024,
  onEvent: (event) => console.error(event),
  onDefect: (error) => console.error(error),
});
console.log(`opened ${journal.replayed.rows} ${journal.replayed.estimated}`);

function startOne(): void {
  if (Math.random() < 0.1) {
    const refusal = givenRefusal();
    journal.end(refusal);
    journal.whenWritten(() => console.log(`ended ${refusal.requestId}`), refusal.requestId);
  }
  const begin = givenBegin({ heldNanoUsd: 7 });
  journal.begin(begin);
  journal.whenWritten(() => {
    console.log(`begun ${begin.requestId}`);
    setTimeout(() => {
      journal.end(givenEnd({ requestId: begin.requestId }));
      journal.whenWritten(() => console.log(`ended ${begin.requestId}`), begin.requestId);
    }, Math.random() * 20);
  }, begin.requestId);
}

setInterval(() => {
  for (let i = 0; i < 30; i++) startOne();
}, 1);

/** What is lost is gone a moment after the failure was told: a process that is killed meanwhile has a disk that lost nothing yet. */
function failEveryOtherSync(): void {
  const sync = fs.fdatasync;
  const kept = new Map<number, number>();
  let syncs = 0;
  const failing = (fd: number, done: (error: NodeJS.ErrnoException | null) => void) => {
    const { ino, size } = fs.fstatSync(fd);
    syncs += 1;
    if (syncs % 2 === 0) {
      done(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }));
      fs.ftruncateSync(fd, kept.get(ino) ?? 0);
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
}
