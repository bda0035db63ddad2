import { useCallback, useEffect, useRef } from 'react';
import type { ListRowsProps } from './column.ts';

/** The rows of a page that are chosen. */
export interface Selection<T> {
  readonly has: (row: T) => boolean;
  readonly isWhole: boolean;
  readonly isPartly: boolean;
  /** Chooses a row, or no more. `isRange`: and every row between it and the one before. Always the same function. */
  readonly toggle: (row: T, isRange: boolean) => void;
  readonly toggleAll: () => void;
}

type SelectionSource<T extends { id: string }> = Pick<ListRowsProps<T>, 'rows' | 'selected' | 'onSelectedChange'>;

/** Returns the selection of a list; undefined if its rows cannot be chosen. Rows of other pages stay chosen. */
export function useSelection<T extends { id: string }>(source: SelectionSource<T>): Selection<T> | undefined {
  const latest = useRef(source);
  const lastId = useRef<string>(undefined);
  useEffect(() => {
    latest.current = source;
  });
  const toggle = useCallback((row: T, isRange: boolean) => {
    const { rows = [], selected = [], onSelectedChange } = latest.current;
    const from = isRange ? rows.findIndex(({ id }) => id === lastId.current) : -1;
    const to = rows.findIndex(({ id }) => id === row.id);
    const meant = from === -1 ? [row] : rows.slice(Math.min(from, to), Math.max(from, to) + 1);
    const others = without(selected, meant);
    lastId.current = row.id;
    onSelectedChange?.(selected.some(({ id }) => id === row.id) ? others : [...others, ...meant]);
  }, []);
  const { rows = [], selected = [], onSelectedChange } = source;
  if (onSelectedChange === undefined) return undefined;
  const chosen = new Set(selected.map(({ id }) => id));
  const isWhole = rows.length > 0 && rows.every(({ id }) => chosen.has(id));
  return {
    has: ({ id }) => chosen.has(id),
    isWhole,
    isPartly: !isWhole && rows.some(({ id }) => chosen.has(id)),
    toggle,
    toggleAll: () => onSelectedChange(isWhole ? without(selected, rows) : [...without(selected, rows), ...rows]),
  };
}

function without<T extends { id: string }>(all: readonly T[], out: readonly T[]): T[] {
  const ids = new Set(out.map(({ id }) => id));
  return all.filter(({ id }) => !ids.has(id));
}
