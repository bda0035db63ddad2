import { type CSSProperties, useCallback, useRef, useSyncExternalStore } from 'react';
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
