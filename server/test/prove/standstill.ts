/**
 * A thread beside a run of proves. A prove that waits for a program without letting anything else run stops the timers of every other one too, and
 * with them the bound of its own time. This thread says so, with the counts so far, and ends the process.
 */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { writeWhole } from './run-lines.ts';

/** What the run tells again and again. */
export interface Told {
  readonly running: string;
  readonly counts: string;
}

const { secondsMax } = workerData as { readonly secondsMax: number };
let told: Told = { running: 'nothing yet', counts: '' };
let atMs = performance.now();

parentPort?.on('message', (next: Told) => {
  told = next;
  atMs = performance.now();
});
setInterval(() => {
  if (performance.now() - atMs < secondsMax * 1_000) return;
  writeWhole(1, `proves.run missed nothing moved for ${secondsMax} s, while this ran: ${told.running}\n${told.counts}\n`);
  for (const child of childrenOf(process.pid)) process.kill(child, 'SIGKILL');
  process.kill(process.pid, 'SIGKILL');
}, 1_000);

/** The programs that this process started, which would go on without it. None where the system does not list them. */
function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text
      .split(' ')
      .filter((one) => one !== '')
      .map(Number);
  } catch {
    return [];
  }
}
