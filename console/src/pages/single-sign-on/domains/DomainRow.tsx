import { Badge, Box, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../../api/client.ts';
import type { Domain } from '../../../api/identity.ts';
import type { Organization } from '../../../api/organizations.ts';
import { verdictOf } from '../../../api/session.tsx';
import { Disclosure } from '../../../components/Disclosure.tsx';
import { GuardedButton } from '../../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../../components/dialogs/saved.ts';
import { Time } from '../../../components/Time.tsx';
import { ToEnter } from '../ToEnter.tsx';
import { words } from '../words.ts';

const COLORS: Readonly<Record<Domain['state'], string>> = { pending: 'gray', verified: 'green', missing: 'yellow', lost: 'red' };

interface DomainRowProps {
  readonly row: Domain;
  readonly organization: Organization;
  readonly onRemove: () => void;
}

/** One domain: its state in words, the record to create, and what can be done. */
export function DomainRow({ row, organization, onRemove }: DomainRowProps) {
  const [isOpen, setOpen] = useState(false);
  const verdict = verdictOf('identity.manage', organization);
  const checking = useCheck(organization.id, row.domain);
  const needsRecord = row.state !== 'verified';
  return (
    <Box component="section" aria-label={row.domain}>
      <Group justify="space-between" gap="xs" align="flex-start">
        <Stack gap={2} miw={0} flex="1 1 320px">
          <Group gap="xs">
            <Text fw={600} className="mono" style={{ overflowWrap: 'anywhere' }}>
              {row.domain}
            </Text>
            <Badge color={COLORS[row.state]}>{words.domainState[row.state]}</Badge>
          </Group>
          <Text fz="sm" c="dimmed" component="div">
            <StateInWords row={row} />
          </Text>
        </Stack>
        <Group gap={6}>
          <GuardedButton
            size="compact-sm"
            variant="default"
            verdict={verdict}
            loading={checking.isPending}
            aria-label={words.checkNamed(row.domain)}
            onClick={() => checking.mutate()}
          >
            {words.checkNow}
          </GuardedButton>
          <GuardedButton
            size="compact-sm"
            variant="default"
            verdict={verdict}
            aria-label={words.removeNamed(row.domain)}
            onClick={onRemove}
          >
            {words.remove}
          </GuardedButton>
        </Group>
      </Group>
      {row.problem !== null && (
        <Text fz="sm" mt={4} c="var(--mantine-color-red-text)" role="status" style={{ overflowWrap: 'anywhere' }}>
          {row.problem}
        </Text>
      )}
      <Box mt={6}>
        {needsRecord ? (
          <RecordToCreate row={row} />
        ) : (
          <>
            <Disclosure size="xs" isOpen={isOpen} onToggle={() => setOpen(!isOpen)}>
              {isOpen ? words.hideRecord : words.showRecord}
            </Disclosure>
            {isOpen && <RecordToCreate row={row} />}
          </>
        )}
      </Box>
    </Box>
  );
}

function RecordToCreate({ row }: { row: Domain }) {
  return (
    <ToEnter
      rows={[
        { label: words.recordType, value: words.txt, isPlain: true },
        { label: words.recordName, value: row.record_name },
        { label: words.recordValue, value: row.record_value },
      ]}
    />
  );
}

function StateInWords({ row }: { row: Domain }) {
  const checked = row.checked_at !== null && (
    <>
      {' '}
      {words.lastChecked} <Time at={row.checked_at} relative />.
    </>
  );
  if (row.state === 'missing' && row.missing_since !== null && row.counts_until !== null)
    return (
      <>
        {words.missingSince} <Time at={row.missing_since} />. {words.countsUntil} <Time at={row.counts_until} />.{checked}
      </>
    );
  return (
    <>
      {words.domainStateMeans[row.state]}
      {checked}
    </>
  );
}

/** Checks the record, and says in a notification what was found. */
function useCheck(organizationId: string, domain: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () =>
      asked(api.POST('/organizations/{id}/domains/{domain}/check', { params: { path: { id: organizationId, domain } } })),
    onSuccess: async (row) => {
      await queryClient.invalidateQueries({ queryKey: ['domains', organizationId] });
      if (row.problem === null) saved(words.recordFound(domain));
    },
    onError: (error) => notifications.show({ color: 'red', title: words.thatDidNotWork, message: error.message }),
  });
}
