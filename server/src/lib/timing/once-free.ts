/** Longer than the system takes to clear away a process that was killed, also a large one. */
const WAIT_MS_MAX = 5_000;
const LOOK_EVERY_MS = 50;

/** An error of something that is taken, which says whether its holder may be about to end. */
interface Taken extends Error {
  readonly mayEnd: boolean;
}

/**
 * Takes what one process at a time may have. Where another process of this machine has it, waits up to 5 s for that one to end: a process
 * that was killed a moment ago still counts as running. Rejects with what `take` rejects with. `onWait` is called once, before the waiting.
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
