import { Badge, Button, Group, Loader, Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconShieldCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { countText } from '../../components/Count.tsx';

/** Whether the chain of these events is whole: followed from its first event to its head on the server, now and again when asked. */
export function ChainBadge({ organizationId }: { organizationId: string | undefined }) {
  const verdict = useQuery({
    queryKey: ['audit-verify', organizationId ?? 'platform'],
    queryFn: () =>
      asked(
        api.GET('/audit-events/verify', {
          params: { query: organizationId === undefined ? {} : { organization_id: organizationId } },
        }),
      ),
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
  return (
    <Group gap={6} role="status">
      {verdict.isPending ? (
        <Badge color="gray" leftSection={<Loader size={10} />}>
          Verifying…
        </Badge>
      ) : verdict.isError ? (
        <Badge color="gray">Could not be verified</Badge>
      ) : verdict.data.intact ? (
        <Tooltip label={`Every hash follows from the one before. Head: ${verdict.data.head_hash?.slice(0, 16)}…`}>
          <Badge color="teal" leftSection={<IconShieldCheck size={13} />}>
            Chain verified: {countText(verdict.data.events ?? 0)} events
          </Badge>
        </Tooltip>
      ) : (
        <Tooltip label="This event, or one after it, was edited, removed or put in outside Headgate.">
          <Badge color="red" variant="filled" leftSection={<IconAlertTriangle size={13} />}>
            Chain broken at event {countText(verdict.data.broken_at_seq ?? 0)}
          </Badge>
        </Tooltip>
      )}
      <Button size="compact-xs" variant="subtle" loading={verdict.isRefetching} onClick={() => void verdict.refetch()}>
        Verify again
      </Button>
    </Group>
  );
}
