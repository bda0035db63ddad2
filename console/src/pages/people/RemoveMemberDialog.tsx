import { api, asked, type Schema } from '../../api/client.ts';
import { LeavingDialog } from './LeavingDialog.tsx';
import { words } from './words.ts';

/** Removes a member from an organization. Lists the affected keys and teams, and can reassign the keys. */
export function RemoveMemberDialog({ of: member, onClose }: { of: Schema<'Member'>; onClose: () => void }) {
  const path = { id: member.organization_id, member_id: member.id };
  return (
    <LeavingDialog
      title={words.removeNamed(member.name)}
      name={member.name}
      verb={words.removeMember}
      organizationId={member.organization_id}
      consequences={[words.theyLoseAccess, words.accountIsKept]}
      leave={(query) => asked(api.DELETE('/organizations/{id}/members/{member_id}', { params: { path, query } }))}
      stale={['members', 'accounts', 'keys', 'teams', 'team-members', 'organization', 'organizations']}
      done={words.wasRemoved(member.name)}
      onClose={onClose}
    />
  );
}
