import '@mantine/charts/styles.layer.css';
import { BarChart } from '@mantine/charts';
import { Box } from '@mantine/core';
import { type Interval, intervalFormat } from './interval-time.ts';

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
  /** Where the chart begins and ends: intervals without a point are drawn empty. */
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
  const time = intervalFormat(interval, timeZone);
  const names = timesBetween({ points, from, to, interval }).map((at) => time.format(at));
  const byName = new Map(points.map((point) => [time.format(new Date(point.time)), point]));
  const data = [...new Set(names)].map((name) => ({ ...byName.get(name), time: name }));
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
        yAxisProps={{ width: 84, tickFormatter: format }}
        barProps={{ isAnimationActive: false }}
        maxBarWidth={36}
      />
    </Box>
  );
}

interface Stretch {
  readonly points: readonly Point[];
  readonly from: string;
  readonly to: string;
  readonly interval: Interval;
}

const HOUR_MS = 3_600_000;
/** A day is stepped over in its second hour, so that a clock that is set forward or back does not move it into another. */
const STEPS_MS = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 168 * HOUR_MS, month: null } as const;
const TIMES_MAX = 2_000;

/** The beginning of every interval, as seen from the first that is known. Months differ too much: those with a point stand alone. */
function timesBetween({ points, from, to, interval }: Stretch): readonly Date[] {
  const stepMs = STEPS_MS[interval];
  const known = points.map((point) => Date.parse(point.time));
  if (stepMs === null) return known.map((ms) => new Date(ms));
  const offsetMs = interval === 'hour' ? 0 : 2 * HOUR_MS;
  const [anchorMs = Date.parse(from)] = known;
  const before = Math.max(0, Math.ceil((anchorMs - Date.parse(from)) / stepMs));
  const count = Math.min(TIMES_MAX, before + Math.ceil((Date.parse(to) - anchorMs) / stepMs));
  return Array.from({ length: count }, (_, index) => new Date(anchorMs + (index - before) * stepMs + offsetMs));
}
