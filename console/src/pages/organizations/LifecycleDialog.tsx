import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { archiveOrganization, type Organization, reactivateOrganization, suspendOrganization } from '../../api/organizations.ts';
import { ConfirmByName } from '../../components/ConfirmByName.tsx';
import { countText } from '../../components/Count.tsx';

export type Lifecycle = 'suspend' | 'reactivate' | 'archive';

const CALLS = { suspend: suspendOrganization, reactivate: reactivateOrganization, archive: archiveOrganization } as const;
const DONE = { suspend: 'suspended', reactivate: 'active again', archive: 'archived' } as const;

interface LifecycleDialogProps {
  readonly organization: Pick<Organization, 'id' | 'name' | 'key_count' | 'team_count'>;
  readonly to: Lifecycle;
  readonly onClose: () => void;
}

/** Suspends, reactivates or archives after saying what it does; each can be taken back from the notification. */
export function LifecycleDialog({ organization, to, onClose }: LifecycleDialogProps) {
  const queryClient = useQueryClient();
  const refresh = () => refreshOrganizations(queryClient);
  const change = async () => {
    await CALLS[to](organization.id);
    await refresh();
    sayDone(organization, to, refresh);
  };
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={`${verbOf(to)} ${organization.name}?`}
      name={to === 'archive' ? organization.name : null}
      consequences={consequencesOf(organization, to)}
      verb={verbOf(to)}
      action={change}
    />
  );
}

export function refreshOrganizations(queryClient: ReturnType<typeof useQueryClient>) {
  return Promise.all(['organizations', 'organization'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
}

function sayDone({ id, name }: Pick<Organization, 'id' | 'name'>, to: Lifecycle, refresh: () => Promise<unknown>): void {
  const shown = notifications.show({
    color: 'teal',
    autoClose: 8_000,
    message: (
      <>
        <bdi>{name}</bdi> is {DONE[to]}.{' '}
        <Button
          size="compact-xs"
          variant="light"
          onClick={() => {
            notifications.hide(shown);
            void CALLS[to === 'reactivate' ? 'suspend' : 'reactivate'](id).then(refresh, sayFailed);
          }}
        >
          Undo
        </Button>
      </>
    ),
  });
}

function sayFailed(error: Error): void {
  notifications.show({ color: 'red', title: 'Not undone', message: error.message });
}

function verbOf(to: Lifecycle): string {
  return to.charAt(0).toUpperCase() + to.slice(1);
}

function consequencesOf({ key_count, team_count }: LifecycleDialogProps['organization'], to: Lifecycle) {
  const keys = `${countText(key_count)} ${key_count === 1 ? 'key' : 'keys'}`;
  const teams = `${countText(team_count)} ${team_count === 1 ? 'team' : 'teams'}`;
  switch (to) {
    case 'suspend':
      return [
        `Requests of its ${keys} are refused with organization_suspended from now on.`,
        'Requests in flight finish. Nothing is deleted, and it can be reactivated at any time.',
      ];
    case 'archive':
      return [
        `Requests of its ${keys} in ${teams} are refused with organization_archived.`,
        'Nothing is deleted yet. It can be reactivated, or from then on be deleted for good.',
      ];
    case 'reactivate':
      return [`Its ${keys} are admitted again, within its limits and budgets.`];
  }
}
