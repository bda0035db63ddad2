/** Longer than the system needs to clean up a process that was killed, even a large one. */
const WAIT_MS_MAX = 5_000;
const LOOK_EVERY_MS = 50;

/** An error that says that something is taken, and whether its holder may be about to end. */
interface Taken extends Error {
  readonly mayEnd: boolean;
}

/**
 * Takes what only one process at a time may have. If another process of this machine has it, waits up to 5 s for that one to end:
 * a process that was just killed still counts as running. Rejects with the error of `take`. Calls `onWait` once, before the wait.
 */
export async function onceFree<T>(take: () => Promise<T>, onWait: (error: Error) => void = () => {}): Promise<T> {
  const startedMs = performance.now();
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await take();
    } catch (error) {
      if (!isTaken(error) || !error.mayEnd || performance.now() - startedMs >= WAIT_MS_MAX) throw error;
      if (isFirst) onWait(error);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function isTaken(error: unknown): error is Taken {
  return error instanceof Error && 'mayEnd' in error;
}
