import { Box, Group, SegmentedControl, Title } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { SERIES_COLORS } from '../../components/charts/colors.ts';
import { TimeChart } from '../../components/charts/TimeChart.tsx';
import type { Series } from '../../components/charts/TimePlot.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { moneyText, shortCountText } from '../../numbers/numbers.ts';

const CHOICES = [
  { value: 'requests', label: 'Requests' },
  { value: 'refused', label: 'Refused' },
  { value: 'spend', label: 'Spend' },
  { value: 'tokens', label: 'Tokens' },
];

const [FIRST, SECOND, THIRD] = SERIES_COLORS as readonly [string, string, string];

const SERIES: Readonly<Record<string, readonly Series[]>> = {
  requests: [
    { name: 'others', label: 'Without error', color: FIRST },
    { name: 'errors', label: 'Errors', color: THIRD },
  ],
  refused: [{ name: 'refused', label: 'Refused', color: THIRD }],
  spend: [{ name: 'spend', label: 'Spend', color: FIRST }],
  tokens: [{ name: 'tokens', label: 'Tokens', color: SECOND }],
};

const EMPTY: Readonly<Record<string, string>> = {
  requests: 'Requests and errors appear here with the first call of a key.',
  refused: 'Requests that a limit, a budget or missing access refuses appear here.',
  spend: 'What requests cost appears here with the first one that has a price.',
  tokens: 'Input and output tokens appear here with the first answer.',
};

const TITLES: Readonly<Record<string, string>> = {
  requests: 'Requests over time',
  refused: 'Refused requests over time',
  spend: 'Spend over time',
  tokens: 'Tokens over time',
};

/** A chart of the range over time. Its bars add up to the figure of the same name. */
export function Course({ overview }: { overview: Schema<'Overview'> }) {
  const [state, set] = useUrlState();
  const shown = state.chart !== undefined && state.chart in SERIES ? state.chart : 'requests';
  const points = overview.series.map(({ requests, spend, ...point }) => ({
    ...point,
    others: requests - point.errors,
    // Only for drawing. Usage & spend has the exact amounts.
    spend: Number(spend),
  }));
  return (
    <Box>
      <Group justify="space-between" mb="sm">
        <Title order={2}>{TITLES[shown]}</Title>
        <SegmentedControl
          size="xs"
          aria-label="What the chart shows"
          data={CHOICES}
          value={shown}
          onChange={(chart) => set({ chart: chart === 'requests' ? undefined : chart })}
        />
      </Group>
      <TimeChart
        label={`${shown} by ${overview.range.interval}`}
        points={points}
        series={SERIES[shown] ?? []}
        shape="areas"
        isCount={shown !== 'spend'}
        empty={EMPTY[shown] ?? ''}
        from={overview.range.from}
        to={overview.range.to}
        interval={overview.range.interval}
        timeZone={overview.range.time_zone}
        format={shown === 'spend' ? (value) => moneyText(String(value)) : shortCountText}
      />
    </Box>
  );
}
