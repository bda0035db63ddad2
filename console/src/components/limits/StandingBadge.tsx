import { Group, Text } from '@mantine/core';
import { Hint } from '../Hint.tsx';
import { StatusBadge } from '../StatusBadge.tsx';
import type { LimitsStatus } from './LimitGauges.tsx';

interface StandingBadgeProps {
  /** The object's own status: `active`, `suspended`. */
  readonly lifecycle: string;
  /** The live use that the gauges beside it show. Null if the person may not read it. */
  readonly live: LimitsStatus | null | undefined;
  /** The word while no rule is near its limit: `healthy`, `idle`. Defaults to `lifecycle`. */
  readonly calm?: string | undefined;
  /** True to write the reason beside the status. Otherwise it is on hover. */
  readonly isWordy?: boolean;
}

/**
 * The status of an object with limits. The server names it and its reason from the same figures as the gauges, so that neither
 * contradicts the other.
 */
export function StandingBadge({ lifecycle, live, calm = lifecycle, isWordy = false }: StandingBadgeProps) {
  if (lifecycle !== 'active') return <StatusBadge status={lifecycle} />;
  const { status, reason } = live?.standing ?? { status: 'healthy', reason: null };
  const badge = <StatusBadge status={status === 'healthy' ? calm : status} />;
  if (reason === null) return badge;
  if (!isWordy)
    return (
      <Hint label={reason}>
        <span>{badge}</span>
      </Hint>
    );
  return (
    <Group gap={6}>
      {badge}
      <Text fz="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        {reason}
      </Text>
    </Group>
  );
}
