import { Group, Progress, Stack, Text, Tooltip } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { SERIES_COLORS } from '../../components/charts/colors.ts';
import { durationText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

interface Part {
  readonly name: string;
  readonly ms: number;
  readonly color: string;
}

/**
 * Shows the time spent in the gateway and at the provider. The provider's ends with its answer, or with the first token of a
 * stream.
 */
export function LatencyBar({ latency, isStream }: { latency: Schema<'Request'>['latency']; isStream: boolean }) {
  const parts: Part[] = [
    { name: words.gateway, ms: latency.gateway_us / 1_000, color: SERIES_COLORS[0] as string },
    ...(latency.provider_ms === null
      ? []
      : [
          {
            name: isStream ? words.providerUntilItsFirstToken : words.provider,
            ms: latency.provider_ms,
            color: SERIES_COLORS[1] as string,
          },
        ]),
  ];
  const totalMs = parts.reduce((sum, { ms }) => sum + ms, 0);
  return (
    <Stack gap={6}>
      <Progress.Root size={18} aria-label={words.totalDuration(durationText(totalMs))}>
        {parts.map(({ name, ms, color }) => (
          <Tooltip key={name} label={`${name}: ${durationText(ms)}`}>
            {/* A part too small to be visible is still drawn as a line. */}
            <Progress.Section
              value={totalMs === 0 ? 0 : Math.max(1, (ms / totalMs) * 100)}
              color={color}
              aria-label={`${name}: ${durationText(ms)}`}
            />
          </Tooltip>
        ))}
      </Progress.Root>
      <Group gap="lg">
        {parts.map(({ name, ms, color }) => (
          <Group key={name} gap={6}>
            <span aria-hidden style={{ width: 10, height: 10, borderRadius: 2, background: color }} />
            <Text fz="sm">
              {name} <b>{durationText(ms)}</b>
            </Text>
          </Group>
        ))}
        {latency.first_token_ms !== null && (
          <Text fz="sm">
            {words.firstTokenAfter} <b>{durationText(latency.first_token_ms)}</b>
          </Text>
        )}
        <Text fz="sm" c="dimmed">
          {words.totalDuration(durationText(totalMs))}
        </Text>
      </Group>
    </Stack>
  );
}
