import { Table } from '@mantine/core';
import { type Interval, intervalFormat } from '../../numbers/interval-time.ts';
import { TableScroll } from '../list/TableScroll.tsx';
import type { CoursePoint } from './course.ts';
import type { Series } from './TimePlot.tsx';
import { words } from './words.ts';

interface CourseTableProps {
  readonly label: string;
  readonly points: readonly CoursePoint[];
  readonly series: readonly Series[];
  readonly interval: Interval;
  readonly timeZone: string;
  /** Writes a value as the page writes it elsewhere. */
  readonly text: (value: string) => string;
  /** Writes a value with every digit, on hover. */
  readonly exact: (value: string) => string;
}

/** The numbers behind a chart as a table, the newest first. Intervals without use are left out. */
export function CourseTable({ label, points, series, interval, timeZone, text, exact }: CourseTableProps) {
  const time = intervalFormat(interval, timeZone);
  return (
    <TableScroll minWidth={120 + series.length * 110}>
      <Table withTableBorder fz="xs" verticalSpacing={4} aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.fromIn(timeZone)}</Table.Th>
            {series.map(({ name, label: shown }) => (
              <Table.Th key={name} ta="right">
                <bdi>{shown}</bdi>
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {points.toReversed().map((point) => (
            <Table.Tr key={point.time}>
              <Table.Th scope="row" fw={500} className="nowrap">
                {time.format(new Date(point.time))}
              </Table.Th>
              {series.map(({ name }) => (
                <Value key={name} of={point.values[name]} text={text} exact={exact} />
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableScroll>
  );
}

function Value({ of: value, text, exact }: { of: string | undefined } & Pick<CourseTableProps, 'text' | 'exact'>) {
  return (
    <Table.Td ta="right" className="nowrap" title={value === undefined ? undefined : exact(value)}>
      {value === undefined ? '–' : text(value)}
    </Table.Td>
  );
}
