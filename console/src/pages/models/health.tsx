import { Badge, Stack, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Counted, DeploymentAttempts } from '../../api/attempts.ts';
import { api, asked } from '../../api/client.ts';
import { rateText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

/** The interval at which live figures are read again. */
export const REFRESH_MS = 5_000;

/**
 * Reads which deployments are cooling down after failures, every five seconds: ids with the end of the pause. Null until known.
 */
export function useCooling(): ReadonlyMap<string, string> | null {
  const health = useQuery({
    queryKey: ['health'],
    queryFn: () => asked(api.GET('/health')),
    refetchInterval: REFRESH_MS,
  });
  if (health.data === undefined) return null;
  return new Map(health.data.cooling_deployments.map(({ deployment_id, until }) => [deployment_id, until]));
}

interface HealthProps {
  readonly deployment: { readonly id: string; readonly enabled: boolean } & Counted;
  readonly cooling: ReadonlyMap<string, string> | null;
}

/** Shows in one word how a deployment does, by its attempts. A second badge says that it is paused at this moment. */
export function HealthBadge({ deployment, cooling }: HealthProps) {
  const until = cooling?.get(deployment.id);
  if (!deployment.enabled)
    return (
      <Tooltip label={words.disabledMeans}>
        <Badge color="gray" miw="max-content">
          {words.disabled}
        </Badge>
      </Tooltip>
    );
  return (
    <Stack gap={2} align="flex-start">
      <StateBadge {...deployment} />
      {until !== undefined && (
        <Tooltip label={words.coolingMeans}>
          <Badge color="yellow" miw="max-content">
            {words.coolingDown(until)}
          </Badge>
        </Tooltip>
      )}
    </Stack>
  );
}

const STATES: Readonly<Record<Counted['state'], { readonly word: string; readonly color: string }>> = {
  in_service: { word: words.inService, color: 'green' },
  degraded: { word: words.degraded, color: 'yellow' },
  failing: { word: words.failing, color: 'red' },
  unused: { word: words.unused, color: 'gray' },
};

/** Shows in one word how attempts end: of a deployment, or of all deployments of a provider. */
export function StateBadge({ state, state_rule, attempts }: Counted) {
  const { word, color } = STATES[state];
  return (
    <Tooltip label={`${state_rule} ${countedText(attempts)}`}>
      <Badge color={color} miw="max-content">
        {word}
      </Badge>
    </Tooltip>
  );
}

/** Returns the attempts in a sentence: `17 of 17 attempts failed since 14:15 (100%).` */
export function countedText({ since, attempts, errors, error_rate }: DeploymentAttempts): string {
  if (attempts === 0) return words.noAttempts(since);
  if (errors === 0) return words.noneFailed(attempts, since);
  return words.someFailed(errors, attempts, since, rateText(error_rate ?? errors / attempts));
}
