import { Table, type TableProps } from '@mantine/core';
import type { ReactNode } from 'react';

interface FactTableProps extends Omit<TableProps, 'data' | 'children'> {
  readonly facts: readonly (readonly [name: string, value: ReactNode])[];
  /** The width of the names. */
  readonly nameWidth?: number | { readonly base: number; readonly xs: number };
}

/** The facts of one object, one below the other, with room for long values. */
export function FactTable({ facts, nameWidth = 110, ...table }: FactTableProps) {
  return (
    <Table withRowBorders={false} verticalSpacing={4} layout="fixed" {...table}>
      <Table.Tbody>
        {facts.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th w={nameWidth} fw={400} c="dimmed" scope="row">
              {name}
            </Table.Th>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
