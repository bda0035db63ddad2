import { Badge, Button, Group, Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconShieldCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import type { components } from '../../api/schema.d.ts';
import { Busy } from '../../components/Skeletons.tsx';
import { countText } from '../../numbers/numbers.ts';

/**
 * Shows whether the hash chain of these events is intact. The server verifies it from the first event to the head, on opening and
 * on request.
 */
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
    // On a phone a line of its own: what is verified has more words than what is being verified.
    <Group gap={6} role="status" w={{ base: '100%', xs: 'auto' }}>
      {verdict.isPending ? (
        <Badge color="gray" leftSection={<Busy label="Checking" size={10} />}>
          Verifying…
        </Badge>
      ) : verdict.isError ? (
        <Badge color="gray">Could not be verified</Badge>
      ) : verdict.data.intact ? (
        <Tooltip label={`${ruleText(verdict.data)} Head: ${verdict.data.head_hash?.slice(0, 16)}…`}>
          <Badge color="green" leftSection={<IconShieldCheck size={13} />}>
            Chain verified: {countText(verdict.data.events ?? 0)} events
          </Badge>
        </Tooltip>
      ) : (
        <Tooltip multiline maw={360} label={BROKEN[verdict.data.broken_because ?? 'hash']}>
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

type Verdict = components['schemas']['AuditVerdict'];

/** Explains in a sentence why a chain is broken. */
const BROKEN: Readonly<Record<NonNullable<Verdict['broken_because']>, string>> = {
  hash: 'This event, or one after it, was edited, removed or inserted outside Headgate.',
  key: 'This event was edited or inserted outside Headgate: it was not signed with the audit key.',
  no_key: 'This event was written without the audit key when every replica had it: outside Headgate, or by an older version.',
  head: 'The chain does not end where it should: events at its end were removed outside Headgate.',
  remembered: 'This event differs from what the gateway wrote: a file in its data directory has another hash.',
};

function ruleText({ keyed_from_seq, compared_with }: Verdict): string {
  const files = compared_with.length === 0 ? '' : ' Its end matches the copy that the gateway keeps outside the database.';
  if (keyed_from_seq === null) return `Every hash matches the event before. No event is signed with the audit key yet.${files}`;
  const from = keyed_from_seq === 1 ? 'Every event' : `From event ${countText(keyed_from_seq)} on, every event`;
  return `Every hash matches the event before. ${from} is signed with the audit key.${files}`;
}
