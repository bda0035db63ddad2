/** A slot's entry: what was settled in it, and what one hold still holds. */
interface Entry<Id> {
  readonly atMs: number;
  readonly id: Id | null;
  settled: number;
  held: number;
}

const SLOTS_IN_WINDOW = 60;

/** A trailing window by the book, to check the quick one against: a list of everything, grouped by slot whenever something is asked. */
export class NaiveWindow<Id> {
  readonly slotMs: number;
  #entries: Entry<Id>[] = [];

  constructor(slotMs: number) {
    this.slotMs = slotMs;
  }

  /** Drops the slots whose last admission is a full window old. Before anything else is asked or done. */
  expire(nowMs: number): void {
    const lastBySlot = this.#lastBySlot();
    const windowMs = this.slotMs * SLOTS_IN_WINDOW;
    this.#entries = this.#entries.filter(({ atMs }) => (lastBySlot.get(this.#slotOf(atMs)) as number) > nowMs - windowMs);
  }

  take(id: Id, atMs: number, amount: number): void {
    this.#entries.push({ id, atMs, settled: 0, held: amount });
  }

  settle(id: Id, held: number, used: number, nowMs: number): void {
    const entry = this.#entries.find((one) => one.id === id);
    if (entry === undefined) {
      if (used > held) this.add(nowMs, used - held);
      return;
    }
    entry.held = 0;
    entry.settled = used;
  }

  add(atMs: number, amount: number): void {
    this.#entries.push({ id: null, atMs, settled: amount, held: 0 });
  }

  /** What is held stays, and keeps its slot alive as it did. */
  dropSettled(): void {
    for (const entry of this.#entries) entry.settled = 0;
  }

  sum(): number {
    return this.#entries.reduce((sum, { settled, held }) => sum + settled + held, 0);
  }

  /** What was counted after an instant, slots or no slots. */
  sumSince(afterMs: number): number {
    return this.#entries.reduce((sum, { atMs, settled, held }) => (atMs > afterMs ? sum + settled + held : sum), 0);
  }

  held(): number {
    return this.#entries.reduce((sum, { held }) => sum + held, 0);
  }

  untilExpiredMs(amount: number, nowMs: number): number {
    const windowMs = this.slotMs * SLOTS_IN_WINDOW;
    const lastBySlot = this.#lastBySlot();
    const slots = [...lastBySlot].sort(([one], [other]) => one - other);
    let expired = 0;
    for (const [slot, lastMs] of slots) {
      for (const { atMs, settled, held } of this.#entries) if (this.#slotOf(atMs) === slot) expired += settled + held;
      if (expired >= amount) return lastMs + windowMs - nowMs;
    }
    return windowMs;
  }

  emptyAtMs(): number {
    return Math.max(Number.NEGATIVE_INFINITY, ...this.#entries.map(({ atMs }) => atMs + this.slotMs * SLOTS_IN_WINDOW));
  }

  #lastBySlot(): Map<number, number> {
    const last = new Map<number, number>();
    for (const { atMs } of this.#entries) last.set(this.#slotOf(atMs), Math.max(last.get(this.#slotOf(atMs)) ?? 0, atMs));
    return last;
  }

  #slotOf(atMs: number): number {
    return Math.floor(atMs / this.slotMs);
  }
}
