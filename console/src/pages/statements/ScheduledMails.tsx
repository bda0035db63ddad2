import { Badge, Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import {
  deleteMail,
  type ScheduledMail,
  scheduleMail,
  setMailStatus,
  testMail,
  useScheduledMails,
} from '../../api/scheduled-mails.ts';
import { useCan } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { doneWithUndo } from '../../components/dialogs/doneWithUndo.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { Time } from '../../components/Time.tsx';
import { whenText } from './mail-words.ts';
import { NoMailServer } from './NoMailServer.tsx';
import { ScheduleDialog } from './ScheduleDialog.tsx';
import { words } from './words.ts';

/** The mails that are sent of the organization's statements and usage. They are not printed. */
export function ScheduledMails({ organizationId }: { organizationId: string }) {
  const query = useScheduledMails(organizationId);
  const [{ new: opened }, set] = useUrlState();
  const may = useCan('usage.read', organizationId);
  return (
    <Stack gap="sm" component="section" aria-label={words.scheduledEMails} className="not-printed">
      <Group justify="space-between">
        <Title order={2}>{words.scheduledEMails}</Title>
        <GuardedButton variant="default" size="xs" verdict={may} onClick={() => set({ new: 'mail' }, 'push')}>
          {words.scheduleEMail}
        </GuardedButton>
      </Group>
      <Asked query={query}>
        {({ data, mail_configured }) => (
          <>
            {!mail_configured && <NoMailServer />}
            {data.length === 0 && (
              <Text fz="sm" c="dimmed">
                {words.noneScheduled}
              </Text>
            )}
            {data.map((mail) => (
              <MailCard key={mail.id} mail={mail} />
            ))}
            <ScheduleDialog
              opened={opened === 'mail' && may.allowed}
              onClose={() => set({ new: undefined })}
              organizationId={organizationId}
              isConfigured={mail_configured}
            />
          </>
        )}
      </Asked>
    </Stack>
  );
}

/** One schedule: when and to whom it is sent, what became of the last mail, and what can be done with it. */
function MailCard({ mail }: { mail: ScheduledMail }) {
  const { name, recipients, status, last_sent_at, last_problem, next_at } = mail;
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Stack gap={2} miw={0} flex="1 1 260px">
          <Group gap="xs">
            <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
              <bdi>{name}</bdi>
            </Text>
            {status === 'paused' && (
              <Badge variant="light" color="gray" tt="none">
                {words.paused}
              </Badge>
            )}
          </Group>
          <Text fz="sm" c="dimmed">
            {words.whenHowTo(whenText(mail), mail.form === 'csv')}{' '}
            <bdi>{recipients.map((one) => one.name ?? one.account_id).join(', ') || words.nobody}</bdi>
          </Text>
          <Text fz="sm" c="dimmed" component="div">
            {next_at !== null && (
              <>
                {words.next} <Time at={next_at} />.{' '}
              </>
            )}
            {last_sent_at === null ? (
              words.notSentYet
            ) : (
              <>
                {words.lastSent} <Time at={last_sent_at} />
              </>
            )}
          </Text>
          {last_problem !== null && (
            <Text fz="sm" c="var(--mantine-color-red-text)" component="div">
              {words.notSentTo} <bdi>{last_problem.account_name ?? words.aPerson}</bdi> {words.on} <Time at={last_problem.at} />:{' '}
              {last_problem.message}
            </Text>
          )}
        </Stack>
        <MailActions mail={mail} />
      </Group>
    </Paper>
  );
}

function MailActions({ mail }: { mail: ScheduledMail }) {
  const queryClient = useQueryClient();
  const reload = () => queryClient.invalidateQueries({ queryKey: ['scheduled-mails'] });
  const failed = (error: Error) => notifications.show({ color: 'red', title: words.notDone, message: error.message });
  const testing = useMutation({
    mutationFn: () => testMail(mail.id),
    onSuccess: ({ sent, message }) => (sent ? saved(words.testSent) : failed(new Error(message ?? ''))),
    onError: failed,
  });
  const isActive = mail.status === 'active';
  const switching = useMutation({
    mutationFn: () => setMailStatus(mail.id, isActive ? 'paused' : 'active'),
    onSuccess: reload,
    onError: failed,
  });
  const removing = useMutation({
    mutationFn: () => deleteMail(mail.id),
    onSuccess: async () => {
      await reload();
      const recipients = mail.recipients.map((one) => one.account_id);
      const { name, saved_view_id, every, day, hour, form } = mail;
      doneWithUndo(words.wasDeleted(name), async () => {
        await scheduleMail(mail.organization_id, { name, saved_view_id, every, day, hour, form, recipients });
        await reload();
      });
    },
    onError: failed,
  });
  return (
    <Group gap="xs">
      <Button size="xs" variant="default" loading={testing.isPending} onClick={() => testing.mutate()}>
        {words.sendTest}
      </Button>
      <Button size="xs" variant="default" loading={switching.isPending} onClick={() => switching.mutate()}>
        {isActive ? words.pause : words.resume}
      </Button>
      <Button size="xs" variant="default" loading={removing.isPending} onClick={() => removing.mutate()}>
        {words.delete}
      </Button>
    </Group>
  );
}
