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
  /** Writes a value with every digit. */
  readonly text: (value: string) => string;
}

/** The numbers behind a chart as a table, the newest first. Intervals without use are left out. */
export function CourseTable({ label, points, series, interval, timeZone, text }: CourseTableProps) {
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
                <Table.Td key={name} ta="right" className="nowrap">
                  {point.values[name] === undefined ? '–' : text(point.values[name])}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableScroll>
  );
}
