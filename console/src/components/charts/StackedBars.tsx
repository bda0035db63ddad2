import '@mantine/charts/styles.layer.css';
import { BarChart } from '@mantine/charts';
import { Box, Text } from '@mantine/core';
import type { Interval } from './interval-time.ts';
import { intervalKey, intervalsOf } from './intervals.ts';

export interface Series {
  /** The name of the value in each point. Also the text in the legend unless there is a `label`. */
  readonly name: string;
  readonly label?: string;
  /** A colour of the theme: `teal.6`. */
  readonly color: string;
}

/** A point of a chart: `time` is an instant, and the other fields are the values of the series by name. */
export type Point = { readonly time: string } & Readonly<Record<string, number | string>>;

export interface TimeChartProps {
  /** A description of the chart for screen readers. */
  readonly label: string;
  readonly points: readonly Point[];
  readonly series: readonly Series[];
  /** The start and the end of the chart. Intervals without a point are drawn as zero. */
  readonly from: string;
  readonly to: string;
  /** The length of each point's interval. It decides how the time is formatted. */
  readonly interval: Interval;
  /** The time zone in which the intervals begin. */
  readonly timeZone: string;
  /** Formats a value beside the axis. */
  readonly format: (value: number) => string;
  /** Formats a value on hover, where every digit fits. Defaults to `format`. */
  readonly formatExact?: (value: number) => string;
  /** The period before, in grey beside the bars: one `value` at the time of this period with which it is compared. */
  readonly previous?: readonly Point[] | undefined;
  readonly height?: number;
}

const PREVIOUS = { name: 'previous', label: 'Period before', color: 'gray.5', stackId: 'previous' };

/** Stacked bars over time. They show the trend; the table beside them has the exact numbers. */
export function StackedBars({
  label,
  points,
  series,
  from,
  to,
  interval,
  timeZone,
  height = 220,
  previous,
  ...formats
}: TimeChartProps) {
  const { format, formatExact = format } = formats;
  const byKey = new Map(points.map((point) => [intervalKey(point.time, { interval, timeZone }), point]));
  const marks = intervalsOf({ from, to, interval, timeZone });
  const labels = new Map(marks.map(({ key, label: written }) => [key, written]));
  const before = new Map(previous?.map(({ time, value }) => [intervalKey(time, { interval, timeZone }), value]));
  const nothing = Object.fromEntries(series.map(({ name }) => [name, 0]));
  const data = marks.map(({ key }) => ({ ...nothing, ...byKey.get(key), [PREVIOUS.name]: before.get(key) ?? 0, time: key }));
  const now = series.map(({ name, label: shown, color }) => ({ name, label: shown ?? name, color, stackId: 'now' }));
  const labelOf = (key: unknown) => labels.get(String(key)) ?? '';
  return (
    <Box role="img" aria-label={label}>
      <BarChart
        h={height}
        data={data}
        dataKey="time"
        series={previous === undefined ? now : [...now, PREVIOUS]}
        valueFormatter={formatExact}
        withLegend={series.length > 1 || previous !== undefined}
        legendProps={{ verticalAlign: 'bottom' }}
        tickLine="none"
        gridAxis="x"
        // Without this margin the chart moves the topmost number off its line.
        barChartProps={{ margin: { top: 10 } }}
        xAxisProps={{ tickFormatter: labelOf, interval: 'equidistantPreserveStart' }}
        tooltipProps={{ labelFormatter: labelOf }}
        yAxisProps={{ width: 84, tickFormatter: format }}
        barProps={{ isAnimationActive: false }}
        maxBarWidth={36}
      />
      <Text fz="xs" c="dimmed" ta="right">
        Per {interval} in {timeZone}
      </Text>
    </Box>
  );
}
