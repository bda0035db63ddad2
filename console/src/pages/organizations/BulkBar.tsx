import { Button, Group, List, Modal, Paper, Progress, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { download, exportName } from '../../api/download.ts';
import { queryText } from '../../api/events.ts';
import { type Organization, reactivateOrganization, suspendOrganization } from '../../api/organizations.ts';
import { verdictOf } from '../../api/session.tsx';
import { ProblemNote } from '../../components/Asked.tsx';
import { countText } from '../../components/Count.tsx';
import { doneWithUndo } from '../../components/dialogs/doneWithUndo.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { refreshOrganizations } from './dialog/LifecycleDialog.tsx';

/** The actions on several selected organizations. */
export function BulkBar({ selected, onDone }: { selected: readonly Organization[]; onDone: () => void }) {
  const [isAsking, setAsking] = useState(false);
  const saving = useMutation({
    mutationFn: () =>
      download(
        `/organizations/export${queryText({ ids: selected.map((row) => row.id).join(',') })}`,
        exportName('organizations', 'csv'),
      ),
    onError: (error) => notifications.show({ color: 'red', title: 'Not exported', message: error.message }),
  });
  if (selected.length === 0) return null;
  const active = selected.filter((row) => row.status === 'active');
  return (
    <Paper withBorder px="sm" py={6} role="region" aria-label="Selected organizations">
      <Group gap="sm">
        <Text fz="sm" fw={500} aria-live="polite">
          {countText(selected.length)} selected
        </Text>
        <GuardedButton size="xs" variant="default" verdict={mayAll(selected, active)} onClick={() => setAsking(true)}>
          Suspend
        </GuardedButton>
        <Button size="xs" variant="default" loading={saving.isPending} onClick={() => saving.mutate()}>
          Export CSV
        </Button>
        <Button size="xs" variant="subtle" color="gray" onClick={onDone}>
          Clear
        </Button>
      </Group>
      {isAsking && (
        <SuspendAll
          rows={active}
          onClose={() => setAsking(false)}
          onDone={() => {
            setAsking(false);
            onDone();
          }}
        />
      )}
    </Paper>
  );
}

function mayAll(selected: readonly Organization[], active: readonly Organization[]) {
  if (active.length === 0) return { allowed: false, reason: 'None of the selected organizations is active.' };
  const refused = selected.map((row) => verdictOf('organizations.lifecycle', row.capabilities)).find((one) => !one.allowed);
  return refused ?? { allowed: true, reason: null };
}

interface SuspendAllProps {
  readonly rows: readonly Organization[];
  readonly onClose: () => void;
  readonly onDone: () => void;
}

const NAMES_SHOWN = 10;

/** Suspends organizations one after the other, and stops at the first failure. Those already suspended stay suspended. */
function SuspendAll({ rows, onClose, onDone }: SuspendAllProps) {
  const queryClient = useQueryClient();
  const [done, setDone] = useState(0);
  const suspending = useMutation({
    mutationFn: async () => {
      for (const [index, row] of rows.entries()) {
        await suspendOrganization(row.id);
        setDone(index + 1);
      }
    },
    onSettled: () => refreshOrganizations(queryClient),
    onSuccess: () => {
      doneWithUndo(`${countText(rows.length)} suspended.`, async () => {
        await Promise.all(rows.map((row) => reactivateOrganization(row.id)));
        await refreshOrganizations(queryClient);
      });
      onDone();
    },
  });
  const count = `${countText(rows.length)} ${rows.length === 1 ? 'organization' : 'organizations'}`;
  return (
    <Modal opened onClose={onClose} title={`Suspend ${count}?`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack gap="sm">
        <Text fz="sm">Requests of all their keys are refused from now on. Nothing is deleted. You can reactivate each organization.</Text>
        <List fz="sm">
          {rows.slice(0, NAMES_SHOWN).map((row) => (
            <List.Item key={row.id}>
              <bdi>{row.name}</bdi>
            </List.Item>
          ))}
          {rows.length > NAMES_SHOWN && <List.Item>and {countText(rows.length - NAMES_SHOWN)} more</List.Item>}
        </List>
        {suspending.isPending && <Progress value={(done / rows.length) * 100} aria-label={`${done} of ${count} suspended`} />}
        {suspending.isError && <ProblemNote error={suspending.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button color="red" data-autofocus loading={suspending.isPending} onClick={() => suspending.mutate()}>
            Suspend {count}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
