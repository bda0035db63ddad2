import { replaceEqualDeep } from '@tanstack/react-query';
import { type CSSProperties, startTransition, useEffect, useMemo, useRef, useState } from 'react';
import type { ListColumn } from './column.ts';

const MINUTE_MS = 60_000;

/** Returns the present minute. A new one is drawn while nobody waits: all rows of a list tell times relative to it. */
export function useMinute(): number {
  const [minute, setMinute] = useState(minuteNow);
  useEffect(() => {
    const timer = setInterval(() => startTransition(() => setMinute(minuteNow())), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return minute;
}

function minuteNow(): number {
  return Math.floor(Date.now() / MINUTE_MS);
}

const SLOW_MS = 300;

/** Reports whether something has taken so long that the page says so. Sooner, it would only flicker, and be painted twice. */
export function useIsSlow(isBusy: boolean): boolean {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    if (!isBusy) return;
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => {
      clearTimeout(timer);
      setSlow(false);
    };
  }, [isBusy]);
  return isBusy && isSlow;
}

/** Returns the columns before if these are the same ones in another array. */
export function useSameColumns<T>(columns: readonly ListColumn<T>[]): readonly ListColumn<T>[] {
  const kept = useRef(columns);
  const isSame = kept.current.length === columns.length && kept.current.every((column, at) => column === columns[at]);
  if (!isSame) kept.current = columns;
  return kept.current;
}

/** Returns the columns that the width of the window has room for. */
export function useVisible<T>(columns: readonly ListColumn<T>[]): readonly ListColumn<T>[] {
  const [visible, setVisible] = useState(() => ({ of: columns, now: columns.filter(hasRoom) }));
  if (visible.of !== columns) setVisible({ of: columns, now: columns.filter(hasRoom) });
  useEffect(() => {
    const wanted = columns.flatMap(({ visibleMediaQuery: query }) => (query === undefined ? [] : [matchMedia(query)]));
    const change = () => setVisible({ of: columns, now: columns.filter(hasRoom) });
    for (const query of wanted) query.addEventListener('change', change);
    return () => {
      for (const query of wanted) query.removeEventListener('change', change);
    };
  }, [columns]);
  return visible.now;
}

function hasRoom<T>({ visibleMediaQuery: query }: ListColumn<T>): boolean {
  return query === undefined || matchMedia(query).matches;
}

/** Returns the rows with those that were there before, unless they are other ones now: a row that stays is not drawn again. */
export function useSameRows<T extends { id: string }>(rows: readonly T[] | undefined): readonly T[] | undefined {
  const kept = useRef(rows);
  const same = useMemo(() => shared(kept.current, rows), [rows]);
  useEffect(() => {
    kept.current = same;
  });
  return same;
}

function shared<T extends { id: string }>(
  before: readonly T[] | undefined,
  rows: readonly T[] | undefined,
): readonly T[] | undefined {
  if (before === undefined || rows === undefined || before === rows) return rows;
  const known = new Map(before.map((row) => [row.id, row]));
  const all = rows.map((row) => {
    const earlier = known.get(row.id);
    return earlier === undefined ? row : (replaceEqualDeep(earlier, row) as T);
  });
  return all.length === before.length && all.every((row, at) => row === before[at]) ? before : all;
}

/** As many rows as a screen has. */
const FIRST_ROWS = 16;
/** So few that a press meanwhile waits for no more than a blink: a row with gauges takes 4 ms. */
const MORE_ROWS = 4;

/**
 * Returns the rows to draw: other rows than before begin with the first ones, and the next follow while nobody waits. Drawn at
 * once, 200 rows keep a click waiting for a quarter of a second. Rows that are there from the beginning are all drawn, so that Back
 * finds its place.
 */
export function useGradually<T extends { id: string }>(rows: readonly T[] | undefined): readonly T[] | undefined {
  const [drawn, setDrawn] = useState({ of: rows, count: Number.POSITIVE_INFINITY });
  let { count } = drawn;
  if (drawn.of !== rows) {
    if (!areSame(drawn.of, rows)) count = FIRST_ROWS;
    setDrawn({ of: rows, count });
  }
  const hasMore = rows !== undefined && count < rows.length;
  useEffect(() => {
    if (!hasMore) return;
    const draw = () => setDrawn((before) => (before.of === rows ? { of: rows, count: count + MORE_ROWS } : before));
    return whenIdle(() => startTransition(draw));
  }, [hasMore, rows, count]);
  return hasMore ? rows.slice(0, count) : rows;
}

const IDLE_MS_MAX = 200;

/** Runs a step once the browser has painted and nothing waits, and soon in any case. Returns what cancels it. */
function whenIdle(step: () => void): () => void {
  // Safari has no such callback.
  if (typeof requestIdleCallback === 'undefined') {
    const timer = setTimeout(step, 1);
    return () => clearTimeout(timer);
  }
  const waiting = requestIdleCallback(step, { timeout: IDLE_MS_MAX });
  return () => cancelIdleCallback(waiting);
}

/** Reports whether most of the first rows were there before. Then the list is the same one with other figures, or a few new rows. */
function areSame<T extends { id: string }>(before: readonly T[] = [], rows: readonly T[] = []): boolean {
  const known = new Set(before.slice(0, FIRST_ROWS).map(({ id }) => id));
  const first = rows.slice(0, FIRST_ROWS);
  return first.filter(({ id }) => known.has(id)).length >= first.length / 2;
}

const STYLES = new WeakMap<object, CSSProperties>();

/** Returns the style of the cells of a column: one object for all of them. */
export function styleOf<T>(column: ListColumn<T>): CSSProperties {
  const known = STYLES.get(column);
  if (known !== undefined) return known;
  const { width, textAlign, noWrap = false } = column;
  const style: CSSProperties = {
    ...(width === 'rest' && { width: '100%', maxWidth: 0 }),
    ...(typeof width === 'number' && { width, minWidth: width, maxWidth: width }),
    ...(textAlign !== undefined && { textAlign }),
    ...(noWrap && { whiteSpace: 'nowrap' }),
  };
  STYLES.set(column, style);
  return style;
}
