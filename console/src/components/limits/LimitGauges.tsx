import { Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { useEvents } from '../../api/events.ts';
import { countText, usedRatio } from '../../numbers/numbers.ts';
import { relativeText } from '../../numbers/times.ts';
import { type Freshness, FreshnessMark, NotLive } from '../Freshness.tsx';
import { Hint } from '../Hint.tsx';
import { LIMIT_WORDS, LimitBar, limitName } from './LimitBar.tsx';
import { FirstLine, type Policy, scopeLimitLines } from './LimitsAsSet.tsx';
import { words } from './words.ts';

export type LimitsStatus = Schema<'LimitsStatus'>;
type RateLimitStatus = LimitsStatus['rate_limits'][number];
type Holder = 'organizations' | 'teams' | 'keys';

/** The present use of a scope's limits; null for a person who may not read it. Gauges and status of a page show the same one. */
export interface LiveLimits {
  readonly status: LimitsStatus | null;
  readonly freshness: Freshness;
}

const POLL_MS = 5_000;

/**
 * Reads the live use of a scope's limits and budgets from a stream, or by polling while the stream is disconnected. If `initial`
 * is null the person may not read it: then nothing is requested and the status stays null.
 */
export function useLimitsStatus(holder: Holder, id: string, initial: LimitsStatus | null | undefined): LiveLimits {
  const [last, setLast] = useState<{ readonly id: string; readonly status: LimitsStatus }>();
  const path = initial === null ? null : `/${holder}/${id}/limits/stream`;
  const state = useEvents<LimitsStatus>({ path, event: 'status' }, (status) => setLast({ id, status }));
  // A page that stays while its object changes must not show the figures of the object before.
  const streamed = last?.id === id ? last.status : undefined;
  const polled = useQuery({
    queryKey: [holder, id, 'limits-status'],
    queryFn: () => asked(api.GET(`/${holder}/{id}/limits/status`, { params: { path: { id } } })),
    enabled: state === 'waiting',
    refetchInterval: POLL_MS,
  });
  const latest = (state === 'live' ? streamed : polled.data) ?? streamed ?? polled.data ?? initial ?? null;
  // If the person's role was narrowed, they may no longer see what was streamed before.
  const status = initial === null ? null : latest;
  return { status, freshness: freshnessOf(status, state === 'live' ? 'streamed' : 'polled') };
}

function freshnessOf(status: LimitsStatus | null, read: Freshness): Freshness {
  return status?.live === false ? 'stored' : read;
}

/** Each configured limit with what is used, held and left at this moment. */
export function LimitGauges({ limits, freshness }: { limits: readonly RateLimitStatus[]; freshness: Freshness }) {
  if (limits.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        {words.noRateLimitHere}
      </Text>
    );
  }
  return (
    <Stack gap="xs">
      <SimpleGrid type="container" cols={{ base: 1, '320px': 2, '720px': 3 }} spacing="md" verticalSpacing="xs">
        {limits.map((limit) => (
          <Gauge key={keyOf(limit)} limit={limit} isLive={freshness !== 'stored'} />
        ))}
      </SimpleGrid>
      <FreshnessMark freshness={freshness} />
    </Stack>
  );
}

function Gauge({ limit, isLive }: { limit: RateLimitStatus; isLive: boolean }) {
  const { used, held, resets_at } = limit;
  // The ledger has no requests in flight.
  const isKnown = isLive || limit.limit !== 'max_parallel';
  return (
    <div>
      <StatusBar of={limit} isWordy />
      <Text fz="xs" c="dimmed">
        {isKnown ? words.countUsed(countText(used)) : words.useUnknown}
        {held > 0 && words.heldInBrackets(countText(held))}
        {used > 0 &&
          resets_at !== null &&
          limit.limit !== 'max_parallel' &&
          words.allAvailableAgain(relativeText(new Date(resets_at)))}
      </Text>
    </div>
  );
}

/** The limits of one scope as bars in a row, each with its target. */
export function LimitBars({ of: { rate_limits: limits, live } }: { of: LimitsStatus }) {
  if (limits.length === 0) return null;
  return (
    <Group gap="lg">
      {limits.map((limit) => (
        <StatusBar key={keyOf(limit)} of={limit} />
      ))}
      {!live && <NotLive />}
    </Group>
  );
}

function StatusBar({ of, isWordy = false }: { of: RateLimitStatus; isWordy?: boolean }) {
  const { limit, target, access_group, tag, value, used, held } = of;
  return <LimitBar {...{ limit, value, held, isWordy }} target={target ?? access_group ?? tag} used={used - held} />;
}

function keyOf({ limit, target, access_group, tag }: RateLimitStatus): string {
  return `${limit} ${target ?? ''} ${access_group ?? ''} ${tag ?? ''}`;
}

const SHOWN = 2;

/**
 * The limits closest to exhaustion as small bars in a row, and the number of the others. Without their use, the configured
 * limits.
 */
export function LimitCell({ status, of }: { status: LimitsStatus | null; of: Policy }) {
  if (status === null) return <FirstLine lines={scopeLimitLines(of)} none={words.noLimit} />;
  const { rate_limits: limits, live } = status;
  if (limits.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        {words.noLimit}
      </Text>
    );
  }
  const closest = [...limits].sort((a, b) => usedRatio(b.value, b.used) - usedRatio(a.value, a.used));
  const rest = closest.slice(SHOWN);
  return (
    <Group gap={8} wrap="nowrap">
      {closest.slice(0, SHOWN).map((limit) => (
        <StatusBar key={keyOf(limit)} of={limit} />
      ))}
      {rest.length > 0 && (
        <Hint label={rest.map(lineOf).join('; ')}>
          <Text fz="xs" c="dimmed" className="nowrap">
            +{rest.length}
          </Text>
        </Hint>
      )}
      {!live && <NotLive />}
    </Group>
  );
}

function lineOf({ limit, value, used, target, access_group, tag }: RateLimitStatus): string {
  const of = target ?? access_group ?? tag;
  return words.usedOfLimit(countText(used), countText(value), LIMIT_WORDS[limit] ?? limitName(limit), of);
}
