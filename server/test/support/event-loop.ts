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

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
