import { Button, Group, List, Paper, Progress, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { download, exportName } from '../../api/download.ts';
import { queryText } from '../../api/events.ts';
import {
  type Effect,
  effectOf,
  type Organization,
  reactivateOrganization,
  suspendOrganization,
} from '../../api/organizations.ts';
import { verdictOf } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { doneWithUndo } from '../../components/dialogs/doneWithUndo.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { ChangeLimits } from './bulk/ChangeLimits.tsx';
import { refreshOrganizations } from './dialog/LifecycleDialog.tsx';
import { words } from './words.ts';

/** The actions on several selected organizations. */
export function BulkBar({ selected, onDone }: { selected: readonly Organization[]; onDone: () => void }) {
  const [isAsking, setAsking] = useState(false);
  const [isLimiting, setLimiting] = useState(false);
  const saving = useMutation({
    mutationFn: () =>
      download(
        `/organizations/export${queryText({ ids: selected.map((row) => row.id).join(',') })}`,
        exportName('organizations', 'csv'),
      ),
    onError: (error) => notifications.show({ color: 'red', title: words.notExported, message: error.message }),
  });
  if (selected.length === 0) return null;
  const active = selected.filter((row) => row.status === 'active');
  return (
    <Paper withBorder px="sm" py={6} role="region" aria-label={words.selectedOrganizations}>
      <Group gap="sm">
        <Text fz="sm" fw={500} aria-live="polite">
          {words.countSelected(selected.length)}
        </Text>
        <GuardedButton size="xs" variant="default" verdict={mayAll(selected, active)} onClick={() => setAsking(true)}>
          {words.suspend}
        </GuardedButton>
        <GuardedButton size="xs" variant="default" verdict={mayCap(selected)} onClick={() => setLimiting(true)}>
          {words.changeLimits}
        </GuardedButton>
        <Button size="xs" variant="default" loading={saving.isPending} onClick={() => saving.mutate()}>
          {words.exportCsv}
        </Button>
        <Button size="xs" variant="subtle" color="gray" onClick={onDone}>
          {words.clear}
        </Button>
      </Group>
      <ChangeLimits opened={isLimiting} selected={selected} onClose={() => setLimiting(false)} />
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

function mayCap(selected: readonly Organization[]) {
  const refused = selected.map((row) => verdictOf('organizations.cap', row.capabilities)).find((one) => !one.allowed);
  return refused ?? { allowed: true, reason: null };
}

function mayAll(selected: readonly Organization[], active: readonly Organization[]) {
  if (active.length === 0) return { allowed: false, reason: words.noneIsActive };
  const refused = selected.map((row) => verdictOf('organizations.lifecycle', row)).find((one) => !one.allowed);
  return refused ?? { allowed: true, reason: null };
}

interface SuspendAllProps {
  readonly rows: readonly Organization[];
  readonly onClose: () => void;
  readonly onDone: () => void;
}

const NAMES_SHOWN = 10;

/** Returns the effect of suspending all of them: the first one's, with the counts of all. */
async function effectOfAll(rows: readonly Organization[]): Promise<Effect> {
  const effects = await Promise.all(rows.map(({ id }) => effectOf('POST', `/organizations/${id}/suspend`)));
  const total = (count: (effect: Effect) => number | null) => effects.reduce((sum, effect) => sum + (count(effect) ?? 0), 0);
  return {
    ...(effects[0] as Effect),
    keys_refused: total(({ keys_refused }) => keys_refused),
    requests_last_30_days: total(({ requests_last_30_days }) => requests_last_30_days),
  };
}

/** Suspends organizations one after the other, and stops at the first failure. Those already suspended stay suspended. */
function SuspendAll({ rows, onClose, onDone }: SuspendAllProps) {
  const queryClient = useQueryClient();
  const [done, setDone] = useState(0);
  const count = words.countOrganizations(rows.length);
  const refresh = () => refreshOrganizations(queryClient);
  const suspend = async () => {
    try {
      for (const [index, row] of rows.entries()) {
        await suspendOrganization(row.id);
        setDone(index + 1);
      }
    } finally {
      await refresh();
    }
    doneWithUndo(words.wereSuspended(count), async () => {
      await Promise.all(rows.map((row) => reactivateOrganization(row.id)));
      await refresh();
    });
    onDone();
  };
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={words.suspendTitle(count)}
      name={null}
      verb={words.suspendCount(count)}
      consequences={[words.allKeysRefused, words.reactivateEach]}
      action={suspend}
      effect={() => effectOfAll(rows)}
    >
      <List fz="sm">
        {rows.slice(0, NAMES_SHOWN).map((row) => (
          <List.Item key={row.id}>
            <bdi>{row.name}</bdi>
          </List.Item>
        ))}
        {rows.length > NAMES_SHOWN && <List.Item>{words.andMoreOf(rows.length - NAMES_SHOWN)}</List.Item>}
      </List>
      {done > 0 && <Progress value={(done / rows.length) * 100} aria-label={words.suspendedSoFar(done, count)} />}
    </ConfirmByName>
  );
}
