import type { Readable } from 'node:stream';
import { Problem } from '../http/problem.ts';

/** The open event streams of this process, and their limits. */

const EACH_MAX = 20;
const ALL_MAX = 500;
const RETRY_AFTER_S = 30;

export interface OpenStream {
  readonly stream: Readable;
  /** Ends the stream without an `end` event. */
  end(): void;
}

/** Counts streams by actor, so that no caller, and not all of them together, can use up the process. */
export class Listeners {
  readonly #open = new Map<OpenStream, string>();
  #isClosing = false;

  /** Counts a stream until it closes. Throws 429 if the actor or the process has too many, and 503 while the process stops. */
  add(actorId: string, open: () => OpenStream): Readable {
    if (this.#isClosing)
      throw new Problem(503, 'The gateway is stopping. Try again in a moment.', { headers: { 'retry-after': '1' } });
    const own = [...this.#open.values()].filter((id) => id === actorId).length;
    if (own >= EACH_MAX || this.#open.size >= ALL_MAX) {
      const detail =
        own >= EACH_MAX
          ? `You have ${EACH_MAX} event streams open, the most allowed. Close one first.`
          : 'Too many event streams are open in this process. Try again later.';
      throw new Problem(429, detail, { headers: { 'retry-after': String(RETRY_AFTER_S) } });
    }
    const opened = open();
    this.#open.set(opened, actorId);
    opened.stream.once('close', () => this.#open.delete(opened));
    return opened.stream;
  }

  endAll(): void {
    this.#isClosing = true;
    for (const opened of this.#open.keys()) opened.end();
  }
}
