import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

/** Wraps a table that may be wider than a phone. The table scrolls by itself, also with the arrow keys, and the page does not. */
export function TableScroll({ minWidth, children }: { minWidth: number; children: ReactNode }) {
  return (
    <Table.ScrollContainer minWidth={minWidth} scrollAreaProps={{ viewportProps: { tabIndex: 0 }, offsetScrollbars: 'present' }}>
      {children}
    </Table.ScrollContainer>
  );
}
