/** Longer than the system needs to clean up a process that was killed, even a large one. */
const WAIT_MS_MAX = 5_000;
const LOOK_EVERY_MS = 50;

/** The wait for a holder that cannot be seen, such as the container that this one replaces. Its lease ends after 30 s. */
const UNSEEN_WAIT_MS_MAX = 35_000;

/** An error that says that something is taken, and whether its holder may be about to end. */
interface Taken extends Error {
  readonly mayEnd: boolean;
  /** The time until the holder counts as gone if it does not renew its lease. Only for a holder that cannot be seen. */
  readonly expiresInMs?: number;
}

/** A wait for another process. */
export interface Wait {
  /** The line that says who holds it. */
  readonly reason: string;
  /** The longest that this process waits. */
  readonly up_to_s: number;
  /** The time until the holder's lease ends, unless it is renewed. Only for a holder that cannot be seen. */
  readonly lease_ends_in_s?: number;
}

/**
 * Takes what only one process at a time may have. If another process of this machine has it, waits up to 5 s for that one to end:
 * a process that was just killed still counts as running. If the holder cannot be seen, waits up to 35 s for its lease to end, but
 * only with `onWait`. Calls `onWait` once, before the wait. Rejects with the last error of `take`.
 */
export async function onceFree<T>(take: () => Promise<T>, onWait?: (wait: Wait) => void): Promise<T> {
  const startedMs = performance.now();
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await take();
    } catch (error) {
      if (!isTaken(error)) throw error;
      const unseen = error.expiresInMs === undefined || onWait === undefined ? 0 : UNSEEN_WAIT_MS_MAX;
      const waitMsMax = error.mayEnd ? WAIT_MS_MAX : unseen;
      if (performance.now() - startedMs >= waitMsMax) throw error;
      if (isFirst) onWait?.(waitFor(error, waitMsMax));
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function isTaken(error: unknown): error is Taken {
  return error instanceof Error && 'mayEnd' in error;
}

function waitFor({ message, mayEnd, expiresInMs }: Taken, waitMsMax: number): Wait {
  const lease = mayEnd || expiresInMs === undefined ? {} : { lease_ends_in_s: Math.max(Math.ceil(expiresInMs / 1_000), 1) };
  return { reason: message, up_to_s: waitMsMax / 1_000, ...lease };
}
