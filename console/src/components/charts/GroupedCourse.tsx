import { Button, Stack, Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { useNames } from '../../api/names.ts';
import type { Interval } from '../../numbers/interval-time.ts';
import { addUsd, countText, exactMoneyText, moneyText, shortCountText } from '../../numbers/numbers.ts';
import { useUrlState } from '../fields/useUrlState.ts';
import { CourseTable } from './CourseTable.tsx';
import { OTHER_COLOR, SERIES_COLORS } from './colors.ts';
import { type CourseMetric, type CoursePoint, coursePoints, type Grouping, idOf, type UsageLine, wordFor } from './course.ts';
import { TimeChart } from './TimeChart.tsx';
import type { Series } from './TimePlot.tsx';
import { words } from './words.ts';

interface GroupedCourseProps {
  /** Use by group and interval. */
  readonly usage: Schema<'Usage'>;
  /** The same use without intervals, the highest spend first. Their order decides which groups get a series of their own. */
  readonly lines: readonly UsageLine[];
  readonly group: Grouping;
  readonly metric: CourseMetric;
  readonly interval: Interval;
}

/** Use over time: the top few of a group, and all others as one series. Exact numbers are on hover, and in a table on request. */
export function GroupedCourse({ usage, lines, group, metric, interval }: GroupedCourseProps) {
  const [{ numbers }, set] = useUrlState();
  const top = lines.slice(0, SERIES_COLORS.length).map((line) => idOf(line, group));
  const names = useNames(top);
  const points = coursePoints(usage.data, { top, group, metric, plus: metric === 'spend' ? addUsd : addCounts });
  const hasOthers = points.some(({ values }) => values[`s${top.length}`] !== undefined);
  const series: Series[] = [
    ...top.map((id, at) => ({ name: `s${at}`, label: names[id] ?? wordFor(id, group), color: SERIES_COLORS[at] as string })),
    ...(hasOthers ? [{ name: `s${top.length}`, label: words.other, color: OTHER_COLOR }] : []),
  ];
  const exact = metric === 'spend' ? exactMoneyText : (count: string) => countText(Number(count));
  const text = metric === 'spend' ? moneyText : exact;
  const label = words.metricPerIntervalBy(words.metrics[metric], interval, group.label);
  return (
    <Stack gap="xs">
      {usage.truncated && (
        <Text fz="xs" c="dimmed">
          {words.latestBarsIncomplete}
        </Text>
      )}
      <TimeChart
        label={label}
        points={points.map(drawn)}
        series={series}
        from={usage.from}
        to={usage.to}
        interval={interval}
        timeZone={usage.time_zone}
        isCount={metric !== 'spend'}
        empty={words.appearsWithFirstRequest(words.metrics[metric], interval)}
        previous={previousPoints(usage, metric)}
        format={metric === 'spend' ? (value) => moneyText(String(value)) : shortCountText}
        formatExact={(value) => exact(String(value))}
      />
      {points.length > 0 && (
        <Button
          size="compact-xs"
          variant="subtle"
          w="fit-content"
          aria-expanded={numbers !== undefined}
          onClick={() => set({ numbers: numbers === undefined ? 'on' : undefined })}
        >
          {numbers === undefined ? words.showAsTable : words.hideTable}
        </Button>
      )}
      {numbers !== undefined && points.length > 0 && (
        <CourseTable {...{ label, points, series, interval, text, exact }} timeZone={usage.time_zone} />
      )}
    </Stack>
  );
}

/** Returns the period before as points of the chart; undefined if it was not asked for. */
function previousPoints({ previous }: Schema<'Usage'>, metric: CourseMetric) {
  return previous?.intervals?.map((before) => ({
    time: before.compared_start,
    value: Number(metric === 'requests' ? before.admitted_requests : before[metric]),
  }));
}

function addCounts(a: string, b: string): string {
  return String(BigInt(a) + BigInt(b));
}

/** Turns the values into numbers for drawing. About fifteen digits are exact, enough for any bar that a person reads on hover. */
function drawn({ time, values }: CoursePoint) {
  return { ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)])), time };
}
