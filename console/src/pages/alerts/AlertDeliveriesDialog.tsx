import { Code, Group, Modal, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { words } from './words.ts';

type Sent = Schema<'SentAlert'>;

const REFETCH_MS = 1_000;
const CHANNELS: Readonly<Record<Sent['channel'], string>> = words.channels;

interface AlertDeliveriesDialogProps {
  readonly alertId: string;
  readonly title: string;
  readonly onClose: () => void;
}

/** Shows what was sent of an alert: to whom, the text, and the answer. Follows deliveries that are not done yet. */
export function AlertDeliveriesDialog({ alertId, title, onClose }: AlertDeliveriesDialogProps) {
  const query = useQuery({
    queryKey: ['alerts', alertId, 'deliveries'],
    queryFn: () => asked(api.GET('/alerts/{id}/deliveries', { params: { path: { id: alertId } } })),
    refetchInterval: ({ state }) => (state.data?.data.every(({ status }) => status !== 'pending') ? false : REFETCH_MS),
  });
  return (
    <Modal opened onClose={onClose} title={title} size="xl" closeButtonProps={{ 'aria-label': words.close }}>
      <Asked query={query}>
        {({ data }) => (
          <Stack gap="lg">
            {data.length === 0 && <Text fz="sm">{words.noMessages}</Text>}
            {data.map((sent) => (
              <OneSent key={sent.id} sent={sent} />
            ))}
          </Stack>
        )}
      </Asked>
    </Modal>
  );
}

function OneSent({ sent }: { sent: Sent }) {
  return (
    <Stack gap={6} component="section" aria-label={words.messageTo(CHANNELS[sent.channel], sent.receiver)}>
      <Group gap="xs">
        <Text fz="sm" fw={500}>
          {words.channelTo(CHANNELS[sent.channel])} <bdi>{sent.receiver}</bdi>
        </Text>
        <StatusBadge status={sent.status} />
      </Group>
      <Code block fz="xs" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }} aria-label={words.whatWasSent}>
        {readableBody(sent)}
      </Code>
      <Text fz="sm" role="status">
        {answerText(sent)}
      </Text>
    </Stack>
  );
}

/** Returns a body for people: JSON with line breaks. */
function readableBody({ channel, sent }: Sent): string {
  return channel === 'webhook' ? JSON.stringify(JSON.parse(sent), null, 2) : sent;
}

function answerText({ channel, status, http_status: http, problem, attempts }: Sent): string {
  if (status === 'pending' && attempts === 0) return words.beingSent;
  const after = words.afterAttempts(attempts);
  if (status === 'delivered')
    return channel === 'mail' ? words.mailServerAccepted(after) : words.receiverAnswered(http ?? '', after);
  return `${words.notDelivered(problem ?? words.noAnswer, after)}${status === 'pending' ? words.sentAgain : ''}`;
}
