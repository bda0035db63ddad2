import { type Clock, systemClock } from './clock.ts';

/**
 * Many coarse timers on one interval. Adding and cancelling cost a few pointer writes; a timer per request would cost
 * microseconds. A timer never fires early and fires at most two resolutions late (plus the time for which the event loop was
 * blocked).
 */
export interface TimerWheel {
  /** Calls `onDue` once, after at least `delayMs`. Negative delays count as 0; a 0 still waits for the next turn. */
  add(delayMs: number, onDue: () => void): WheelTimer;
  /** Removes a timer. Idempotent; harmless after the timer fired. */
  cancel(timer: WheelTimer): void;
  /** Fires the due timers by the clock. The interval calls it; tests and simulations with their own clock may. */
  turn(): void;
  /** Returns the time of the wheel's clock, in monotonic milliseconds. */
  nowMs(): number;
  /** The number of waiting timers. */
  readonly size: number;
  /** Drops every timer and the interval. */
  stop(): void;
}

/** A waiting timer: an entry of a doubly linked list, so that its removal is O(1). */
export interface WheelTimer {
  onDue: (() => void) | null;
  dueTick: number;
  previous: WheelTimer;
  next: WheelTimer;
}

export interface TimerWheelOptions {
  readonly clock?: Clock;
  readonly resolutionMs?: number;
  /** The number of slots. The wheel turns once per `slots` × resolution; longer timers are checked several times. */
  readonly slots?: number;
}

/** Creates a wheel. Its interval runs only while timers wait and never keeps the process alive. */
export function createTimerWheel(options: TimerWheelOptions = {}): TimerWheel {
  return new HashedWheel(options.clock ?? systemClock, options.resolutionMs ?? 50, options.slots ?? 1024);
}

class HashedWheel implements TimerWheel {
  size = 0;
  private readonly clock: Clock;
  private readonly resolutionMs: number;
  private readonly slots: WheelTimer[];
  private readonly firing = newListHead();
  private tick: number;
  private interval: NodeJS.Timeout | null = null;
  private emptyTurns = 0;

  constructor(clock: Clock, resolutionMs: number, slots: number) {
    this.clock = clock;
    this.resolutionMs = resolutionMs;
    this.slots = Array.from({ length: slots }, newListHead);
    this.tick = this.currentTick();
  }

  add(delayMs: number, onDue: () => void): WheelTimer {
    if (this.interval === null) this.start();
    const dueAt = this.clock.monotonicMs() + Math.max(0, delayMs);
    const dueTick = Math.max(Math.ceil(dueAt / this.resolutionMs), this.tick + 1);
    const timer = { onDue, dueTick } as WheelTimer;
    append(this.slots[dueTick % this.slots.length] as WheelTimer, timer);
    this.size++;
    return timer;
  }

  cancel(timer: WheelTimer): void {
    if (timer.onDue === null) return;
    timer.onDue = null;
    unlink(timer);
    this.size--;
  }

  turn(): void {
    const until = this.currentTick();
    // After a long sleep every slot is due at most once, so one full walk is enough.
    const from = Math.max(this.tick + 1, until - this.slots.length + 1);
    this.tick = Math.max(this.tick, until);
    for (let tick = from; tick <= until; tick++) this.collect(tick, until);
    this.fireCollected();
    this.rest();
  }

  nowMs(): number {
    return this.clock.monotonicMs();
  }

  stop(): void {
    if (this.interval !== null) clearInterval(this.interval);
    this.interval = null;
    for (const head of [this.firing, ...this.slots]) while (head.next !== head) this.cancel(head.next);
  }

  private currentTick(): number {
    return Math.floor(this.clock.monotonicMs() / this.resolutionMs);
  }

  private start(): void {
    this.tick = Math.max(this.tick, this.currentTick());
    this.emptyTurns = 0;
    this.interval = setInterval(() => this.turn(), this.resolutionMs);
    this.interval.unref();
  }

  private collect(slotTick: number, until: number): void {
    const head = this.slots[slotTick % this.slots.length] as WheelTimer;
    for (let timer = head.next; timer !== head; ) {
      const next = timer.next;
      if (timer.dueTick <= until) {
        unlink(timer);
        append(this.firing, timer);
      }
      timer = next;
    }
  }

  // Due timers stay linked until they fire, so one that fires can still cancel another that is due in the same turn.
  private fireCollected(): void {
    while (this.firing.next !== this.firing) {
      const timer = this.firing.next;
      const onDue = timer.onDue;
      this.cancel(timer);
      onDue?.();
    }
  }

  // An idle gateway should not wake twenty times a second. The interval stops only after an empty second, so light load does not
  // restart it often.
  private rest(): void {
    this.emptyTurns = this.size === 0 ? this.emptyTurns + 1 : 0;
    if (this.interval === null || this.emptyTurns * this.resolutionMs < 1_000) return;
    clearInterval(this.interval);
    this.interval = null;
  }
}

function newListHead(): WheelTimer {
  const head = { onDue: null, dueTick: -1 } as WheelTimer;
  head.previous = head;
  head.next = head;
  return head;
}

function append(head: WheelTimer, timer: WheelTimer): void {
  timer.previous = head.previous;
  timer.next = head;
  head.previous.next = timer;
  head.previous = timer;
}

function unlink(timer: WheelTimer): void {
  timer.previous.next = timer.next;
  timer.next.previous = timer.previous;
  // Unlinked from its neighbours: otherwise a dead timer would keep each later one, and all it holds, alive until a full
  // collection.
  timer.previous = timer;
  timer.next = timer;
}
