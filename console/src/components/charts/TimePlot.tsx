import '@mantine/charts/styles.layer.css';
import { CompositeChart, type CompositeChartSeries } from '@mantine/charts';
import { Box, Group, Text } from '@mantine/core';
import type { Interval } from '../../numbers/interval-time.ts';
import { PREVIOUS_COLOR } from './colors.ts';
import { intervalKey, intervalsOf } from './intervals.ts';
import { words } from './words.ts';

export interface Series {
  /** The name of the value in each point. Also the text in the legend unless there is a `label`. */
  readonly name: string;
  readonly label?: string;
  /** A colour of CSS, from colors.ts. */
  readonly color: string;
}

/** A point of a chart: `time` is an instant, and the other fields are the values of the series by name. */
export type Point = { readonly time: string } & Readonly<Record<string, number | string>>;

export interface TimeChartProps {
  /** A description of the chart for screen readers. */
  readonly label: string;
  readonly points: readonly Point[];
  readonly series: readonly Series[];
  /** Areas show a course, and bars the parts of each interval. Both are stacked. Defaults to bars. */
  readonly shape?: 'areas' | 'bars';
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
  /** True for counts, whose axis has no parts of one. */
  readonly isCount?: boolean;
  /** The period before, as a gray line: one `value` at the time of this period with which it is compared. */
  readonly previous?: readonly Point[] | undefined;
  /** A sentence that says what will appear here. Shown in place of a chart in which every value is zero. */
  readonly empty: string;
  /** In pixels, with the axis: 240 leave 200 for the plot, also on a phone. */
  readonly height?: number;
}

const PREVIOUS = { name: 'previous', label: words.periodBefore, color: PREVIOUS_COLOR };
/** The axis takes 44 pixels of it. */
const PLOT_HEIGHT = 244;

/** A chart over time. It shows the trend; the table beside it has the exact numbers. */
export function TimePlot({ label, series, shape = 'bars', height = PLOT_HEIGHT, ...props }: TimeChartProps) {
  const { interval, timeZone, format, formatExact = format, isCount = false, previous } = props;
  const { data, labels } = dataOf({ ...props, series });
  const labelOf = (key: unknown) => labels.get(String(key)) ?? '';
  const drawn: CompositeChartSeries[] = series.map(({ name, label: shown, color }) => ({
    name,
    label: shown ?? name,
    color,
    type: shape === 'areas' ? 'area' : 'bar',
  }));
  const before: CompositeChartSeries = { ...PREVIOUS, type: 'line', strokeDasharray: '4 3' };
  return (
    <Box>
      <Box role="img" aria-label={label}>
        <CompositeChart
          h={height}
          data={[...data]}
          dataKey="time"
          series={previous === undefined ? drawn : [...drawn, before]}
          valueFormatter={formatExact}
          curveType="linear"
          strokeWidth={1.75}
          // One interval alone would be an area without width.
          withDots={data.length === 1}
          tickLine="none"
          gridAxis="x"
          strokeDasharray="0"
          // Without the upper margin the chart moves the topmost number off its line.
          composedChartProps={{ margin: { top: 10, right: 24 }, barCategoryGap: '18%' }}
          areaProps={{ stackId: 'now', fillOpacity: 0.22 }}
          barProps={{ stackId: 'now' }}
          xAxisProps={{ tickFormatter: labelOf, interval: 'equidistantPreserveStart' }}
          tooltipProps={{ labelFormatter: labelOf }}
          yAxisProps={{ width: isCount ? 52 : 88, tickFormatter: format, allowDecimals: !isCount, tickCount: 5 }}
          maxBarWidth={36}
        />
      </Box>
      <Group justify="space-between" gap="xs" align="flex-start" wrap="nowrap" mt={6}>
        <Legend series={previous === undefined ? series : [...series, PREVIOUS]} />
        <Text fz="xs" c="dimmed" ta="right" className="nowrap">
          {words.perIn(interval, timeZone)}
        </Text>
      </Group>
    </Box>
  );
}

/** The names of the series below the chart, where they take nothing from its height. A single series is named by the title. */
function Legend({ series }: { series: readonly Series[] }) {
  if (series.length < 2) return <span />;
  return (
    <Group gap="md" style={{ rowGap: 2 }} miw={0}>
      {series.map(({ name, label = name, color }) => (
        <Group key={name} gap={6} wrap="nowrap" miw={0}>
          <Box w={10} h={name === PREVIOUS.name ? 2 : 10} bg={color} style={{ borderRadius: 2, flexShrink: 0 }} />
          <Text fz="xs" truncate>
            <bdi>{label}</bdi>
          </Text>
        </Group>
      ))}
    </Group>
  );
}

/** Returns one point for each interval of the range, those without use too, and the text beside the axis for each. */
function dataOf({ points, series, from, to, interval, timeZone, previous }: Omit<TimeChartProps, 'label'>) {
  const byKey = new Map(points.map((point) => [intervalKey(point.time, { interval, timeZone }), point]));
  const before = new Map(previous?.map(({ time, value }) => [intervalKey(time, { interval, timeZone }), value]));
  const marks = intervalsOf({ from, to, interval, timeZone });
  const nothing = Object.fromEntries(series.map(({ name }) => [name, 0]));
  const compared = (key: string) => (previous === undefined ? {} : { [PREVIOUS.name]: before.get(key) ?? 0 });
  return {
    data: marks.map(({ key }) => ({ ...nothing, ...byKey.get(key), ...compared(key), time: key })),
    labels: new Map(marks.map(({ key, label }) => [key, label])),
  };
}
