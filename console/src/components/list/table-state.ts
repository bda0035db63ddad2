import { type CSSProperties, startTransition, useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { ListColumn } from './column.ts';

const MINUTE_MS = 60_000;

/** Returns the present minute, at each rendering. */
export function useMinute(): number {
  return Math.floor(Date.now() / MINUTE_MS);
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
  const last = useRef<{
    readonly of: readonly ListColumn<T>[];
    readonly key: string;
    readonly visible: readonly ListColumn<T>[];
  }>(undefined);
  const subscribe = useCallback(
    (onChange: () => void) => {
      const queries = columns.flatMap(({ visibleMediaQuery }) =>
        visibleMediaQuery === undefined ? [] : [matchMedia(visibleMediaQuery)],
      );
      for (const query of queries) query.addEventListener('change', onChange);
      return () => {
        for (const query of queries) query.removeEventListener('change', onChange);
      };
    },
    [columns],
  );
  return useSyncExternalStore(subscribe, () => {
    const visible = columns.filter(({ visibleMediaQuery: query }) => query === undefined || matchMedia(query).matches);
    const key = visible.map(({ accessor }) => accessor).join();
    if (last.current?.of !== columns || last.current.key !== key) last.current = { of: columns, key, visible };
    return last.current.visible;
  });
}

/** As many rows as a screen has, and the page below them. */
const ROWS_AT_ONCE = 40;

/**
 * Returns the rows to draw: other rows than before begin with the first ones, and the next follow while nobody waits. Drawn at
 * once, 200 rows keep a click waiting for a quarter of a second. Rows that are there from the beginning are all drawn, so that Back
 * finds its place.
 */
export function useGradually<T extends { id: string }>(rows: readonly T[] | undefined): readonly T[] | undefined {
  const [drawn, setDrawn] = useState({ of: rows, count: Number.POSITIVE_INFINITY });
  let { count } = drawn;
  if (drawn.of !== rows) {
    if (!areSame(drawn.of, rows)) count = ROWS_AT_ONCE;
    setDrawn({ of: rows, count });
  }
  const hasMore = rows !== undefined && count < rows.length;
  useEffect(() => {
    if (hasMore)
      startTransition(() => setDrawn((before) => (before.of === rows ? { of: rows, count: count + ROWS_AT_ONCE } : before)));
  }, [hasMore, rows, count]);
  return hasMore ? rows.slice(0, count) : rows;
}

/** Reports whether two lists begin and end with the same row: then only figures in them have changed. */
function areSame<T extends { id: string }>(before: readonly T[] | undefined, rows: readonly T[] | undefined): boolean {
  return before?.[0]?.id === rows?.[0]?.id && before?.at(-1)?.id === rows?.at(-1)?.id;
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
