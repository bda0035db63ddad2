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
import { words } from '../words.ts';

export type Lifecycle = 'suspend' | 'reactivate' | 'archive';

const CALLS = { suspend: suspendOrganization, reactivate: reactivateOrganization, archive: archiveOrganization } as const;

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
        <bdi>{organization.name}</bdi> {words.isNow[to]}
      </>
    );
    doneWithUndo(message, () => CALLS[back](organization.id).then(refresh));
  };
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={words.changeTitle(words.verbs[to], organization.name)}
      name={to === 'archive' ? organization.name : null}
      consequences={consequencesOf(organization, to)}
      verb={words.verbsWithObject[to]}
      {...(to === 'reactivate' ? {} : { effect: () => effectOf('POST', `/organizations/${organization.id}/${to}`) })}
      action={change}
    />
  );
}

export function refreshOrganizations(queryClient: ReturnType<typeof useQueryClient>) {
  return Promise.all(['organizations', 'organization'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
}

function consequencesOf({ key_count, team_count }: LifecycleDialogProps['organization'], to: Lifecycle) {
  const keys = key_count === null ? words.someKeys : words.countKeys(key_count);
  const teams = team_count === null ? words.allTeams : words.countTeams(team_count);
  switch (to) {
    case 'suspend':
      return [words.suspendRefuses(keys), words.suspendedKeeps];
    case 'archive':
      return [words.archiveRefuses(keys, teams), words.archivedKeeps];
    case 'reactivate':
      return [words.reactivateAdmits(keys)];
  }
}
