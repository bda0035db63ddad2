import { api, asked, type Schema } from '../../api/client.ts';
import { LeavingDialog } from './LeavingDialog.tsx';

/** Removes a member from an organization. Lists the affected keys and teams, and can reassign the keys. */
export function RemoveMemberDialog({ of: member, onClose }: { of: Schema<'Member'>; onClose: () => void }) {
  const path = { id: member.organization_id, member_id: member.id };
  return (
    <LeavingDialog
      title={`Remove ${member.name}`}
      name={member.name}
      verb="Remove member"
      organizationId={member.organization_id}
      consequences={[
        'They lose access to the organization at once, in every browser.',
        'Their account is kept. What they did stays in the audit log.',
      ]}
      leave={(query) => asked(api.DELETE('/organizations/{id}/members/{member_id}', { params: { path, query } }))}
      stale={['members', 'accounts', 'keys', 'teams', 'team-members', 'organization', 'organizations']}
      done={`${member.name} was removed.`}
      onClose={onClose}
    />
  );
}
