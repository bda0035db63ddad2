import { Alert, Button, Group, Modal, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked, ProblemNote } from '../../components/Asked.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { kindLabel } from '../alerts/alert-kinds.ts';
import type { Webhook } from './WebhookFields.tsx';
import { words } from './words.ts';

type Delivery = Schema<'Delivery'>;

const REFETCH_MS = 3_000;
const PAGE = 20;

/** Lists what was sent to a webhook: whether it arrived, and how often it was tried. */
export function Deliveries({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const [cursor, setCursor] = useState<string | undefined>();
  const query = useQuery({
    queryKey: ['webhooks', webhook.id, 'deliveries', cursor],
    queryFn: () =>
      asked(
        api.GET('/webhooks/{id}/deliveries', {
          params: { path: { id: webhook.id }, query: { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) } },
        }),
      ),
    refetchInterval: REFETCH_MS,
  });
  return (
    <Modal opened onClose={onClose} title={words.sentTo(webhook.name)} size="xl" closeButtonProps={{ 'aria-label': words.close }}>
      <Asked query={query} shape="rows">
        {({ data, next_cursor }) => (
          <Stack gap="sm">
            {data.length === 0 ? <Text fz="sm">{words.nothingSentYet}</Text> : null}
            {data.length > 0 && <Rows webhook={webhook} deliveries={data} />}
            <Group justify="flex-end" gap="xs">
              {cursor !== undefined && (
                <Button size="xs" variant="default" onClick={() => setCursor(undefined)}>
                  {words.newest}
                </Button>
              )}
              {next_cursor !== null && (
                <Button size="xs" variant="default" onClick={() => setCursor(next_cursor)}>
                  {words.older}
                </Button>
              )}
            </Group>
          </Stack>
        )}
      </Asked>
    </Modal>
  );
}

function Rows({ webhook, deliveries }: { webhook: Webhook; deliveries: readonly Delivery[] }) {
  const queryClient = useQueryClient();
  const sending = useMutation({
    mutationFn: (delivery: Delivery) => {
      const path = { id: webhook.id, delivery_id: delivery.id };
      return asked(api.POST('/webhooks/{id}/deliveries/{delivery_id}/redeliver', { params: { path } }));
    },
    onSuccess: async () => {
      saved(words.willBeSentAgain);
      await queryClient.invalidateQueries({ queryKey: ['webhooks'] });
    },
  });
  return (
    <>
      {webhook.status === 'disabled' && (
        <Alert color="yellow" p="xs">
          {words.webhookIsDisabled}
        </Alert>
      )}
      {sending.isError && <ProblemNote error={sending.error} />}
      <TableScroll minWidth={620}>
        <Table fz="sm" withTableBorder>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.event}</Table.Th>
              <Table.Th>{words.eventTime}</Table.Th>
              <Table.Th>{words.status}</Table.Th>
              <Table.Th>{words.attempts}</Table.Th>
              <Table.Th>{words.lastAnswer}</Table.Th>
              <Table.Th>{words.action}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {deliveries.map((delivery) => (
              <DeliveryRow
                key={delivery.id}
                delivery={delivery}
                isDisabled={webhook.status === 'disabled'}
                isSending={sending.isPending && sending.variables?.id === delivery.id}
                onSendAgain={() => sending.mutate(delivery)}
              />
            ))}
          </Table.Tbody>
        </Table>
      </TableScroll>
    </>
  );
}

interface DeliveryRowProps {
  readonly delivery: Delivery;
  /** True if the webhook is disabled: nothing can be sent to it. */
  readonly isDisabled: boolean;
  readonly isSending: boolean;
  readonly onSendAgain: () => void;
}

function DeliveryRow({ delivery, isDisabled, isSending, onSendAgain }: DeliveryRowProps) {
  return (
    <Table.Tr>
      <Table.Td>{kindLabel(delivery.type)}</Table.Td>
      <Table.Td>
        <Time at={delivery.occurred_at} relative />
      </Table.Td>
      <Table.Td>
        <StatusBadge status={delivery.status} />
      </Table.Td>
      <Table.Td>{delivery.attempts}</Table.Td>
      <Table.Td>
        {delivery.http_status ?? '–'}
        {delivery.problem !== null && (
          <Text fz="xs" c="dimmed">
            {delivery.problem}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Button
          size="compact-xs"
          variant="default"
          disabled={delivery.status === 'pending' || isDisabled}
          loading={isSending}
          aria-label={words.sendAgainNamed(kindLabel(delivery.type))}
          onClick={onSendAgain}
        >
          {words.sendAgain}
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}
