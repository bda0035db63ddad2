import { Badge, Stack, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Counted, DeploymentAttempts } from '../../api/attempts.ts';
import { api, asked } from '../../api/client.ts';
import { countText } from '../../numbers/numbers.ts';
import { relativeText } from '../../numbers/times.ts';

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
      <StateBadge {...deployment} />
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

const STATES: Readonly<Record<Counted['state'], { readonly word: string; readonly color: string }>> = {
  in_service: { word: 'In service', color: 'green' },
  degraded: { word: 'Degraded', color: 'yellow' },
  failing: { word: 'Failing', color: 'red' },
  unused: { word: 'Unused', color: 'gray' },
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

const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });

/** Returns a share of attempts: `2.5%`. Errors are never shown as none: below 0.1% it is `<0.1%`. */
export function errorShareText(share: number): string {
  return share > 0 && share < 0.001 ? `<${percent.format(0.001)}` : percent.format(share);
}

/** Returns the attempts in a sentence: `17 of 17 attempts failed since 14:15 (100%).` */
export function countedText({ since, attempts, errors, error_rate }: DeploymentAttempts): string {
  const from = `since ${new Date(since).toLocaleTimeString(undefined, { timeStyle: 'short' })}`;
  if (attempts === 0) return `No attempt ${from}.`;
  const all = `${countText(attempts)} ${attempts === 1 ? 'attempt' : 'attempts'}`;
  if (errors === 0) return `${all} ${from}, none failed.`;
  return `${countText(errors)} of ${all} failed ${from} (${errorShareText(error_rate ?? errors / attempts)}).`;
}
