import { organizationsWith, useSession } from '../../api/session.tsx';
import { OwnOrganizationSelect } from '../../components/fields/OwnOrganizationSelect.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { SecurityReport } from './SecurityReport.tsx';

/** The security report of one organization. The default is the first whose audit log the person may read. */
export function SecurityPage() {
  const [state, set] = useUrlState();
  const own = organizationsWith(useSession(), 'audit.read');
  const organizationId = state.organization_id ?? own[0]?.organization_id;
  // The lists of another organization have other filters.
  const choose = (id: string | undefined) =>
    set({ ...Object.fromEntries(Object.keys(state).map((name) => [name, undefined])), organization_id: id });
  return (
    <Page
      title="Security"
      beside={<bdi>{own.length === 1 && own[0]?.organization_id === organizationId && own[0]?.organization_name}</bdi>}
      about="What to check in an organization: who can sign in, which access no one is responsible for, and what is sent unencrypted."
      actions={
        <OwnOrganizationSelect
          permission="audit.read"
          label="Organization"
          placeholder="Choose an organization"
          value={organizationId}
          onChange={choose}
        />
      }
    >
      {organizationId === undefined ? (
        <EmptyState title="Choose an organization">Its findings appear here, each with what to do about it.</EmptyState>
      ) : (
        <SecurityReport key={organizationId} organizationId={organizationId} />
      )}
    </Page>
  );
}
