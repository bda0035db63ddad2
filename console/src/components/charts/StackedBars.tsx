import '@mantine/charts/styles.layer.css';
import { BarChart } from '@mantine/charts';
import { Box } from '@mantine/core';

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
  /** How long a point lasts: decides how its time is written. */
  readonly interval: 'hour' | 'day' | 'week' | 'month';
  /** Zone in which the intervals begin. */
  readonly timeZone: string;
  readonly format: (value: number) => string;
  readonly height?: number;
}

/** Stacked bars over time. The exact numbers stand in the table beside it; this shows their course. */
export function StackedBars({ label, points, series, interval, timeZone, format, height = 220 }: TimeChartProps) {
  const time = new Intl.DateTimeFormat(undefined, { ...FORMATS[interval], timeZone });
  const data = points.map((point) => ({ ...point, time: time.format(new Date(point.time)) }));
  return (
    <Box role="img" aria-label={label}>
      <BarChart
        h={height}
        data={data}
        dataKey="time"
        type="stacked"
        series={series.map(({ name, label: shown, color }) => ({ name, label: shown ?? name, color }))}
        valueFormatter={format}
        withLegend={series.length > 1}
        legendProps={{ verticalAlign: 'bottom' }}
        tickLine="none"
        gridAxis="x"
        yAxisProps={{ width: 64 }}
        barProps={{ isAnimationActive: false }}
        maxBarWidth={36}
      />
    </Box>
  );
}

const FORMATS = {
  hour: { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
  day: { day: 'numeric', month: 'short' },
  week: { day: 'numeric', month: 'short' },
  month: { month: 'short', year: 'numeric' },
} as const satisfies Record<TimeChartProps['interval'], Intl.DateTimeFormatOptions>;
