import type { Clock } from '../../src/lib/timing/clock.ts';

interface Task {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * Time and everything that waits for it. Nothing happens by itself: whoever runs the simulation takes the next task, and time moves to it.
 * The wall clock is the monotonic one plus an offset that may jump either way.
 */
export class Schedule implements Clock {
  #nowMs = 0;
  #offsetMs: number;
  #tasks: Task[] = [];
  #order = 0;

  constructor(wallMs: number) {
    this.#offsetMs = wallMs;
  }

  readonly nowMs = (): number => this.#nowMs + this.#offsetMs;
  readonly monotonicMs = (): number => this.#nowMs;

  /** Runs in `delayMs`; tasks of one instant in the order in which they were given. Returns how to cancel. */
  after(delayMs: number, run: () => void): () => void {
    const task: Task = { atMs: this.#nowMs + Math.max(0, Math.round(delayMs)), order: this.#order++, run, cancelled: false };
    this.#tasks.push(task);
    return () => {
      task.cancelled = true;
    };
  }

  /** Moves time to the earliest task and runs it. False: nothing waits. */
  step(): boolean {
    this.#tasks = this.#tasks.filter((task) => !task.cancelled);
    let next: Task | undefined;
    for (const task of this.#tasks) if (next === undefined || isBefore(task, next)) next = task;
    if (next === undefined) return false;
    this.#tasks.splice(this.#tasks.indexOf(next), 1);
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    next.run();
    return true;
  }

  /** Time passes; what falls due meanwhile runs late. */
  pass(ms: number): void {
    this.#nowMs += ms;
  }

  /** The wall clock is set, by so much. */
  jump(ms: number): void {
    this.#offsetMs += ms;
  }

  /** A crash: nothing that waited will happen. */
  clear(): void {
    this.#tasks = [];
  }
}

function isBefore(one: Task, other: Task): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}

/** Lets everything go on that waits for no time. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
