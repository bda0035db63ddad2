import { Anchor, Box, SimpleGrid, Text, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Schema } from '../../api/client.ts';
import { intervalKey, intervalsOf } from '../../components/charts/intervals.ts';
import { Sparkline } from '../../components/charts/Sparkline.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { links, type PageAddress } from '../../links.ts';
import { Money } from '../../numbers/Money.tsx';
import { countText, durationText, shareText, shortCountText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

interface NumbersProps {
  readonly overview: Schema<'Overview'>;
  readonly organizationId: string | undefined;
}

/** The figures of the range, each a link to the data behind it. Requests are those that were admitted; errors are a part of them. */
export function Numbers({ overview, organizationId }: NumbersProps) {
  const { from, to } = overview.range;
  const place = { from, to, ...(organizationId === undefined ? {} : { organization_id: organizationId }) };
  const { latency } = overview;
  const course = courseOf(overview);
  return (
    <Box>
      <SimpleGrid component="dl" m={0} cols={{ base: 2, xs: 3, md: 7 }} spacing="md" verticalSpacing="sm">
        <Figure name={words.spend} course={course('spend')} at={links.usage(place)}>
          <Money usd={overview.spend} />
        </Figure>
        <Figure name={words.requests} course={course('requests')} at={links.requests(place)}>
          <Short count={overview.requests} />
        </Figure>
        <Figure
          name={words.errors}
          course={course('errors')}
          at={links.requests({ ...place, status: 'failed' })}
          note={ofAll(overview.errors, overview.requests, words.ofRequests)}
        >
          <Short count={overview.errors} />
        </Figure>
        <Figure
          name={words.refused}
          course={course('refused')}
          at={links.requests({ ...place, status: 'refused' })}
          note={ofAll(overview.refusals, overview.requests + overview.refusals, words.ofAllReceived)}
        >
          <Short count={overview.refusals} />
        </Figure>
        <Figure name={words.tokens} course={course('tokens')} at={links.usage({ ...place, metric: 'total_tokens' })}>
          <Short count={overview.tokens} />
        </Figure>
        <Figure name={words.latencyP50} note={words.ofTheNewest(latency.sample)}>
          {latency.p50_ms === null ? '–' : durationText(latency.p50_ms)}
        </Figure>
        <Figure name={words.latencyP95} note={words.ofTheNewest(latency.sample)}>
          {latency.p95_ms === null ? '–' : durationText(latency.p95_ms)}
        </Figure>
      </SimpleGrid>
    </Box>
  );
}

/** Returns a function that takes one figure of each interval of the range, those without use too, the oldest first. */
function courseOf({ range, series }: Schema<'Overview'>) {
  const { interval, time_zone: timeZone } = range;
  const points = new Map(series.map((point) => [intervalKey(point.time, { interval, timeZone }), point]));
  const keys = intervalsOf({ ...range, timeZone }).map(({ key }) => key);
  return (figure: Exclude<keyof (typeof series)[number], 'time'>) => keys.map((key) => Number(points.get(key)?.[figure] ?? 0));
}

interface FigureProps {
  readonly name: string;
  readonly at?: PageAddress;
  readonly note?: string | null;
  /** The figure of each interval, the oldest first. */
  readonly course?: readonly number[];
  readonly children: ReactNode;
}

function Figure({ name, at, note, course, children }: FigureProps) {
  return (
    <div>
      <Text component="dt" fz="xs" c="dimmed">
        {at === undefined ? (
          name
        ) : (
          <Anchor component={PageLink} at={at} inherit c="inherit">
            {name}
          </Anchor>
        )}
      </Text>
      <Text component="dd" m={0} fz="lg" fw={600}>
        {children}
      </Text>
      {course !== undefined && course.length > 1 && (
        <Box maw={150} mt={4} component="dd" m={0}>
          <Sparkline values={course} width="100%" height={24} label={words.overTime(name)} />
        </Box>
      )}
      {note != null && (
        <Text component="dd" m={0} fz="xs" c="dimmed">
          {note}
        </Text>
      )}
    </div>
  );
}

function Short({ count }: { count: number }) {
  return (
    <Tooltip label={countText(count)}>
      <span>{shortCountText(count)}</span>
    </Tooltip>
  );
}

function ofAll(part: number, all: number, whole: string): string | null {
  const share = shareText(part, all);
  return share === null ? null : words.shareOf(share, whole);
}
