import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

/** Around a table that may be wider than a phone: it scrolls by itself, with the arrow keys too, and the page does not. */
export function TableScroll({ minWidth, children }: { minWidth: number; children: ReactNode }) {
  return (
    <Table.ScrollContainer minWidth={minWidth} scrollAreaProps={{ viewportProps: { tabIndex: 0 }, offsetScrollbars: 'present' }}>
      {children}
    </Table.ScrollContainer>
  );
}
