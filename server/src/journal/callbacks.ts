/** Callbacks that wait for the same thing, called once each in the order they came. What they add waits for the next time. */
export class Callbacks<Told> {
  #waiting: ((told: Told) => void)[] = [];

  add(callback: (told: Told) => void): void {
    this.#waiting.push(callback);
  }

  run(told: Told): void {
    if (this.#waiting.length === 0) return;
    const callbacks = this.#waiting;
    this.#waiting = [];
    for (const callback of callbacks) callback(told);
  }
}
