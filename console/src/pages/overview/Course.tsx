import { Box, Group, SegmentedControl, Title } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { SERIES_COLORS } from '../../components/charts/colors.ts';
import { TimeChart } from '../../components/charts/TimeChart.tsx';
import type { Series } from '../../components/charts/TimePlot.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { moneyText, shortCountText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

const CHOICES = [
  { value: 'requests', label: words.requests },
  { value: 'refused', label: words.refused },
  { value: 'spend', label: words.spend },
  { value: 'tokens', label: words.tokens },
];

const [FIRST, SECOND, THIRD] = SERIES_COLORS as readonly [string, string, string];

const SERIES: Readonly<Record<string, readonly Series[]>> = {
  requests: [
    { name: 'others', label: words.withoutError, color: FIRST },
    { name: 'errors', label: words.errors, color: THIRD },
  ],
  refused: [{ name: 'refused', label: words.refused, color: THIRD }],
  spend: [{ name: 'spend', label: words.spend, color: FIRST }],
  tokens: [{ name: 'tokens', label: words.tokens, color: SECOND }],
};

const EMPTY: Readonly<Record<string, string>> = {
  requests: words.noRequestsYet,
  refused: words.noRefusalsYet,
  spend: words.noSpendYet,
  tokens: words.noTokensYet,
};

const TITLES: Readonly<Record<string, string>> = {
  requests: words.requestsOverTime,
  refused: words.refusedRequestsOverTime,
  spend: words.spendOverTime,
  tokens: words.tokensOverTime,
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
          aria-label={words.whatTheChartShows}
          data={CHOICES}
          value={shown}
          onChange={(chart) => set({ chart: chart === 'requests' ? undefined : chart })}
        />
      </Group>
      <TimeChart
        label={words.chartLabel(TITLES[shown] ?? shown, overview.range.interval)}
        points={points}
        series={SERIES[shown] ?? []}
        // Parts of a whole are bars: stacked areas would draw the line of errors at the sum.
        shape={(SERIES[shown]?.length ?? 0) > 1 ? 'bars' : 'areas'}
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
