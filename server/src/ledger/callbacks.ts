/** Called with the error of a callback that threw, and the id of its request. */
export type OnDefect = (error: unknown, requestId: string) => void;

/**
 * Callbacks that wait for the same event, each called once in the order in which they were added. Callbacks added during a run
 * wait for the next one. If one throws, `onDefect` gets the error and the request, and the others still run.
 */
export class Callbacks<Told> {
  readonly #onDefect: OnDefect;
  #waiting: ((told: Told) => void)[] = [];
  #requestIds: string[] = [];

  constructor(onDefect: OnDefect) {
    this.#onDefect = onDefect;
  }

  add(callback: (told: Told) => void, requestId: string): void {
    this.#waiting.push(callback);
    this.#requestIds.push(requestId);
  }

  run(told: Told): void {
    if (this.#waiting.length === 0) return;
    const callbacks = this.#waiting;
    const requestIds = this.#requestIds;
    this.#waiting = [];
    this.#requestIds = [];
    for (let at = 0; at < callbacks.length; at += 1) {
      try {
        (callbacks[at] as (told: Told) => void)(told);
      } catch (error) {
        this.#tell(error, requestIds[at] as string);
      }
    }
  }

  #tell(error: unknown, requestId: string): void {
    try {
      this.#onDefect(error, requestId);
    } catch {} // An error of `onDefect` itself cannot be reported anywhere.
  }
}
