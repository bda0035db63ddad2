import '@mantine/charts/styles.layer.css';
import { BarChart } from '@mantine/charts';
import { Box } from '@mantine/core';
import type { Interval } from './interval-time.ts';
import { intervalKey, intervalsOf } from './intervals.ts';

export interface Series {
  /** Name of the value in each point; also what the legend says unless `label` does. */
  readonly name: string;
  readonly label?: string;
  /** A colour of the theme, `teal.6`. */
  readonly color: string;
}

/** Beside its `time`, an instant, the values of the series by their names. */
export type Point = { readonly time: string } & Readonly<Record<string, number | string>>;

export interface TimeChartProps {
  /** What the chart shows, for who cannot see it. */
  readonly label: string;
  readonly points: readonly Point[];
  readonly series: readonly Series[];
  /** Where the chart begins and ends: intervals without a point are drawn as nothing used. */
  readonly from: string;
  readonly to: string;
  /** How long a point lasts: decides how its time is written. */
  readonly interval: Interval;
  /** Zone in which the intervals begin. */
  readonly timeZone: string;
  /** Writes a value beside the axis. */
  readonly format: (value: number) => string;
  /** Writes it on hover, where there is room for every digit; as `format` does unless said. */
  readonly formatExact?: (value: number) => string;
  readonly height?: number;
}

/** Stacked bars over time. The exact numbers stand in the table beside it; this shows their course. */
export function StackedBars({ label, points, series, from, to, interval, timeZone, height = 220, ...formats }: TimeChartProps) {
  const { format, formatExact = format } = formats;
  const byKey = new Map(points.map((point) => [intervalKey(point.time, { interval, timeZone }), point]));
  const marks = intervalsOf({ from, to, interval, timeZone });
  const labels = new Map(marks.map(({ key, label: written }) => [key, written]));
  const nothing = Object.fromEntries(series.map(({ name }) => [name, 0]));
  const data = marks.map(({ key }) => ({ ...nothing, ...byKey.get(key), time: key }));
  const labelOf = (key: unknown) => labels.get(String(key)) ?? '';
  return (
    <Box role="img" aria-label={label}>
      <BarChart
        h={height}
        data={data}
        dataKey="time"
        type="stacked"
        series={series.map(({ name, label: shown, color }) => ({ name, label: shown ?? name, color }))}
        valueFormatter={formatExact}
        withLegend={series.length > 1}
        legendProps={{ verticalAlign: 'bottom' }}
        tickLine="none"
        gridAxis="x"
        // Without room above it the topmost number is moved off its line.
        barChartProps={{ margin: { top: 10 } }}
        xAxisProps={{ tickFormatter: labelOf, interval: 'equidistantPreserveStart' }}
        tooltipProps={{ labelFormatter: labelOf }}
        yAxisProps={{ width: 84, tickFormatter: format }}
        barProps={{ isAnimationActive: false }}
        maxBarWidth={36}
      />
    </Box>
  );
}
