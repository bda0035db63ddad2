import { Center, Text } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { Awaited, CHART_HEIGHT } from '../Skeletons.tsx';
import type { TimeChartProps } from './TimePlot.tsx';
import { words } from './words.ts';

const TimePlot = lazy(() => import('./TimePlot.tsx').then(({ TimePlot }) => ({ default: TimePlot })));

/** A chart over time. The chart library is loaded with the first chart, so that pages without one stay small. */
export function TimeChart(props: TimeChartProps) {
  if (!hasValue(props)) return <NothingYet empty={props.empty} />;
  return (
    <Suspense fallback={<Awaited shape="chart" />}>
      <TimePlot {...props} />
    </Suspense>
  );
}

/** Reports whether anything is to be drawn: an empty plot would say less than a sentence. */
function hasValue({ points, series, previous = [] }: TimeChartProps): boolean {
  return (
    points.some((point) => series.some(({ name }) => Number(point[name] ?? 0) !== 0)) || previous.some(({ value }) => value !== 0)
  );
}

/** As high as the chart will be. */
function NothingYet({ empty }: { empty: string }) {
  return (
    <Center mih={CHART_HEIGHT} ta="center" style={{ flexDirection: 'column' }}>
      <Text fw={600}>{words.nothingInRange}</Text>
      <Text fz="sm" c="dimmed" maw={420}>
        {empty}
      </Text>
    </Center>
  );
}
