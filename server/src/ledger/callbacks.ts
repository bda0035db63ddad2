/** Told of a callback that threw, and whose it was. */
export type OnDefect = (error: unknown, requestId: string) => void;

/**
 * Callbacks that wait for the same thing, called once each in the order they came. What they add waits for the next time. Each stands alone:
 * one that throws is told of, with its request, and the others are called all the same.
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
    } catch {} // Where a defect cannot be told of there is nobody left to tell.
  }
}
