import { Paper, Group as Row, SegmentedControl, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { useNames } from '../../api/names.ts';
import { Asked } from '../../components/Asked.tsx';
import { shortCountText } from '../../components/Count.tsx';
import type { Point, Series } from '../../components/charts/StackedBars.tsx';
import { TimeChart } from '../../components/charts/TimeChart.tsx';
import { moneyText } from '../../components/Money.tsx';
import { useUrlState } from '../../components/useUrlState.ts';
import type { Group } from './groups.ts';
import type { Interval, Question } from './question.ts';

export type Line = Schema<'Usage'>['data'][number];

const METRICS = [
  { value: 'spend', label: 'Spend' },
  { value: 'requests', label: 'Requests' },
  { value: 'total_tokens', label: 'Tokens' },
] as const;
type Metric = (typeof METRICS)[number]['value'];

const COLORS = ['teal.6', 'blue.6', 'orange.6', 'grape.6', 'lime.7', 'pink.6'];
const OTHER = 'other';

interface UsageChartProps {
  readonly question: Question;
  readonly group: Group;
  readonly interval: Interval;
  /** Without interval, the dearest first: they say which series stand out. */
  readonly lines: readonly Line[];
}

/** The course of the dearest few and of all others together. */
export function UsageChart({ question, group, interval, lines }: UsageChartProps) {
  const [state, set] = useUrlState();
  const metric: Metric = METRICS.find(({ value }) => value === state.metric)?.value ?? 'spend';
  const query = useQuery({
    queryKey: ['usage', 'course', question, group.value, interval],
    queryFn: () => asked(api.GET('/usage', { params: { query: { ...question, group_by: group.value, interval } as never } })),
    placeholderData: keepPreviousData,
  });
  const top = lines.slice(0, COLORS.length).map((line) => idOf(line, group));
  const names = useNames(top);
  const hasOthers = lines.length > top.length;
  const series: Series[] = [
    ...top.map((id, at) => ({ name: id, label: names[id] ?? wordFor(id, group), color: COLORS[at] as string })),
    ...(hasOthers ? [{ name: OTHER, label: 'All others', color: 'gray.6' }] : []),
  ];
  return (
    <Paper withBorder p="md">
      <Row justify="space-between" mb="sm">
        <Title order={2}>By {group.label.toLowerCase()}</Title>
        <SegmentedControl
          size="xs"
          aria-label="What the chart shows"
          data={[...METRICS]}
          value={metric}
          onChange={(value) => set({ metric: value === 'spend' ? undefined : value })}
        />
      </Row>
      <Asked query={query}>
        {(usage) => (
          <>
            {usage.truncated && (
              <Text fz="xs" c="dimmed">
                There are more lines than a chart has room for: its latest bars are not whole. The table and its totals are.
              </Text>
            )}
            <TimeChart
              label={`${metric} per ${interval} by ${group.label.toLowerCase()}`}
              points={pointsOf(usage.data, { group, metric, top: new Set(top) })}
              series={series}
              from={usage.from}
              to={usage.to}
              interval={interval}
              timeZone={usage.time_zone}
              format={metric === 'spend' ? (value) => moneyText(String(value)) : shortCountText}
            />
          </>
        )}
      </Asked>
    </Paper>
  );
}

interface Drawn {
  readonly group: Group;
  readonly metric: Metric;
  readonly top: ReadonlySet<string>;
}

/** One point for each interval that had any use. Numbers that are only drawn: exact ones are in the table. */
function pointsOf(lines: readonly Line[], { group, metric, top }: Drawn): readonly Point[] {
  const points = new Map<string, Record<string, number>>();
  for (const line of lines) {
    const time = line.start ?? '';
    const id = idOf(line, group);
    const name = top.has(id) ? id : OTHER;
    const values = points.get(time) ?? {};
    values[name] = (values[name] ?? 0) + Number(line[metric]);
    points.set(time, values);
  }
  return [...points].sort(([one], [other]) => one.localeCompare(other)).map(([time, values]) => ({ ...values, time }));
}

/** The group's value of a line; requests that had none are one group too. */
export function idOf(line: Line, { field }: Group): string {
  const value = (line as Readonly<Record<string, unknown>>)[field];
  return typeof value === 'string' ? value : '';
}

/** A value that is its own name, or the words for none. */
export function wordFor(id: string, { label }: Group): string {
  return id === '' ? `no ${label.toLowerCase()}` : id;
}
