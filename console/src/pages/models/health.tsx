import { Badge, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { relativeText } from '../../components/Time.tsx';

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
  readonly deployment: { readonly id: string; readonly enabled: boolean };
  readonly cooling: ReadonlyMap<string, string> | null;
}

/** Shows in one word whether requests go to a deployment at this moment. */
export function HealthBadge({ deployment, cooling }: HealthProps) {
  if (!deployment.enabled)
    return (
      <Tooltip label="Disabled: it gets no requests.">
        <Badge color="gray" miw="max-content">
          Disabled
        </Badge>
      </Tooltip>
    );
  if (cooling === null)
    return (
      <Tooltip label="It is not known yet whether it is cooling down after failures.">
        <Badge color="gray" miw="max-content">
          Enabled
        </Badge>
      </Tooltip>
    );
  const until = cooling.get(deployment.id);
  if (until !== undefined)
    return (
      <Tooltip label="It failed several times in a row, or its provider asked to wait. After the pause, one request tests it.">
        <Badge color="yellow" miw="max-content">
          Cooling down, retry {relativeText(new Date(until))}
        </Badge>
      </Tooltip>
    );
  return (
    <Badge color="teal" miw="max-content">
      In service
    </Badge>
  );
}
