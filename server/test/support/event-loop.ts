import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How long one turn of the event loop worked at most while something was done, in milliseconds of this thread's own CPU time: while the machine
 * serves others nothing of ours holds it.
 */
export async function heldWhile<T>(work: () => Promise<T>): Promise<{ readonly heldMs: number; readonly result: T }> {
  let [heldMs, last] = [0, cpuMs()];
  const look = () => {
    const now = cpuMs();
    heldMs = Math.max(heldMs, now - last);
    last = now;
  };
  const timer = setInterval(look, 1);
  try {
    const result = await work();
    await sleep(2);
    look();
    return { heldMs, result };
  } finally {
    clearInterval(timer);
  }
}

/** What this thread needs, at present, to copy so many bytes to memory it has not touched: in milliseconds of its own CPU time. */
export function copyMs(bytes: Buffer): number {
  const before = cpuMs();
  Buffer.allocUnsafeSlow(bytes.length).set(bytes);
  return cpuMs() - before;
}

/**
 * A known piece of work, as this machine does it at present: to read an object of 19,000 names, which is what the largest bodies cost first. The
 * shortest of three, in milliseconds of this thread's own CPU time.
 */
export function pieceMs(): number {
  return Math.min(...Array.from({ length: 3 }, () => readingMs(PIECE)));
}

const PIECE = `{${Array.from({ length: 19_000 }, (_, at) => `"n${at}":0`).join()}}`;

function readingMs(text: string): number {
  const before = cpuMs();
  JSON.parse(text);
  return cpuMs() - before;
}

/** CPU time of this thread so far, in milliseconds: what others take of the machine is not in it. */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
