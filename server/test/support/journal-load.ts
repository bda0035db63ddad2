/**
 * A process to be killed: settles requests as fast as it can and says on its output what it was told is written. Arguments: the directory, and
 * `failing-disk` where every other sync fails and loses what it was to keep.
 */
import { givenBegin, givenEnd, givenRefusal } from './records.ts';

if (process.argv[3] === 'failing-disk') await import('./failing-syncs.ts');
const { openJournal } = await import('../../src/boot/open-journal.ts');
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
