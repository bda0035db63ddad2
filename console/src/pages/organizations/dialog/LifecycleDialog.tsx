import { useQueryClient } from '@tanstack/react-query';
import {
  archiveOrganization,
  effectOf,
  type Organization,
  reactivateOrganization,
  suspendOrganization,
} from '../../../api/organizations.ts';
import { ConfirmByName } from '../../../components/dialogs/ConfirmByName.tsx';
import { doneWithUndo } from '../../../components/dialogs/doneWithUndo.tsx';
import { countText } from '../../../numbers/numbers.ts';

export type Lifecycle = 'suspend' | 'reactivate' | 'archive';

const CALLS = { suspend: suspendOrganization, reactivate: reactivateOrganization, archive: archiveOrganization } as const;
const DONE = { suspend: 'suspended', reactivate: 'active again', archive: 'archived' } as const;

/** The call that restores each former status. A deleted organization cannot be restored. */
const WAY_BACK = { active: 'reactivate', suspended: 'suspend', archived: 'archive', deleted: 'archive' } as const;

interface LifecycleDialogProps {
  readonly organization: Pick<Organization, 'id' | 'name' | 'status' | 'key_count' | 'team_count'>;
  readonly to: Lifecycle;
  readonly onClose: () => void;
}

/** Suspends, reactivates or archives an organization, after stating the consequences. The notification offers to undo it. */
export function LifecycleDialog({ organization, to, onClose }: LifecycleDialogProps) {
  const queryClient = useQueryClient();
  const refresh = () => refreshOrganizations(queryClient);
  const change = async () => {
    await CALLS[to](organization.id);
    await refresh();
    const back = WAY_BACK[organization.status];
    const message = (
      <>
        <bdi>{organization.name}</bdi> is {DONE[to]}.
      </>
    );
    doneWithUndo(message, () => CALLS[back](organization.id).then(refresh));
  };
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={`${verbOf(to)} ${organization.name}?`}
      name={to === 'archive' ? organization.name : null}
      consequences={consequencesOf(organization, to)}
      verb={verbOf(to)}
      {...(to === 'reactivate' ? {} : { effect: () => effectOf('POST', `/organizations/${organization.id}/${to}`) })}
      action={change}
    />
  );
}

export function refreshOrganizations(queryClient: ReturnType<typeof useQueryClient>) {
  return Promise.all(['organizations', 'organization'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
}

function verbOf(to: Lifecycle): string {
  return to.charAt(0).toUpperCase() + to.slice(1);
}

function consequencesOf({ key_count, team_count }: LifecycleDialogProps['organization'], to: Lifecycle) {
  const keys = key_count === null ? 'keys' : `${countText(key_count)} ${key_count === 1 ? 'key' : 'keys'}`;
  const teams = team_count === null ? 'all teams' : `${countText(team_count)} ${team_count === 1 ? 'team' : 'teams'}`;
  switch (to) {
    case 'suspend':
      return [
        `Requests of its ${keys} are refused with organization_suspended from now on.`,
        'Requests in flight finish. Nothing is deleted. You can reactivate it at any time.',
      ];
    case 'archive':
      return [
        `Requests of its ${keys} in ${teams} are refused with organization_archived.`,
        'Nothing is deleted. You can reactivate it, or delete it permanently later.',
      ];
    case 'reactivate':
      return [`Its ${keys} are admitted again, within its limits and budgets.`];
  }
}
