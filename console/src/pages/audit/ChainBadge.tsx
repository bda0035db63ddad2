import { Badge, Button, Group, Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconShieldCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import type { components } from '../../api/schema.d.ts';
import { Busy } from '../../components/Skeletons.tsx';
import { words } from './words.ts';

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
        <Badge color="gray" leftSection={<Busy label={words.verifying} size={10} />}>
          {words.verifyingChain}
        </Badge>
      ) : verdict.isError ? (
        <Badge color="gray">{words.notVerified}</Badge>
      ) : verdict.data.intact ? (
        <Tooltip label={ruleText(verdict.data)}>
          <Badge color="green" leftSection={<IconShieldCheck size={13} />}>
            {words.chainVerified(verdict.data.events ?? 0)}
          </Badge>
        </Tooltip>
      ) : (
        <Tooltip multiline maw={360} label={words.brokenBecause[verdict.data.broken_because ?? 'hash']}>
          <Badge color="red" variant="filled" leftSection={<IconAlertTriangle size={13} />}>
            {words.brokenAt(verdict.data.broken_at_seq ?? 0)}
          </Badge>
        </Tooltip>
      )}
      <MissingChains of={verdict.data?.missing_chains ?? []} />
      <Button size="compact-xs" variant="subtle" loading={verdict.isRefetching} onClick={() => void verdict.refetch()}>
        {words.verifyAgain}
      </Button>
    </Group>
  );
}

type Verdict = components['schemas']['AuditVerdict'];

const NAMED_MAX = 5;

/** Says that whole chains of other organizations are gone. Only the platform's verdict knows of them. */
function MissingChains({ of: missing }: { of: Verdict['missing_chains'] }) {
  if (missing.length === 0) return null;
  const named = missing.slice(0, NAMED_MAX).map(({ organization_id: id }) => id);
  const more = missing.length - named.length;
  return (
    <Tooltip multiline maw={360} label={words.missingBecause(named.join(', '), more)}>
      <Badge color="red" variant="filled" leftSection={<IconAlertTriangle size={13} />}>
        {words.chainsMissing(missing.length)}
      </Badge>
    </Tooltip>
  );
}

function ruleText({ keyed_from_seq: from, compared_with, head_hash }: Verdict): string {
  const signed = from === null ? words.noneSigned : from === 1 ? words.allSigned : words.signedFrom(from);
  const parts = [
    words.everyHashMatches,
    signed,
    ...(compared_with.length === 0 ? [] : [words.endMatchesCopy]),
    words.lastHash(head_hash?.slice(0, 16) ?? ''),
  ];
  return parts.join(' ');
}
