import { Anchor, Paper, SimpleGrid, Text, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Schema } from '../../api/client.ts';
import { PageLink } from '../../components/PageLink.tsx';
import { links, type PageAddress } from '../../links.ts';
import { Money } from '../../numbers/Money.tsx';
import { countText, durationText, shareText, shortCountText } from '../../numbers/numbers.ts';

interface NumbersProps {
  readonly overview: Schema<'Overview'>;
  readonly organizationId: string | undefined;
}

/** The figures of the range, each a link to the data behind it. Requests are those that were admitted; errors are a part of them. */
export function Numbers({ overview, organizationId }: NumbersProps) {
  const { from, to } = overview.range;
  const place = { from, to, ...(organizationId === undefined ? {} : { organization_id: organizationId }) };
  const { latency } = overview;
  return (
    <Paper withBorder p="sm">
      <SimpleGrid component="dl" m={0} cols={{ base: 2, xs: 3, md: 7 }} spacing="md" verticalSpacing="sm">
        <Figure name="Spend" at={links.usage(place)}>
          <Money usd={overview.spend} />
        </Figure>
        <Figure name="Requests" at={links.requests(place)}>
          <Short count={overview.requests} />
        </Figure>
        <Figure
          name="Errors"
          at={links.requests({ ...place, status: 'failed' })}
          note={ofAll(overview.errors, overview.requests, 'of requests')}
        >
          <Short count={overview.errors} />
        </Figure>
        <Figure
          name="Refused"
          at={links.requests({ ...place, status: 'refused' })}
          note={ofAll(overview.refusals, overview.requests + overview.refusals, 'of all received')}
        >
          <Short count={overview.refusals} />
        </Figure>
        <Figure name="Tokens" at={links.usage({ ...place, metric: 'total_tokens' })}>
          <Short count={overview.tokens} />
        </Figure>
        <Figure name="Latency p50" note={`newest ${countText(latency.sample)}`}>
          {latency.p50_ms === null ? '–' : durationText(latency.p50_ms)}
        </Figure>
        <Figure name="Latency p95" note={`newest ${countText(latency.sample)}`}>
          {latency.p95_ms === null ? '–' : durationText(latency.p95_ms)}
        </Figure>
      </SimpleGrid>
    </Paper>
  );
}

interface FigureProps {
  readonly name: string;
  readonly at?: PageAddress;
  readonly note?: string | null;
  readonly children: ReactNode;
}

function Figure({ name, at, note, children }: FigureProps) {
  return (
    <div>
      <Text component="dt" fz="xs" c="dimmed">
        {at === undefined ? (
          name
        ) : (
          <Anchor component={PageLink} at={at} inherit>
            {name}
          </Anchor>
        )}
      </Text>
      <Text component="dd" m={0} fz="lg" fw={600}>
        {children}
        {note != null && (
          <Text component="span" fz="xs" fw={400} c="dimmed" display="block">
            {note}
          </Text>
        )}
      </Text>
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

function ofAll(part: number, all: number, words: string): string | null {
  const share = shareText(part, all);
  return share === null ? null : `${share} ${words}`;
}
