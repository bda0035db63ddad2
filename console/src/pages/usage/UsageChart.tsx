import { Box, Group as Row, SegmentedControl, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { keptWithin } from '../../api/kept.ts';
import { queryOf } from '../../api/list-query.ts';
import { Asked } from '../../components/Asked.tsx';
import type { CourseMetric, UsageLine } from '../../components/charts/course.ts';
import { GroupedCourse } from '../../components/charts/GroupedCourse.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { Group } from './groups.ts';
import type { Interval, Question } from './question.ts';
import { words } from './words.ts';

const METRICS = (['spend', 'requests', 'total_tokens'] as const satisfies readonly CourseMetric[]).map((value) => ({
  value,
  label: words.metrics[value],
}));

interface UsageChartProps {
  readonly question: Question;
  readonly group: Group;
  readonly interval: Interval;
  /** The lines without intervals, the highest spend first. Their order decides which groups get a series of their own. */
  readonly lines: readonly UsageLine[];
}

/** A chart over time: the top few groups, and all others as one series. */
export function UsageChart({ question, group, interval, lines }: UsageChartProps) {
  const [state, set] = useUrlState();
  const metric = METRICS.find(({ value }) => value === state.metric)?.value ?? 'spend';
  const query = useQuery({
    queryKey: ['usage', 'course', group.value, interval, question],
    queryFn: () =>
      asked(api.GET('/usage', { params: { query: queryOf('/usage', { ...question, group_by: group.value, interval }) } })),
    placeholderData: keptWithin(['usage', 'course', group.value, interval]),
  });
  return (
    <Box>
      <Row justify="space-between" mb="sm">
        <Title order={2}>{words.by(group.label)}</Title>
        <SegmentedControl
          size="xs"
          aria-label={words.whatTheChartShows}
          data={METRICS}
          value={metric}
          onChange={(value) => set({ metric: value === 'spend' ? undefined : value })}
        />
      </Row>
      <Asked query={query} shape="chart">
        {(usage) => <GroupedCourse usage={usage} lines={lines} group={group} metric={metric} interval={interval} />}
      </Asked>
    </Box>
  );
}
