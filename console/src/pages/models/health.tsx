import { Badge, Stack, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Counted, DeploymentAttempts, DeploymentState } from '../../api/attempts.ts';
import { api, asked } from '../../api/client.ts';
import { relativeText } from '../../components/Time.tsx';
import { countText } from '../../numbers/numbers.ts';

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
      <Tooltip label="Disabled: it gets no requests.">
        <Badge color="gray" miw="max-content">
          Disabled
        </Badge>
      </Tooltip>
    );
  return (
    <Stack gap={2} align="flex-start">
      {deployment.state !== undefined && <StateBadge {...deployment} state={deployment.state} />}
      {until !== undefined && (
        <Tooltip label="It failed several times in a row, or its provider asked to wait. After the pause, one request tests it.">
          <Badge color="yellow" miw="max-content">
            Cooling down, retry {relativeText(new Date(until))}
          </Badge>
        </Tooltip>
      )}
    </Stack>
  );
}

const STATES: Readonly<Record<DeploymentState, { readonly word: string; readonly color: string }>> = {
  in_service: { word: 'In service', color: 'teal' },
  degraded: { word: 'Degraded', color: 'yellow' },
  failing: { word: 'Failing', color: 'red' },
  unused: { word: 'Unused', color: 'gray' },
};

function StateBadge({ state, state_rule, attempts }: Counted & { readonly state: DeploymentState }) {
  const { word, color } = STATES[state];
  const counted = attempts === undefined ? '' : countedText(attempts);
  return (
    <Tooltip label={`${word}: ${state_rule ?? ''} ${counted}`}>
      <Badge color={color} miw="max-content">
        {word}
      </Badge>
    </Tooltip>
  );
}

const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });

/** Returns the attempts in a sentence: `17 of 17 attempts failed in the last hour (100%).` */
export function countedText({ attempts, errors, error_rate }: DeploymentAttempts): string {
  if (attempts === 0) return 'No attempt in the last hour.';
  const all = `${countText(attempts)} ${attempts === 1 ? 'attempt' : 'attempts'}`;
  if (errors === 0) return `${all} in the last hour, none failed.`;
  return `${countText(errors)} of ${all} failed in the last hour (${percent.format(error_rate ?? errors / attempts)}).`;
}
