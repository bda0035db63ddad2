import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { TimeChartProps } from './StackedBars.tsx';

const StackedBars = lazy(() => import('./StackedBars.tsx').then(({ StackedBars }) => ({ default: StackedBars })));

/** A chart over time. The chart library is loaded with the first chart, so that pages without one stay small. */
export function TimeChart(props: TimeChartProps) {
  return (
    <Suspense fallback={<Skeleton h={props.height ?? 220} />}>
      <StackedBars {...props} />
    </Suspense>
  );
}
