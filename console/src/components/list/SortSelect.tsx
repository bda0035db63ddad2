import { Select } from '@mantine/core';
import type { ListRowsProps } from './column.ts';
import { words } from './words.ts';

/** Chooses the order of a list that has no column heads to click. */
export function SortSelect<T>({ columns, sort, onSort }: Pick<ListRowsProps<T & { id: string }>, 'columns' | 'sort' | 'onSort'>) {
  const sortable = columns.filter((column) => column.sortable === true);
  if (sortable.length === 0) return null;
  const data = sortable.flatMap(({ accessor, title }) => [
    { value: accessor, label: words.ascending(title) },
    { value: `-${accessor}`, label: words.descending(title) },
  ]);
  return (
    <Select
      aria-label={words.order}
      placeholder={words.order}
      size="sm"
      w={200}
      allowDeselect={false}
      data={data}
      value={data.some(({ value }) => value === sort) ? sort : null}
      onChange={(value) => value !== null && onSort(value)}
    />
  );
}
