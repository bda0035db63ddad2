// biome-ignore-all lint/style/noNonNullAssertion: every offset used here is one that Cells handed out.
import { FAR_FUTURE_MS } from '../../domain/limits/period.ts';
import type { SeedFrom, SeedPoint } from '../counters.ts';
import type { ForwardTime } from './forward-time.ts';
import { type Counter, KNOWN, type Past, type Registry, UNKNOWN } from './registry.ts';
import { addSettled, CELLS_PER_COUNTER_MAX, dropSettled, expire, HELD, SUM, windowMs } from './trailing.ts';

/**
 * Asks the ledger for the past of counters that lack it. Returns null if none does. Requests that need the same counter share one
 * answer. The answer contains what was settled before its instant, and the counter counts what is settled after it, so each row
 * counts exactly once. That instant is the call, or a later one that the source announces with `nowAsOf`.
 *
 * Rejects with the source's error; the next request that needs the counter asks again. A caller may give up waiting: the answer
 * still fills the counter when it arrives.
 */
export function seedAll(
  registry: Registry,
  counters: readonly Counter[],
  seedFrom: SeedFrom,
  time: ForwardTime,
): Promise<void> | null {
  const waiting: Promise<void>[] = [];
  for (const counter of counters) {
    if (counter.past.is === 'unknown') waiting.push(ask(registry, counter, seedFrom, time));
    else if (counter.past.is === 'asked') waiting.push(counter.past.answered);
  }
  return waiting.length === 0 ? null : Promise.all(waiting).then(() => undefined);
}

function ask(registry: Registry, counter: Counter, seedFrom: SeedFrom, time: ForwardTime): Promise<void> {
  forgetSettled(registry, counter);
  const [fromMs, toMs] = spanOf(registry, counter, time.nowMs());
  let asked: Past | null = null;
  const points = pointsFrom(seedFrom, counter, [fromMs, toMs], () => {
    if (asked === null || counter.past === asked) forgetSettled(registry, counter);
  });
  const answered = points.then(fill, giveUp);
  asked = { is: 'asked', answered };
  counter.past = asked;
  registry.cold.add(counter);
  return answered;

  // If the question was dropped meanwhile, its answer may have a gap: the waiting requests ask again.
  function fill(points: readonly SeedPoint[]): void {
    if (counter.past !== asked) return;
    addPoints(registry, counter, points, time.nowMs());
    counter.past = KNOWN;
    registry.cold.delete(counter);
  }
  function giveUp(reason: unknown): never {
    if (counter.past === asked) counter.past = UNKNOWN;
    throw reason;
  }
}

/** Calls the source synchronously, and turns a synchronous throw into a rejection. */
async function pointsFrom(
  seedFrom: SeedFrom,
  { spec }: Counter,
  [fromMs, toMs]: readonly [number, number],
  nowAsOf: () => void,
): Promise<readonly SeedPoint[]> {
  return seedFrom(spec, fromMs, toMs, nowAsOf);
}

/**
 * Returns the first instant that counts, and the one after the last. Rows with a time in the future, left by a clock that ran
 * ahead, count too.
 */
function spanOf(registry: Registry, counter: Counter, nowMs: number): readonly [number, number] {
  const { window } = counter.spec;
  if (window.is !== 'calendar') return [nowMs - windowMs(registry.cells, counter.offset) + 1, FAR_FUTURE_MS];
  return [counter.period.startMs, Math.min(counter.period.endMs, FAR_FUTURE_MS)];
}

function forgetSettled(registry: Registry, counter: Counter): void {
  const { cells } = registry;
  if (counter.spec.window.is === 'trailing') dropSettled(cells, counter.offset);
  else cells.data[counter.offset + SUM] = cells.data[counter.offset + HELD]!;
}

function addPoints(registry: Registry, counter: Counter, points: readonly SeedPoint[], nowMs: number): void {
  const { cells } = registry;
  if (counter.spec.window.is !== 'trailing') {
    for (const point of points) cells.data[counter.offset + SUM]! += point.amount;
    return;
  }
  cells.reserve(CELLS_PER_COUNTER_MAX);
  expire(cells, counter.offset, nowMs);
  for (const point of points) addSettled(cells, counter.offset, point.atMs, point.amount, nowMs);
}
