/**
 * Refusals can arrive in floods: a client that retries without a pause sends a thousand a second. The first ten of one (key,
 * rule) in a second get their own rows. The others share one with a count, and each of their ids resolves to it.
 */
import type { Clock } from '../lib/timing/clock.ts';
import type { Journal } from './journal.ts';
import type { EndRecord } from './records.ts';

export interface RefusalOptions {
  readonly journal: Pick<Journal, 'room' | 'end' | 'share' | 'repeat'>;
  readonly clock: Clock;
  /** The most rows of its own that one (key, rule) gets in a second. */
  readonly ownRowsPerSecond?: number;
  /** The most ids that one row keeps; then another row begins. */
  readonly idsMax?: number;
  /** The most pairs of key and rule followed at a time. */
  readonly pairsMax?: number;
}

const WINDOW_MS = 1_000;

/** The refusals of one (key, rule) within its second. */
interface Pair {
  readonly sinceMs: number;
  ownRows: number;
  shared: SharedRow | null;
}

interface SharedRow {
  readonly first: EndRecord;
  readonly ids: string[];
  /** The number of refusals beyond the ids kept. Above 0 only while the journal takes nothing. */
  uncounted: number;
  /** A row in the journal survives a crash; one in memory waits for the journal to have room. */
  readonly where: 'in_journal' | 'in_memory';
}

/** Collects refusals of known keys and passes them to the journal. */
export class RefusalAggregator {
  /** The number of refusals that left no row: the journal took nothing and too many pairs were followed already. */
  unlogged = 0;
  readonly #journal: RefusalOptions['journal'];
  readonly #clock: Clock;
  readonly #ownRows: number;
  readonly #idsMax: number;
  readonly #pairsMax: number;
  readonly #pairs = new Map<string, Pair>();
  /** Shared rows that are not written yet, by the ids of their requests. */
  readonly #byId = new Map<string, SharedRow>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: RefusalOptions) {
    this.#journal = options.journal;
    this.#clock = options.clock;
    this.#ownRows = options.ownRowsPerSecond ?? 10;
    this.#idsMax = options.idsMax ?? 1_000;
    this.#pairsMax = options.pairsMax ?? 10_000;
  }

  /** Takes one refused request: status `refused`, count 1, no repeats. */
  add(refusal: EndRecord): void {
    const pair = this.#pairOf(refusal);
    if (pair === null) {
      if (this.#journal.room()) this.#journal.end(refusal);
      else this.unlogged += 1;
      return;
    }
    if (pair.shared !== null) this.#repeat(pair, pair.shared, refusal.requestId);
    // The journal keeps its last bytes for what costs money, so refusals wait in memory, counted.
    else if (!this.#journal.room()) pair.shared = this.#share(refusal, 'in_memory');
    else if (pair.ownRows < this.#ownRows) this.#own(pair, refusal);
    else pair.shared = this.#share(refusal, 'in_journal');
  }

  /** Returns a refusal whose shared row is not written yet; null if there is none with this id. */
  find(requestId: string): EndRecord | null {
    const shared = this.#byId.get(requestId);
    return shared === undefined ? null : rowOf(shared);
  }

  /** Writes every shared row whose second is over, or all of them. */
  flush(which: 'due' | 'all' = 'all'): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [name, pair] of this.#pairs) {
      if (which === 'due' && nowMs - pair.sinceMs < WINDOW_MS) continue;
      if (pair.shared !== null) {
        if (pair.shared.where === 'in_memory' && !this.#journal.room()) continue;
        this.#end(pair.shared);
      }
      this.#pairs.delete(name);
    }
  }

  #pairOf(refusal: EndRecord): Pair | null {
    const name = `${refusal.keyId}\n${refusal.code}\n${refusal.param}`;
    const known = this.#pairs.get(name);
    if (known !== undefined) return known;
    if (this.#pairs.size >= this.#pairsMax) return null;
    const pair: Pair = { sinceMs: this.#clock.monotonicMs(), ownRows: 0, shared: null };
    this.#pairs.set(name, pair);
    this.#timer ??= setTimeout(this.#tick, WINDOW_MS).unref();
    return pair;
  }

  #own(pair: Pair, refusal: EndRecord): void {
    pair.ownRows += 1;
    this.#journal.end(refusal);
  }

  #share(refusal: EndRecord, where: SharedRow['where']): SharedRow {
    if (where === 'in_journal') this.#journal.share(refusal);
    const shared: SharedRow = { first: refusal, ids: [], uncounted: 0, where };
    this.#byId.set(refusal.requestId, shared);
    return shared;
  }

  #repeat(pair: Pair, shared: SharedRow, requestId: string): void {
    if (shared.ids.length >= this.#idsMax) {
      shared.uncounted += 1;
      return;
    }
    shared.ids.push(requestId);
    this.#byId.set(requestId, shared);
    if (shared.where === 'in_memory') return;
    this.#journal.repeat(requestId, shared.first.requestId);
    if (shared.ids.length < this.#idsMax) return;
    this.#end(shared);
    pair.shared = null;
  }

  #end(shared: SharedRow): void {
    this.#journal.end(rowOf(shared));
    this.#byId.delete(shared.first.requestId);
    for (const id of shared.ids) this.#byId.delete(id);
  }

  readonly #tick = (): void => {
    this.#timer = null;
    this.flush('due');
    if (this.#pairs.size > 0) this.#timer = setTimeout(this.#tick, WINDOW_MS / 4).unref();
  };
}

function rowOf(shared: SharedRow): EndRecord {
  return { ...shared.first, count: 1 + shared.ids.length + shared.uncounted, repeatIds: shared.ids };
}
