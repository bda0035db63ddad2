import { useQueryClient } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { saved } from '../../components/dialogs/saved.ts';
import { LeavingDialog } from './LeavingDialog.tsx';

/** Removes a member from an organization. Lists the affected keys and teams, and can reassign the keys. */
export function RemoveMemberDialog({ of: member, onClose }: { of: Schema<'Member'>; onClose: () => void }) {
  const queryClient = useQueryClient();
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
      onLeft={async () => {
        const stale = ['members', 'accounts', 'keys', 'teams', 'team-members', 'organization', 'organizations'];
        await Promise.all(stale.map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
        saved(`${member.name} was removed.`);
      }}
      onClose={onClose}
    />
  );
}
