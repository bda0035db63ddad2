import { Group, Progress, Stack, Text, Tooltip } from '@mantine/core';
import type { Attempt } from '../../api/attempts.ts';
import type { Schema } from '../../api/client.ts';
import { SERIES_COLORS } from '../../components/charts/colors.ts';
import { barOf, durationText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

interface Part {
  readonly name: string;
  readonly ms: number;
  readonly color: string;
}

interface LatencyBarProps {
  readonly latency: Schema<'Request'>['latency'];
  readonly isStream: boolean;
  /** Null if an earlier version stored the request. Waits then count as the gateway's time. */
  readonly attempts: readonly Attempt[] | null;
}

/**
 * Shows the time spent in the gateway, in the waits between attempts, and at the provider. The provider's ends with its answer, or
 * with the first token of a stream.
 */
export function LatencyBar({ latency, isStream, attempts }: LatencyBarProps) {
  const parts = partsOf({ latency, isStream, attempts });
  const totalMs = parts.reduce((sum, { ms }) => sum + ms, 0);
  return (
    <Stack gap={6}>
      <Progress.Root size={18} aria-label={words.totalDuration(durationText(totalMs))}>
        {parts.map(({ name, ms, color }) => (
          <Tooltip key={name} label={`${name}: ${durationText(ms)}`}>
            {/* A part too small to be visible is still drawn as a line. */}
            <Progress.Section
              value={totalMs === 0 ? 0 : Math.max(1, barOf(ms / totalMs))}
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

/** Returns the parts of a request's time. What the API counts as the gateway's includes the waits between attempts. */
function partsOf({ latency, isStream, attempts }: LatencyBarProps): readonly Part[] {
  const gatewayMs = latency.gateway_us / 1_000;
  const waitsMs = (attempts ?? []).reduce((sum, { wait_ms }) => sum + (wait_ms ?? 0), 0);
  const ofAll = (attempts?.length ?? 0) > 1 ? words.providerInAllAttempts : words.provider;
  const provider = isStream ? words.providerUntilItsFirstToken : ofAll;
  return [
    { name: words.gateway, ms: Math.max(0, gatewayMs - waitsMs), color: SERIES_COLORS[0] as string },
    { name: words.waitsBetweenAttempts, ms: waitsMs, color: SERIES_COLORS[2] as string },
    { name: provider, ms: latency.provider_ms, color: SERIES_COLORS[1] as string },
  ].filter((part): part is Part => part.name === words.gateway || (part.ms !== null && (part.ms > 0 || part.name === provider)));
}
