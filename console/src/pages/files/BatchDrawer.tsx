import { Alert, Drawer, Group, List, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { verdictOf } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { CopyText } from '../../components/CopyText.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { FactTable } from '../../components/FactTable.tsx';
import { Section } from '../../components/Section.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { Money } from '../../numbers/Money.tsx';
import { Lines } from './Lines.tsx';
import { Maker } from './Maker.tsx';
import { words } from './words.ts';

type BatchDetail = Schema<'BatchDetail'>;

const REFETCH_MS = 5_000;

interface BatchDrawerProps {
  readonly organizationId: string;
  /** The opened batch. Null: the drawer is closed. */
  readonly batchId: string | null;
  readonly onClose: () => void;
}

/** One batch: its progress, its cost, its files and its errors, and the button that cancels it. */
export function BatchDrawer({ organizationId, batchId, onClose }: BatchDrawerProps) {
  return (
    <Drawer
      opened={batchId !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={words.batch}
      closeButtonProps={{ 'aria-label': words.close }}
    >
      {batchId !== null && <Opened organizationId={organizationId} batchId={batchId} />}
    </Drawer>
  );
}

function Opened({ organizationId, batchId }: { organizationId: string; batchId: string }) {
  const batch = useQuery({
    queryKey: ['batches', organizationId, 'one', batchId],
    queryFn: () =>
      asked(api.GET('/organizations/{id}/batches/{batch_id}', { params: { path: { id: organizationId, batch_id: batchId } } })),
    refetchInterval: REFETCH_MS,
  });
  return <Asked query={batch}>{(found) => <Content of={found} />}</Asked>;
}

function Content({ of: batch }: { of: BatchDetail }) {
  return (
    <Stack gap="lg">
      {batch.trouble !== null && batch.ended_at === null && (
        <Alert color="yellow" title={words.isTriedAgain}>
          {batch.trouble}
        </Alert>
      )}
      <FactTable
        facts={[
          [words.status, <StatusBadge key="status" status={batch.status} />],
          [words.id, <CopyText key="id" text={batch.id} label={words.theBatchsId} />],
          [words.model, <bdi key="model">{batch.model}</bdi>],
          [words.endpoint, batch.endpoint],
          [words.lines, <Lines key="lines" of={batch} />],
          [words.cost, <Money key="cost" usd={batch.spend} />],
          [words.key, <Maker key="key" of={batch} />],
          [words.created, <Time key="created" at={batch.created_at} />],
          batch.ended_at === null
            ? [words.endsBy, <Time key="expires" at={batch.expires_at} />]
            : [words.ended, <Time key="ended" at={batch.ended_at} />],
        ]}
      />
      <Section title={words.files} order={3}>
        <FactTable
          facts={[
            [words.purposes.batch, fileOf(words.purposes.batch, batch.input_file_id)],
            [words.purposes.batch_output, fileOf(words.purposes.batch_output, batch.output_file_id)],
            [words.errorsFile, fileOf(words.errorsFile, batch.error_file_id)],
          ]}
        />
      </Section>
      {(batch.errors.length > 0 || batch.refused_lines.total > 0) && (
        <Section title={words.errors} order={3}>
          <Errors of={batch} />
        </Section>
      )}
      <Cancel batch={batch} />
    </Stack>
  );
}

function fileOf(name: string, id: string | null): ReactNode {
  return id === null ? words.notWritten : <CopyText text={id} label={words.theIdOf(name)} />;
}

function Errors({ of: { errors, refused_lines: refused } }: { of: BatchDetail }) {
  return (
    <Stack gap="xs">
      <List fz="sm" spacing={4}>
        {errors.map(({ code, message, line }) => (
          <List.Item key={`${code} ${line}`}>{line === null ? message : words.atLine(line, message)}</List.Item>
        ))}
        {refused.data.map(({ line, error }) => (
          <List.Item key={line}>{words.lineWas(line, words.lineErrors[error])}</List.Item>
        ))}
      </List>
      {refused.total > refused.data.length && (
        <Text fz="sm" c="dimmed">
          {words.moreLines(refused.total - refused.data.length)}
        </Text>
      )}
    </Stack>
  );
}

const CANCELLABLE: readonly string[] = ['validating', 'in_progress'];

function Cancel({ batch }: { batch: BatchDetail }) {
  const [isAsking, setAsking] = useState(false);
  const queryClient = useQueryClient();
  if (!CANCELLABLE.includes(batch.status)) return null;
  const cancel = async () => {
    const path = { id: batch.organization_id, batch_id: batch.id };
    await asked(api.POST('/organizations/{id}/batches/{batch_id}/cancel', { params: { path } }));
    saved(words.isCancelled);
    await queryClient.invalidateQueries({ queryKey: ['batches'] });
  };
  return (
    <Group>
      <GuardedButton color="red" variant="light" verdict={verdictOf('keys.manage', batch)} onClick={() => setAsking(true)}>
        {words.cancelBatch}
      </GuardedButton>
      <ConfirmByName
        opened={isAsking}
        onClose={() => setAsking(false)}
        title={words.cancelThisBatch}
        name={null}
        verb={words.cancelBatch}
        consequences={[words.answeredStay, words.othersAreNotSent]}
        action={cancel}
      />
    </Group>
  );
}
