import { Box, Group, Paper, Skeleton, Stack, Text, VisuallyHidden } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import { listRow } from '../shell/shortcuts.ts';
import { cellOf, type ListColumn, type ListRowsProps, NOTHING_MATCHES } from './column.ts';
import { RowCheck } from './RowCheck.tsx';

/** The rows of a list on a phone. Each is an entry of two lines with its menu visible, so nothing scrolls sideways. */
export function ListEntries<T extends { id: string }>(props: ListRowsProps<T>) {
  const { rows, isFetching } = props;
  return (
    <Stack gap="xs">
      <Paper
        withBorder
        component="ul"
        m={0}
        p={0}
        aria-label={props.name}
        style={{ opacity: isFetching ? 0.6 : 1, listStyle: 'none' }}
      >
        {rows === undefined && AWAITED.map((row) => <AwaitedEntry key={row} />)}
        {rows?.map((row) => (
          <Entry key={row.id} row={row} {...props} />
        ))}
      </Paper>
      {rows?.length === 0 && !isFetching && (
        <Text fz="sm" c="dimmed" ta="center" py="lg">
          {NOTHING_MATCHES}
        </Text>
      )}
    </Stack>
  );
}

const AWAITED = Array.from({ length: 10 }, (_, at) => at);

/** As high as most entries. */
function AwaitedEntry() {
  return (
    <Box component="li" px="sm" py="xs" h={100} style={{ borderBottom: '1px solid var(--mantine-color-default-border)' }}>
      <Skeleton h={14} w="55%" mt={6} />
      <Skeleton h={12} w="80%" mt={20} />
    </Box>
  );
}

function Entry<T extends { id: string }>({
  row,
  columns,
  onRowClick,
  selected,
  onSelectedChange,
}: ListRowsProps<T> & { row: T }) {
  const titleId = useId();
  const title = columns.find(({ phone }) => phone === 'title');
  const menu = columns.find(({ phone }) => phone === 'menu');
  return (
    <Box
      component="li"
      {...listRow({ opens: onRowClick !== undefined })}
      px="sm"
      py="xs"
      style={{
        borderBottom: '1px solid var(--mantine-color-default-border)',
        cursor: onRowClick === undefined ? undefined : 'pointer',
      }}
      onClick={() => onRowClick?.(row)}
    >
      <Group gap="sm" wrap="nowrap" justify="space-between">
        {onSelectedChange !== undefined && (
          <Check row={row} labelledBy={titleId} selected={selected ?? []} onSelectedChange={onSelectedChange} />
        )}
        <Box id={titleId} flex={1} miw={0} fz="sm">
          {title !== undefined && cellOf(title, row)}
        </Box>
        {menu !== undefined && <div>{cellOf(menu, row)}</div>}
      </Group>
      <Group gap="md" mt={6} fz="sm" style={{ rowGap: 4 }}>
        {factsOf(columns).map((column) => (
          <Fact key={column.accessor} label={column.title} isNamed={column.phone.isNamed === true}>
            {cellOf(column, row)}
          </Fact>
        ))}
      </Group>
    </Box>
  );
}

interface CheckProps<T> {
  readonly row: T;
  readonly labelledBy: string;
  readonly selected: readonly T[];
  readonly onSelectedChange: (rows: T[]) => void;
}

function Check<T extends { id: string }>({ row, labelledBy, selected, onSelectedChange }: CheckProps<T>) {
  const others = selected.filter(({ id }) => id !== row.id);
  return (
    <RowCheck
      aria-labelledby={labelledBy}
      checked={others.length < selected.length}
      onClick={(event) => event.stopPropagation()}
      onChange={({ currentTarget }) => onSelectedChange(currentTarget.checked ? [...others, row] : others)}
    />
  );
}

function Fact({ label, isNamed, children }: { label: ReactNode; isNamed: boolean; children: ReactNode }) {
  return (
    <Group gap={6} wrap="nowrap" miw={0}>
      {isNamed ? (
        <Text component="span" fz="xs" c="dimmed">
          {label}
        </Text>
      ) : (
        <VisuallyHidden>{label}</VisuallyHidden>
      )}
      <Box miw={0}>{children}</Box>
    </Group>
  );
}

type FactColumn<T> = ListColumn<T> & { readonly phone: { readonly fact: number; readonly isNamed?: true } };

function factsOf<T>(columns: readonly ListColumn<T>[]): readonly FactColumn<T>[] {
  const facts = columns.filter((column): column is FactColumn<T> => typeof column.phone === 'object');
  return facts.toSorted((one, other) => one.phone.fact - other.phone.fact);
}
